"""How sure a share of few is."""

from __future__ import annotations

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
