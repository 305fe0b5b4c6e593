"""Drift between two distributions of a value."""

from __future__ import annotations

import numpy as np

EMPTY_BIN = 0.5
"""The count that replaces 0 in an empty bin, so that the logarithm is finite."""


def population_stability_index(now: np.ndarray, then: np.ndarray, edges: np.ndarray) -> float:
    """The population stability index; unknown values are a bin of their own.

    The sum of (a - b) ln(a / b) over the bins' shares a and b (Siddiqi, Credit Risk Scorecards, 2006). Below 0.1 means no drift,
    from 0.25 as drift that needs attention.

    Args:
        now: values, shape (n,), n >= 1; NaN is unknown.
        then: values to compare with, shape (m,), m >= 1; NaN is unknown.
        edges: the inner edges of the bins, ascending.
    """
    counts = []
    for values in (now, then):
        is_unknown = np.isnan(values)
        bins = np.searchsorted(edges, values[~is_unknown], side="right")
        counts.append(np.append(np.bincount(bins, minlength=len(edges) + 1), is_unknown.sum()))
    is_used = (counts[0] + counts[1]) > 0
    a, b = (np.maximum(of_bins[is_used], EMPTY_BIN) / len(values) for of_bins, values in zip(counts, (now, then), strict=True))
    return float(np.sum((a - b) * np.log(a / b)))
