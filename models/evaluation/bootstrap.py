"""Intervals by drawing whole businesses again: visits of one business are alike, so they are drawn together.

Every order is judged on the same draws, so that the interval of a lead is that of the difference (Efron & Tibshirani 1993,
chapters 8 and 13).

Figures with their intervals as plain numbers, for JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from models.inputs import Floats, Ints

AT_ONCE = 4_000_000
"""So many weights are held at once: 32 MB."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; all three are NaN where it has no meaning, the interval's ends where too few draws have one."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether zero is outside the interval."""
        return self.low > 0 or self.high < 0


def businesses(entity: npt.ArrayLike) -> tuple[Ints, int]:
    """Each row's business as a number from 0 in the order of names, and how many there are."""
    names, place = np.unique(np.asarray(entity, dtype=object).astype(str), return_inverse=True)
    return place.astype(np.int64), len(names)


def draw_weights(business: Ints, *, draws: int, seed: int) -> Iterator[Floats]:
    """How many times each row counts in each draw of as many businesses as there are, with replacement.

    Args:
        business: each row's business, numbered from 0 without gaps, shape (n,).
        draws: how many draws.
        seed: of the draws.

    Yields:
        Some draws at a time, shape (some, n); ``draws`` in all.
    """
    number = int(business.max()) + 1
    random = np.random.default_rng(seed)
    at_once = max(AT_ONCE // max(len(business), number), 1)
    for begin in range(0, draws, at_once):
        some = min(at_once, draws - begin)
        picked = random.integers(0, number, (some, number)) + np.arange(some)[:, None] * number
        counts = np.bincount(picked.ravel(), minlength=some * number).reshape(some, number)
        yield counts[:, business].astype(np.float64)


def mean_known(figures: Floats, axis: int) -> Floats:
    """Means along an axis that leave out figures of no meaning; NaN where none has one."""
    is_known = np.isfinite(figures)
    number = is_known.sum(axis=axis)
    total = np.where(is_known, figures, 0.0).sum(axis=axis)
    mean: Floats = np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)
    return mean


def estimate(value: float, drawn: Floats, level: float = 0.95) -> Estimate:
    """A figure with the percentile interval of its draws.

    Draws of no meaning, such as those without a violation, are left out. Where they are more than an interval leaves out, what is
    left is a choice of draws, and no interval of that level.

    Args:
        value: the figure on the visits as they are.
        drawn: the figure of each draw, shape (d,).
        level: the share of draws inside the interval.
    """
    known = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or not len(known):
        return Estimate(float("nan"), float("nan"), float("nan"))
    if len(known) < level * len(drawn):
        return Estimate(float(value), float("nan"), float("nan"))
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(value), float(low), float(high))


DIGITS = 6

Plain = dict[str, float]
"""``value, low, high``; NaN where the figure has no meaning, or no interval."""


def nested(figures: Mapping[str, Mapping[str, Estimate]]) -> dict[str, dict[str, Plain]]:
    """Each order's figures by measure."""
    return {name: by_measure(of) for name, of in figures.items()}


def by_measure(figures: Mapping[str, Estimate]) -> dict[str, Plain]:
    """Figures by measure."""
    return {name: plain(figure) for name, figure in figures.items()}


def plain(figure: Estimate) -> Plain:
    """One figure."""
    return {name: round(value, DIGITS) for name, value in asdict(figure).items()}
