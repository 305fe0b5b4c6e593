"""Shares with their 95 % intervals: Wilson's for simple samples, Hájek's for draws with unequal probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

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


def hajek(found: Sequence[bool], chances: Sequence[float]) -> tuple[float, float, float] | None:
    """A population's share with its 95 % interval, from draws with known, unequal probabilities; None below two visits.

    Hájek's ratio of sums weighted by 1/chance, with its linearised variance for nearly independent draws (Särndal, Swensson and
    Wretman 1992, equations 5.7.4 and 5.7.7, without the term of pairs).

    Args:
        found: whether each visit found a violation.
        chances: each visit's inclusion probability, in (0, 1].
    """
    if len(found) < 2:
        return None
    weights = [1 / chance for chance in chances]
    total = sum(weights)
    share = sum(weight for weight, hit in zip(weights, found, strict=True) if hit) / total
    variance = sum(
        (1 - chance) * (weight * (hit - share)) ** 2 for weight, chance, hit in zip(weights, chances, found, strict=True)
    )
    reach = Z * sqrt(variance) / total
    return share, max(0.0, share - reach), min(1.0, share + reach)
