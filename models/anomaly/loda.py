"""LODA: how rare a row is in many sparse random projections (Pevny 2016, "Loda: Lightweight on-line detector of anomalies").

A projection uses about the square root of the columns, its density is a histogram, and a row's strangeness is the mean of minus the
log densities. A penalised likelihood chooses the number of bins (Birgé & Rozenholc 2006, "How many bins should be put in a regular
histogram").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.anomaly.isolation_forest import Floats32
from models.foundation.inputs import Floats

BIN_NUMBERS = (1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256)


@dataclass(frozen=True)
class Loda:
    """The projections.

    Attributes:
        columns, weights: shape (projections, columns of a projection).
        low, width: start and bin width of each histogram.
        rarity: minus the log density of each bin, shape (projections, bins + 2); the first and the last bin, and those that a
            histogram lacks, are out of range.
        base: the mean strangeness of the rows of the fit.
    """

    columns: npt.NDArray[np.int16]
    weights: Floats32
    low: Floats32
    width: Floats32
    rarity: Floats
    base: float

    def strangeness(self, by_column: Floats32) -> Floats:
        """Each row's mean of minus the log densities, shape (n,); ``by_column`` has the shape (columns, n)."""
        total = np.zeros(by_column.shape[1])
        for at in range(len(self.columns)):
            total += self._one(by_column, at)
        mean: Floats = total / len(self.columns)
        return mean

    def explain(self, by_column: Floats32) -> tuple[Floats, Floats]:
        """:meth:`strangeness`, bit for bit, and each column's contribution beyond :attr:`base`: shapes (n,) and (n, columns).

        A projection's part belongs to its columns in proportion to the size of their terms.
        """
        total, out = np.zeros(by_column.shape[1]), np.zeros((by_column.shape[1], len(by_column)))
        for at in range(len(self.columns)):
            columns = self.columns[at]
            moved = np.abs(by_column[columns] * self.weights[at][:, None]).astype(np.float64)
            size = np.zeros(moved.shape[1])
            for one in moved:
                size += one
            rarity = self._one(by_column, at)
            total += rarity
            beyond = (rarity - self.base) / len(self.columns)
            for column, one in zip(columns, moved, strict=True):
                out[:, column] += beyond * np.divide(one, size, out=np.full_like(one, 1.0 / len(columns)), where=size > 0)
        mean: Floats = total / len(self.columns)
        return mean, out

    def _one(self, by_column: Floats32, at: int) -> Floats:
        place = _bins(_project(by_column, self.columns[at], self.weights[at]), self.low[at], self.width[at], self.rarity.shape[1])
        rarity: Floats = np.take(self.rarity[at], place)
        return rarity


def fit_loda(by_column: Floats32, projections: int, rng: np.random.Generator) -> Loda:
    """Fit on values of shape (columns, rows), all finite."""
    k, n = by_column.shape
    each = max(round(k**0.5), min(k, 2))
    columns = np.array([np.sort(rng.choice(k, each, replace=False)) for _ in range(projections)]).astype(np.int16)
    weights = rng.standard_normal((projections, each)).astype(np.float32)
    low, width = np.zeros(projections, np.float32), np.ones(projections, np.float32)
    table = np.empty((projections, max(BIN_NUMBERS) + 2))
    for at in range(projections):
        projected = _project(by_column, columns[at], weights[at])
        low[at], width[at], count = _histogram(projected)
        table[at] = -np.log(0.5 / n / width[at])
        table[at, 1 : len(count) + 1] = -np.log(np.maximum(count, 0.5) / n / width[at])
    loda = Loda(columns, weights, low, width, table, 0.0)
    return Loda(columns, weights, low, width, table, float(loda.strangeness(by_column).mean()))


def _project(by_column: Floats32, columns: npt.NDArray[np.int16], weights: Floats32) -> Floats32:
    projected = np.zeros(by_column.shape[1], np.float32)
    for column, weight in zip(columns, weights, strict=True):
        projected += by_column[column] * weight
    return projected


def _bins(projected: Floats32, low: np.float32, width: np.float32, bins: int) -> npt.NDArray[np.intp]:
    place: npt.NDArray[np.intp] = np.clip((projected - low) / width + np.float32(1), 0, bins - 1).astype(np.intp)
    return place


def _histogram(projected: Floats32) -> tuple[np.float32, np.float32, Floats]:
    low, high = np.float32(projected.min()), np.float32(projected.max())
    if not high > low:
        return low - np.float32(0.5), np.float32(1), np.array([float(len(projected))])
    n, best = len(projected), (-np.inf, low, high - low, np.array([float(len(projected))]))
    for bins in BIN_NUMBERS:
        width = np.float32((high - low) / np.float32(bins) * np.float32(1.00001))
        if bins > 1 and (bins > n / np.log(n) or not width > 0):
            break
        count = np.bincount(_bins(projected, low, width, bins + 2) - 1, minlength=bins).astype(np.float64)[:bins]
        some = count[count > 0]
        worth = float((some * np.log(some * bins / n)).sum()) - (bins - 1 + np.log(bins) ** 2.5)
        if worth > best[0]:
            best = (worth, low, width, count)
    return best[1], best[2], best[3]
