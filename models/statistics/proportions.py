"""Shares with their 95 % intervals: Wilson's for simple samples, and the rate of a population from a draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.special import betaincinv

Z = 1.959964
"""The normal quantile of a 95 % interval."""


def wilson(hits: float, tries: float) -> tuple[float, float]:
    """The 95 % interval of the share ``hits / tries`` (Wilson 1927); (0, 1) without tries. Neither must be whole."""
    if not tries:
        return 0.0, 1.0
    share, z2 = hits / tries, Z * Z
    middle = (share + z2 / (2 * tries)) / (1 + z2 / tries)
    reach = Z / (1 + z2 / tries) * sqrt(share * (1 - share) / tries + z2 / (4 * tries * tries))
    return max(0.0, middle - reach), min(1.0, middle + reach)


@dataclass(frozen=True)
class DrawnRate:
    """The rate of a population, from a draw with known probabilities.

    Attributes:
        share: the estimate.
        low, high: its 95 % interval, if those who were not reached are like the others drawn with their probability.
        least, most: the estimate if none, and if all, of those who were not reached violate (Manski 1990, "Nonparametric bounds on
            treatment effects").
        visits: drawn and reached.
        unreached: drawn and not reached.
    """

    share: float
    low: float
    high: float
    least: float
    most: float
    visits: int
    unreached: int


def drawn_rate(found: Sequence[bool | None], chances: Sequence[float]) -> DrawnRate | None:
    """A population's rate; None where fewer than two drawn entities were reached.

    Each weighs the inverse of its inclusion probability (Hájek 1971), raised so that those who were reached also stand for the
    unreached of their probability (a weighting class; Särndal, Swensson and Wretman 1992, chapter 15). The interval is Jeffreys'
    with the effective number of visits (Franco et al. 2019, "Comparative study of confidence intervals for proportions in complex
    sample surveys"). At zero findings it ends where zero would be found in 5 % of draws, about 3 ÷ visits (Hanley and Lippman-Hand
    1983, "If nothing goes wrong, is everything all right?"), and likewise where every visit found a violation.

    Args:
        found: whether each drawn entity's visit found a violation; None where it was not reached.
        chances: each one's inclusion probability, in (0, 1].
    """
    is_reached = np.array([one is not None for one in found])
    if is_reached.sum() < 2:
        return None
    outcome, base = np.array([bool(one) for one in found], dtype=np.float64), 1 / np.asarray(chances, dtype=np.float64)
    _, group = np.unique(base, return_inverse=True)
    every, reached = (np.bincount(group, values) for values in (base, base * is_reached))
    # A group that nobody was reached in is left to the others.
    weight = (base * is_reached) * np.where(reached > 0, every / np.where(reached > 0, reached, 1.0), 0.0)[group]
    share = float(weight @ outcome / weight.sum())
    effective = float(weight.sum() ** 2 / (weight @ weight))
    hits = share * effective
    low, high = (float(betaincinv(hits + 0.5, effective - hits + 0.5, tail)) for tail in (0.025, 0.975))
    if share in (0.0, 1.0):
        beyond = 1 - 0.05 ** (1 / effective)
        low, high = (0.0, beyond) if share == 0 else (1 - beyond, 1.0)
    least, most = (float(base @ np.where(is_reached, outcome, other) / base.sum()) for other in (0.0, 1.0))
    return DrawnRate(share, low, high, least, most, int(is_reached.sum()), int((~is_reached).sum()))
