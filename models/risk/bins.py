"""Bins of an indicator that a person can read: few, each with enough rows, their bounds values that occur."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.inputs import Floats

MOST_BINS = 10
ROWS_A_BIN = 50


@dataclass(frozen=True)
class Bins:
    """Each column's bins: bin 0 is below the first bound, bin b from bound b - 1 on; unknown is apart.

    Attributes:
        bounds: one array a column, ascending; empty where the column says nothing.
    """

    bounds: tuple[Floats, ...]

    def codes(self, rows: Floats) -> Floats:
        """The bin of every value of ``rows`` (n, k), as float64; NaN stays NaN."""
        found = np.empty(rows.shape, dtype=np.float64)
        for at, bounds in enumerate(self.bounds):
            column = rows[:, at]
            found[:, at] = np.where(np.isnan(column), np.nan, np.searchsorted(bounds, column, side="right"))
        return found


def cut_bins(rows: Floats) -> Bins:
    """Bins of about equal numbers of the known values of ``rows`` (n, k), fixed by them alone and not by their order.

    From the least value on, a bin is closed as soon as it holds its share of the rows left, and 50 at least; so a value that
    half of the rows have is a bin of its own, and the rare values above it are still told apart.
    """
    return Bins(tuple(_bounds(rows[:, at]) for at in range(rows.shape[1])))


def _bounds(column: Floats) -> Floats:
    values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
    up_to = np.cumsum(counts)
    total = int(up_to[-1]) if len(up_to) else 0
    bounds, done = [], 0
    for left in range(MOST_BINS, 1, -1):
        share = max((total - done) / left, ROWS_A_BIN)
        last = int(np.searchsorted(up_to, done + share, side="left"))
        if last >= len(values) - 1 or total - int(up_to[last]) < ROWS_A_BIN:
            break
        bounds.append(values[last + 1])
        done = int(up_to[last])
    return np.array(bounds, dtype=np.float64)
