"""How far two distributions differ."""

from __future__ import annotations

import numpy as np

from models.inputs import Floats

EMPTY_BIN = 0.5
"""The count of an empty bin, so that its logarithm is finite."""


def population_stability_index(now: Floats, then: Floats, edges: Floats) -> float:
    """The sum of (a - b) ln(a / b) over the bins' shares a and b (Siddiqi, Credit Risk Scorecards, 2006).

    Below 0.1 a difference counts as none, from 0.25 on as one to look into. Unknown values are a bin of their own.

    Args:
        now: values, NaN where unknown; at least one.
        then: values to compare with; at least one.
        edges: the bins' inner edges, ascending.
    """
    counts = []
    for values in (now, then):
        is_unknown = np.isnan(values)
        bins = np.searchsorted(edges, values[~is_unknown], side="right")
        counts.append(np.append(np.bincount(bins, minlength=len(edges) + 1), is_unknown.sum()))
    is_used = (counts[0] + counts[1]) > 0
    a, b = (np.maximum(one[is_used], EMPTY_BIN) / len(values) for one, values in zip(counts, (now, then), strict=True))
    return float(np.sum((a - b) * np.log(a / b)))
