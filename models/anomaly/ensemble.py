"""How strange an entity is beside its peers: an ensemble on a scale that no batch can move.

Four detectors look at one column an indicator: oblique isolation trees split where the pooled gain is largest, trees in the
manner of SCiForest on the robust z-scores and on their asinh, and LODA on the asinh (see :mod:`models.anomaly.forest_growth` and
:mod:`models.anomaly.loda`). Each one's raw strangeness is read on the reference population's own upper tail, as -log10 of the share
that is at least as strange, and the mean of the four is taken: each detector has one voice, whatever its unit, and one that
finds a row very rare is heard. Beyond the farthest row of the fit trees and histograms see no difference any more, so a
small share of the mean distance is added; it grows without end. The sum is read on the reference's upper tail once more: 1
is one in ten, 2 is one in a hundred; past the last reference rows the tail is taken as exponential, so the top never saturates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from models.anomaly.forest_growth import Growth, grow_forest
from models.anomaly.isolation_forest import Floats32, Forest
from models.anomaly.loda import Loda, fit_loda
from models.anomaly.tail_scale import TailScale, fit_tail, share_out
from models.inputs import Floats, Inputs, matrix
from models.statistics.robust_scale import RobustScale
from models.threads import parallel_map

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
"""Each detector's scale, and how its trees are grown or how many projections LODA has."""


class Detector(Protocol):
    """Raw strangeness that the columns add up to; values have the shape (columns, rows)."""

    @property
    def base(self) -> float:
        """The strangeness before anything is known of a row."""

    def strangeness(self, by_column: Floats32) -> Floats:
        """Shape (rows,)."""

    def explain(self, by_column: Floats32) -> tuple[Floats, Floats]:
        """The strangeness, to the bit, and what each column adds to it beyond the base: shapes (rows,) and (rows, columns)."""


@dataclass(frozen=True)
class Member:
    """A fitted detector: the scale it reads and the tail of its own strangeness."""

    scale: Scale
    detector: Forest | Loda
    tail: TailScale

    def level(self, by_column: Floats32) -> Floats:
        """-log10 of the share of the reference that is at least as strange as each row."""
        return self.tail(self.detector.strangeness(by_column))

    def explain(self, by_column: Floats32) -> tuple[Floats, Floats]:
        """:meth:`level`, to the bit, and what each column adds to it beyond :attr:`base`."""
        strangeness, parts = self.detector.explain(by_column)
        level = self.tail(strangeness)
        return level, share_out(parts, level - self.base)

    @property
    def base(self) -> float:
        """The level before anything is known of a row."""
        return float(self.tail(np.array([self.detector.base]))[0])


@dataclass(frozen=True)
class AnomalyModel:
    """A fitted anomaly score.

    Attributes:
        columns: the columns it reads, one an indicator, the peer form where there is one.
        squash: the robust scale of each column.
        members: the detectors.
        tail: from their mean level, and the distance, to the score.
    """

    columns: tuple[str, ...]
    squash: RobustScale
    members: tuple[Member, ...]
    tail: TailScale

    def score(self, X: pd.DataFrame) -> Floats:
        """Scores of shape (n,); larger is stranger, no ceiling; a row's score depends on that row alone."""
        values = matrix(X, self.columns)
        raw = np.empty(len(values))
        for rows, squashed, scales in _chunks(self.squash, values):
            raw[rows] = _raw([member.level(scales[member.scale]) for member in self.members], squashed)
        return self.tail(raw)

    def contributions(self, X: pd.DataFrame) -> Floats:
        """What each of ``columns`` adds to the score: shape (n, len(columns) + 1), the last is the base; rows sum to the score."""
        return self.explain(X)[1]

    def explain(self, X: pd.DataFrame) -> tuple[Floats, Floats]:
        """The scores, to the bit as :meth:`score` gives them, and what adds up to them, in one go.

        Each detector says what the columns add to it (see ``explain`` of :class:`models.anomaly.isolation_forest.Forest` and
        :class:`models.anomaly.loda.Loda`); the tails' stretch is shared out in proportion, so signs stay.

        Returns:
            Shape (n,), and as :meth:`contributions`.
        """
        values = matrix(X, self.columns)
        score, out = np.empty(len(values)), np.empty((len(values), len(self.columns) + 1))
        base = sum(member.base for member in self.members) / len(self.members)
        base_level = float(self.tail(np.array([base]))[0])
        for rows, squashed, scales in _chunks(self.squash, values):
            told = [member.explain(scales[member.scale]) for member in self.members]
            score[rows] = self.tail(_raw([level for level, _ in told], squashed))
            moved = REACH * np.abs(squashed) / squashed.shape[1]
            for _, added in told:
                moved += added / len(self.members)
            out[rows, :-1] = share_out(moved, score[rows] - base_level)
        out[:, -1] = base_level
        return score, out


def fit_anomaly(population: pd.DataFrame, inputs: Inputs, *, seed: int) -> AnomalyModel:
    """Fit on a population (rows are entities), or on a seeded sample of 100,000 of it.

    Rows are put into an order of their own values first, so the order they come in changes nothing.

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
    squash = RobustScale(tuple(inputs.directions[position] for position in at)).fit(values)
    scales = _scales(squash.standardize(values))

    def fitted(place: int) -> tuple[Member, Floats]:
        scale, kind = ENSEMBLE[place]
        # A generator each, so that what one detector draws changes no other.
        return _fit_member(scale, kind, scales[scale], np.random.default_rng([seed, place]))

    members, levels = zip(*parallel_map(fitted, range(len(ENSEMBLE))), strict=True)
    return AnomalyModel(columns, squash, members, fit_tail(_raw(levels, np.arcsinh(squash.standardize(values)))))


def _raw(levels: Sequence[Floats], squashed: Floats) -> Floats:
    """The mean of the members' levels, plus a little of the mean distance: shape (n,)."""
    level = np.zeros(len(squashed))
    for one in levels:
        level += one
    # A plain loop over columns: numpy's own row sums group terms by memory layout, and a row's score must not
    # depend on the rows beside it.
    distance = np.zeros(len(squashed))
    for column in range(squashed.shape[1]):
        distance += np.abs(squashed[:, column])
    raw: Floats = level / len(levels) + REACH * distance / squashed.shape[1]
    return raw


def _fit_member(scale: Scale, kind: Growth | int, by_column: Floats32, rng: np.random.Generator) -> tuple[Member, Floats]:
    """A detector, and the level of each row that it was fitted on."""
    detector: Forest | Loda
    if isinstance(kind, Growth):
        detector = grow_forest(np.ascontiguousarray(by_column.T), kind, rng)
    else:
        detector = fit_loda(by_column, kind, rng)
    raw = np.concatenate([detector.strangeness(np.ascontiguousarray(by_column[:, at])) for at in _cuts(by_column.shape[1])])
    tail = fit_tail(raw)
    return Member(scale, detector, tail), tail(raw)


def _chunks(squash: RobustScale, values: Floats) -> Iterator[tuple[slice, Floats, dict[Scale, Floats32]]]:
    """Row by row in chunks that the processor's cache holds: which rows, their asinh, and each scale by column."""
    for rows in _cuts(len(values)):
        standard = squash.standardize(values[rows])
        yield rows, np.arcsinh(standard), _scales(standard)


def _cuts(n: int) -> list[slice]:
    return [slice(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK)]


def _scales(standard: Floats) -> dict[Scale, Floats32]:
    """The two scales that detectors read, each C-contiguous of shape (columns, rows).

    Single precision is enough to tell rows apart, and half as much to move; values beyond ``FARTHEST`` are all as far.
    """
    by_column = standard.T
    return {
        "plain": np.ascontiguousarray(np.clip(by_column, -FARTHEST, FARTHEST), dtype=np.float32),
        "asinh": np.ascontiguousarray(np.arcsinh(by_column), dtype=np.float32),
    }
