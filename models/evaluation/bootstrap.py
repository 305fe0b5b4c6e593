"""Bootstrap intervals by resampling whole businesses, since visits of one business are alike.

All orders use the same resamples, so the interval of a lead is that of the difference (Efron & Tibshirani 1993, chapters 8
and 13).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from models.foundation.inputs import Floats, Ints

CHUNK = 4_000_000
"""Weights in memory at once: 32 MB."""
DIGITS = 6

Plain = dict[str, float]
"""``value, low, high`` of an estimate."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; all three are NaN where it is undefined, both ends where too few resamples define it."""

    value: float
    low: float
    high: float


def businesses(entity: npt.ArrayLike) -> tuple[Ints, int]:
    """Each row's business as a number from 0 in the order of names, and the number of businesses."""
    names, place = np.unique(np.asarray(entity, dtype=object).astype(str), return_inverse=True)
    return place.astype(np.int64), len(names)


def draw_weights(business: Ints, *, resamples: int, seed: int) -> Iterator[Floats]:
    """How many times each row counts in each resample of all businesses with replacement.

    Args:
        business: each row's business, numbered from 0 without gaps, shape (n,).

    Yields:
        Some resamples at a time, shape (some, n); ``resamples`` in all.
    """
    number = int(business.max()) + 1
    random = np.random.default_rng(seed)
    at_once = max(CHUNK // max(len(business), number), 1)
    for begin in range(0, resamples, at_once):
        some = min(at_once, resamples - begin)
        picked = random.integers(0, number, (some, number)) + np.arange(some)[:, None] * number
        counts = np.bincount(picked.ravel(), minlength=some * number).reshape(some, number)
        yield counts[:, business].astype(np.float64)


def pool_windows(figures: Floats, visits: Floats) -> Floats:
    """Means over windows weighted by their visits, without undefined figures; NaN where none is defined.

    As a covariate-adjusted ROC curve averages those of its strata (Janes & Pepe 2009, Biometrika 96), here with visits for weights.

    Args:
        figures: shape (d, windows, ...).
        visits: the visits of each window in each resample, shape (d, windows).
    """
    is_known = np.isfinite(figures)
    weights = np.where(is_known, visits.reshape(*visits.shape, *(1,) * (figures.ndim - visits.ndim)), 0.0)
    weight, total = weights.sum(axis=1), (weights * np.where(is_known, figures, 0.0)).sum(axis=1)
    mean: Floats = np.divide(total, weight, out=np.full(total.shape, np.nan), where=weight > 0)
    return mean


def estimate(value: float, drawn: Floats, level: float = 0.95) -> Estimate:
    """A figure with the percentile interval of its resamples.

    Undefined resamples, such as those without a violation, are left out. Where they are more than the interval leaves out, there
    is no interval of that level.

    Args:
        value: the figure on the visits themselves.
        drawn: the figure in each resample, shape (d,).
        level: the share of resamples inside the interval.
    """
    known = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or not len(known):
        return Estimate(float("nan"), float("nan"), float("nan"))
    if len(known) < level * len(drawn):
        return Estimate(float(value), float("nan"), float("nan"))
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(value), float(low), float(high))


def nested(figures: Mapping[str, Mapping[str, Estimate]]) -> dict[str, dict[str, Plain]]:
    """Each order's estimates by metric, for JSON."""
    return {name: by_metric(of) for name, of in figures.items()}


def by_metric(figures: Mapping[str, Estimate]) -> dict[str, Plain]:
    """Estimates by metric, for JSON."""
    return {name: plain(figure) for name, figure in figures.items()}


def plain(figure: Estimate) -> Plain:
    """One estimate, rounded, for JSON."""
    return {name: round(value, DIGITS) for name, value in asdict(figure).items()}
