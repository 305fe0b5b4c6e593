"""A scorecard as plain numbers, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.risk.bins import Bins
from models.risk.scorecard import Scorecard


def scorecard_facts(card: Scorecard) -> dict[str, Any]:
    """What is written as JSON: everything."""
    return {
        "bounds": [bounds.tolist() for bounds in card.bins.bounds],
        "points": [points.tolist() for points in card.points],
        "unknown": card.unknown.tolist(),
        "base": card.base,
        "library": card.library,
    }


def restore_scorecard(facts: Mapping[str, Any], columns: int, name: str) -> Scorecard:
    """The scorecard of :func:`scorecard_facts`.

    Raises:
        ValueError: when it does not have a row for each of the model's ``columns``, bounds that rise, and whole points for
            each bin; ``name`` is the file it was in.
        KeyError: when a part is missing.
    """
    bounds = tuple(np.array(values, dtype=np.float64) for values in facts["bounds"])
    given = [*facts["points"], facts["unknown"], [facts["base"]]]
    is_whole = all(isinstance(point, int) for points in given for point in points)
    fits = len(bounds) == len(facts["points"]) == len(facts["unknown"]) == columns and all(
        len(points) == len(cuts) + 1 and bool((np.diff(cuts) > 0).all())
        for points, cuts in zip(facts["points"], bounds, strict=False)
    )
    if not (is_whole and fits):
        raise ValueError(f"the scorecard in {name} does not fit its model; restore the file or retrain the model")
    points = tuple(np.array(values, dtype=np.int64) for values in facts["points"])
    return Scorecard(Bins(bounds), points, np.array(facts["unknown"], dtype=np.int64), facts["base"], facts["library"])
