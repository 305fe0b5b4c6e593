"""The anomaly score: how unusual an entity is compared with its peers, on a fixed scale.

An isolation forest reads one column an indicator, as its robust distance from the population's median; unknown values and those on
the safe side count as the median. The score is -log10 of the share of the reference population that is at least as unusual: 1 is
one in ten, 2 is one in a hundred; past the last reference rows the tail is exponential.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.anomaly.isolation_forest import Floats32, Forest, grow_forest
from models.anomaly.tail_scale import TailScale, fit_tail, share_out
from models.foundation.inputs import Floats, Inputs, matrix
from models.statistics.robust_scale import RobustScale

REFERENCE_ROWS = 100_000
FARTHEST = 1e12
CHUNK = 16_384


@dataclass(frozen=True)
class AnomalyModel:
    """A fitted anomaly score.

    Attributes:
        columns: the input columns, one an indicator, the peer form where there is one.
        scale: the robust scale of each column.
        forest: the isolation forest.
        tail: from the forest's strangeness to the score.
    """

    columns: tuple[str, ...]
    scale: RobustScale
    forest: Forest
    tail: TailScale

    def score(self, X: pd.DataFrame) -> Floats:
        """Scores of shape (n,); larger is more unusual; each row is scored independently."""
        return self.tail(_strangeness(self.forest, self.scale, matrix(X, self.columns)))

    def contributions(self, X: pd.DataFrame) -> Floats:
        """Each column's contribution to the score: shape (n, len(columns) + 1), the last is the base; rows sum to the score."""
        return self.explain(X)[1]

    def explain(self, X: pd.DataFrame) -> tuple[Floats, Floats]:
        """:meth:`score`, bit for bit, and :meth:`contributions` in one pass.

        The tail scales all contributions of a row by one factor, so proportions and signs stay.
        """
        values = matrix(X, self.columns)
        score, out = np.empty(len(values)), np.empty((len(values), len(self.columns) + 1))
        out[:, -1] = base = self.tail(np.array([self.forest.base]))[0]
        for rows in _chunks(len(values)):
            strangeness, parts = self.forest.explain(_by_column(self.scale, values[rows]))
            score[rows] = self.tail(strangeness)
            out[rows, :-1] = share_out(parts, score[rows] - base)
        return score, out


def fit_anomaly(population: pd.DataFrame, inputs: Inputs, *, seed: int) -> AnomalyModel:
    """Fit on a population, one row an entity, or on a seeded sample of :data:`REFERENCE_ROWS`; the order of rows does not matter.

    Raises:
        ValueError: when the population is empty or lacks a column.
    """
    at = inputs.one_per_indicator()
    columns = tuple(inputs.columns[position] for position in at)
    values = matrix(population, columns)
    if not len(values):
        raise ValueError("no entities to compare with: the population is empty")
    values = values[np.lexsort(values.T[::-1])]
    if len(values) > REFERENCE_ROWS:
        values = values[np.sort(np.random.default_rng(seed).choice(len(values), REFERENCE_ROWS, replace=False))]
    scale = RobustScale(tuple(inputs.directions[position] for position in at)).fit(values)
    forest = grow_forest(_by_column(scale, values).T, seed)
    return AnomalyModel(columns, scale, forest, fit_tail(_strangeness(forest, scale, values)))


def _strangeness(forest: Forest, scale: RobustScale, values: Floats) -> Floats:
    """The forest's strangeness of each row, shape (n,)."""
    strangeness = np.empty(len(values))
    for rows in _chunks(len(values)):
        strangeness[rows] = forest.strangeness(_by_column(scale, values[rows]))
    return strangeness


def _chunks(n: int) -> list[slice]:
    """Chunks of rows that fit into the processor's cache."""
    return [slice(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK)]


def _by_column(scale: RobustScale, values: Floats) -> Floats32:
    """The standardized values, C-contiguous of shape (columns, rows); single precision halves the memory traffic."""
    return np.ascontiguousarray(np.clip(scale.standardize(values), -FARTHEST, FARTHEST).T, dtype=np.float32)
