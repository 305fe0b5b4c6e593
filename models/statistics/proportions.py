"""How sure a share of few is."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

Z = 1.959964
"""Of 95 in a hundred."""


def wilson(hits: int, tries: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927); all there is, 0 to 1, where nothing was tried."""
    if not tries:
        return 0.0, 1.0
    share, z2 = hits / tries, Z * Z
    middle = (share + z2 / (2 * tries)) / (1 + z2 / tries)
    reach = Z / (1 + z2 / tries) * sqrt(share * (1 - share) / tries + z2 / (4 * tries * tries))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def hajek(found: Sequence[bool], chances: Sequence[float]) -> tuple[float, float, float] | None:
    """The share of all that visits drawn with known, unequal chances tell, with its 95 % interval; None of fewer than two visits.

    Hájek's ratio of sums weighted by 1/chance, with its linearised variance for draws that are nearly independent of each other
    (Särndal, Swensson and Wretman 1992, equations 5.7.4 and 5.7.7, without the term of pairs).

    Args:
        found: whether each visit found a violation.
        chances: each visit's inclusion probability, in (0, 1].
    """
    if len(found) < 2:
        return None
    weights = [1 / chance for chance in chances]
    whole = sum(weights)
    share = sum(weight for weight, hit in zip(weights, found, strict=True) if hit) / whole
    variance = sum(
        (1 - chance) * (weight * (hit - share)) ** 2 for weight, chance, hit in zip(weights, chances, found, strict=True)
    )
    reach = Z * sqrt(variance) / whole
    return share, max(0.0, share - reach), min(1.0, share + reach)
