"""The anomaly score: how unusual an entity is compared with its peers, on a fixed scale.

Four detectors use one column an indicator: oblique isolation trees that split at the largest pooled gain, SCiForest-style trees on
the robust z-scores and on their asinh, and LODA on the asinh (:mod:`models.anomaly.forest_growth`, :mod:`models.anomaly.loda`).
Each raw score becomes -log10 of the share of the reference population that is at least as unusual, so all detectors weigh the same.
The ensemble is their mean plus a small share of the mean distance, which still grows beyond the farthest row of the fit. The sum is
mapped to the reference's upper tail: 1 is one in ten, 2 is one in a hundred; past the last reference rows the tail is exponential.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from models.anomaly.forest_growth import Growth, grow_forest
from models.anomaly.isolation_forest import Floats32, Forest
from models.anomaly.loda import Loda, fit_loda
from models.anomaly.tail_scale import TailScale, fit_tail, share_out
from models.foundation.inputs import Floats, Inputs, matrix
from models.foundation.threads import parallel_map
from models.statistics.robust_scale import RobustScale

TREES = 100
ROWS_A_TREE = 256
PROJECTIONS = 100
REFERENCE_ROWS = 100_000
REACH = 0.02
FARTHEST = 1e12
CHUNK = 16_384

Scale = Literal["plain", "asinh"]
POOLED: Growth = Growth(TREES, ROWS_A_TREE, tries=3, gain="pooled")
AVERAGED: Growth = Growth(TREES, ROWS_A_TREE, tries=3, gain="averaged")
ENSEMBLE: tuple[tuple[Scale, Growth | int], ...] = (
    ("plain", POOLED),
    ("plain", AVERAGED),
    ("asinh", AVERAGED),
    ("asinh", PROJECTIONS),
)
"""Each detector's scale, and how its trees grow or how many projections LODA has."""


@dataclass(frozen=True)
class Member:
    """A fitted detector with its input scale and the tail of its raw score."""

    scale: Scale
    detector: Forest | Loda
    tail: TailScale

    def level(self, by_column: Floats32) -> Floats:
        """-log10 of the share of the reference that is at least as unusual as each row."""
        return self.tail(self.detector.strangeness(by_column))

    def explain(self, by_column: Floats32) -> tuple[Floats, Floats]:
        """:meth:`level`, bit for bit, and each column's contribution beyond :attr:`base`."""
        strangeness, parts = self.detector.explain(by_column)
        level = self.tail(strangeness)
        return level, share_out(parts, level - self.base)

    @property
    def base(self) -> float:
        """The level of a row without known values."""
        return float(self.tail(np.array([self.detector.base]))[0])


@dataclass(frozen=True)
class AnomalyModel:
    """A fitted anomaly score.

    Attributes:
        columns: the input columns, one an indicator, the peer form where there is one.
        scale: the robust scale of each column.
        members: the detectors.
        tail: from their mean level plus distance to the score.
    """

    columns: tuple[str, ...]
    scale: RobustScale
    members: tuple[Member, ...]
    tail: TailScale

    def score(self, X: pd.DataFrame) -> Floats:
        """Scores of shape (n,); larger is more unusual, unbounded; each row is scored independently."""
        values = matrix(X, self.columns)
        raw = np.empty(len(values))
        for rows, transformed, scales in _chunks(self.scale, values):
            raw[rows] = _raw([member.level(scales[member.scale]) for member in self.members], transformed)
        return self.tail(raw)

    def contributions(self, X: pd.DataFrame) -> Floats:
        """Each column's contribution to the score: shape (n, len(columns) + 1), the last is the base; rows sum to the score."""
        return self.explain(X)[1]

    def explain(self, X: pd.DataFrame) -> tuple[Floats, Floats]:
        """:meth:`score`, bit for bit, and :meth:`contributions` in one pass.

        Detectors' contributions are rescaled with the tails, row by row, so signs stay.
        """
        values = matrix(X, self.columns)
        score, out = np.empty(len(values)), np.empty((len(values), len(self.columns) + 1))
        base = sum(member.base for member in self.members) / len(self.members)
        base_level = float(self.tail(np.array([base]))[0])
        for rows, transformed, scales in _chunks(self.scale, values):
            explained = [member.explain(scales[member.scale]) for member in self.members]
            score[rows] = self.tail(_raw([level for level, _ in explained], transformed))
            moved = REACH * np.abs(transformed) / transformed.shape[1]
            for _, added in explained:
                moved += added / len(self.members)
            out[rows, :-1] = share_out(moved, score[rows] - base_level)
        out[:, -1] = base_level
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
    scales = _scales(scale.standardize(values))

    def fit_at(place: int) -> tuple[Member, Floats]:
        name, kind = ENSEMBLE[place]
        # Separate generators, so that no detector's draws affect another.
        return _fit_member(name, kind, scales[name], np.random.default_rng([seed, place]))

    members, levels = zip(*parallel_map(fit_at, range(len(ENSEMBLE))), strict=True)
    return AnomalyModel(columns, scale, members, fit_tail(_raw(levels, np.arcsinh(scale.standardize(values)))))


def _raw(levels: Sequence[Floats], transformed: Floats) -> Floats:
    """The mean of the members' levels plus a small share of the mean distance: shape (n,)."""
    level = np.zeros(len(transformed))
    for one in levels:
        level += one
    # Loop over columns: numpy's row sums depend on memory layout, and a row's score must not depend on other rows.
    distance = np.zeros(len(transformed))
    for column in range(transformed.shape[1]):
        distance += np.abs(transformed[:, column])
    raw: Floats = level / len(levels) + REACH * distance / transformed.shape[1]
    return raw


def _fit_member(scale: Scale, kind: Growth | int, by_column: Floats32, rng: np.random.Generator) -> tuple[Member, Floats]:
    """A detector, and the level of each row of its fit."""
    detector: Forest | Loda
    if isinstance(kind, Growth):
        detector = grow_forest(np.ascontiguousarray(by_column.T), kind, rng)
    else:
        detector = fit_loda(by_column, kind, rng)
    raw = np.concatenate([detector.strangeness(np.ascontiguousarray(by_column[:, at])) for at in _cuts(by_column.shape[1])])
    tail = fit_tail(raw)
    return Member(scale, detector, tail), tail(raw)


def _chunks(scale: RobustScale, values: Floats) -> Iterator[tuple[slice, Floats, dict[Scale, Floats32]]]:
    """Chunks of rows that fit into the processor's cache: the rows, their asinh, and each scale by column."""
    for rows in _cuts(len(values)):
        standard = scale.standardize(values[rows])
        yield rows, np.arcsinh(standard), _scales(standard)


def _cuts(n: int) -> list[slice]:
    return [slice(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK)]


def _scales(standard: Floats) -> dict[Scale, Floats32]:
    """The detectors' two input scales, each C-contiguous of shape (columns, rows); single precision halves the memory traffic."""
    by_column = standard.T
    return {
        "plain": np.ascontiguousarray(np.clip(by_column, -FARTHEST, FARTHEST), dtype=np.float32),
        "asinh": np.ascontiguousarray(np.arcsinh(by_column), dtype=np.float32),
    }
