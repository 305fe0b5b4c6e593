"""The tail scale: raw scores as -log10 of the reference's upper tail, and contributions rescaled to match."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.foundation.inputs import Floats

NOTHING = 1e-9
SMALLEST = 1e-290
"""Contributions with a smaller total size count as none: their stretch would overflow."""


@dataclass(frozen=True)
class TailScale:
    """A strictly increasing map from raw strangeness to -log10 of the reference's upper tail.

    Attributes:
        raw, level_at: knots, both strictly increasing, same shape.
        slope_below, slope_above: positive slopes past the first and last knot.
    """

    raw: Floats
    level_at: Floats
    slope_below: float
    slope_above: float

    def __call__(self, raw: Floats) -> Floats:
        """The level of each raw value."""
        inside: Floats = np.interp(raw, self.raw, self.level_at)
        below = np.minimum(raw - self.raw[0], 0.0) * self.slope_below
        above = np.maximum(raw - self.raw[-1], 0.0) * self.slope_above
        level: Floats = inside + below + above
        return level


def fit_tail(raw: Floats) -> TailScale:
    """The tail of reference values: knots a tenth of a power of ten apart, as far as ten reference rows reach.

    Past the last knot the tail is taken as exponential (Pickands 1975; Balkema & de Haan 1974: shape 0).
    """
    decades = max(np.log10(len(raw) / 10.0), 0.0)
    level = np.arange(0.0, decades + 1e-9, 0.1)
    knots = np.quantile(raw, 1.0 - 10.0**-level)
    knots, first = np.unique(knots, return_index=True)
    # Of equal knots the last level counts: the tail beyond them is that thin.
    last = np.append(first[1:] - 1, len(level) - 1)
    level = level[last]
    spread = max(float(np.std(raw)), 1e-6)
    if len(knots) == 1:
        return TailScale(knots, level, 0.5 / spread, 0.5 / spread)
    decade = int(np.searchsorted(level, level[-1] - 1.0))
    decade = min(decade, len(knots) - 2)
    above = (level[-1] - level[decade]) / (knots[-1] - knots[decade])
    below = (level[1] - level[0]) / (knots[1] - knots[0])
    return TailScale(knots, level, float(below), float(above))


def share_out(parts: Floats, total: Floats) -> Floats:
    """``parts`` of shape (n, k), scaled row by row so that they sum to ``total`` of shape (n,).

    One factor a row keeps proportions and signs. Where the parts cancel each other out, so that no factor can reach the total, it
    is split in proportion to their size; where all parts are zero, equally.
    """
    moved, size = np.zeros(len(parts)), np.zeros(len(parts))
    for column in range(parts.shape[1]):
        moved += parts[:, column]
        size += np.abs(parts[:, column])
    are_none = size < SMALLEST
    has_moved = ~are_none & (np.abs(moved) > NOTHING * size)
    stretch = np.divide(total, moved, out=np.zeros_like(total), where=has_moved)
    left = np.divide(total, size, out=np.zeros_like(total), where=~has_moved & ~are_none)
    shared: Floats = parts * stretch[:, None] + np.abs(parts) * left[:, None]
    shared[are_none] = (total[are_none] / parts.shape[1])[:, None]
    return shared
