"""How far two models agree on the order of the same entities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata, spearmanr

from expectations.contracts.scoring import MARGIN, PROBABILITY
from models.foundation.inputs import Floats, Ints


@dataclass(frozen=True)
class Agreement:
    """What two orders of the same entities have in common.

    Attributes:
        first_places, second_places: each entity's place, 1 the riskiest.
        shared: number of entities among the first ``at`` of both.
        correlation: Spearman's rank correlation of the margins (1904); NaN where all margins of one model are equal.
    """

    first_places: Ints
    second_places: Ints
    shared: int
    correlation: float


def agreement(first: Floats, second: Floats, *, at: int) -> Agreement:
    """Compare two models' margins of the same entities.

    Equal margins keep the order of the rows, so sort the rows by something independent, such as the identifier.

    Args:
        first, second: margins, shape (n,), in the same order of entities.
        at: how many can be visited.

    Raises:
        ValueError: when lengths differ or ``at`` is below 1.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} margins against {len(second)}: they must be of the same entities")
    if at < 1:
        raise ValueError(f"at least one must be visited, not {at}")
    places = [rankdata(-np.asarray(margin), method="ordinal").astype(np.int64) for margin in (first, second)]
    shared = int(np.count_nonzero((places[0] <= at) & (places[1] <= at)))
    has_order = len(first) > 1 and np.ptp(first) > 0 and np.ptp(second) > 0
    return Agreement(places[0], places[1], shared, float(spearmanr(first, second).statistic) if has_order else float("nan"))


def weighting_effect(weighted: pd.DataFrame, unweighted: pd.DataFrame) -> dict[str, float]:
    """How label weights change scores.

    Args:
        weighted, unweighted: ``margin`` and ``probability`` of the same entities, in the same order, by the model with label
            weights and by one without.

    Returns:
        Both mean probabilities, the rank correlation, and the share of the riskiest tenth that both models share.
    """
    tenth = max(len(weighted) // 10, 1)
    both = agreement(weighted[MARGIN].to_numpy(), unweighted[MARGIN].to_numpy(), at=tenth)
    return {
        "mean_probability": float(weighted[PROBABILITY].mean()),
        "mean_probability_unweighted": float(unweighted[PROBABILITY].mean()),
        "rank_correlation": 1.0 if np.isnan(both.correlation) else both.correlation,
        "shared_riskiest_tenth": both.shared / tenth,
    }
