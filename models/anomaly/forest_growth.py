"""Grow oblique isolation trees, all at once and level by level, each on a small sample of the rows.

A split is the best of random pairs of columns. The *pooled* gain weighs the two sides by their rows (Cortes 2021, "Revisiting
randomized choices in isolation forests"); the *averaged* gain weighs them equally (Liu, Ting & Zhou 2010, SCiForest), so it prefers
to cut off a small cluster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from models.anomaly.isolation_forest import Floats32, Forest
from models.foundation.inputs import Floats, Ints

EULER = 0.5772156649015329
SMALLEST_SPREAD = 1e-15


@dataclass(frozen=True)
class Growth:
    """How trees grow.

    Attributes:
        trees: number of trees.
        rows: sample size of each tree; trees are as high as a balanced tree of so many rows.
        tries: pairs of columns tried for each split.
        gain: the criterion of a split.
    """

    trees: int
    rows: int
    tries: int
    gain: Literal["pooled", "averaged"]


@dataclass(frozen=True)
class _Segments:
    """The rows of all nodes of one level, node after node: each node's first place and number of rows."""

    start: Ints
    size: Ints

    @property
    def of_row(self) -> Ints:
        return np.repeat(np.arange(len(self.start)), self.size)


@dataclass(frozen=True)
class _Splits:
    """One split a node, or none where ``gain`` is minus infinity; see :class:`models.anomaly.isolation_forest.Forest`."""

    gain: Floats
    first: Ints
    second: Ints
    a: Floats32
    b: Floats32
    threshold: Floats32
    first_center: Floats32
    second_center: Floats32

    def better_of(self, other: _Splits) -> _Splits:
        """For each node the split with more gain, the earlier one when equal."""
        wins = other.gain > self.gain
        return _Splits(*(np.where(wins, getattr(other, name), getattr(self, name)) for name in self.__dataclass_fields__))


def grow_forest(values: Floats32, growth: Growth, rng: np.random.Generator) -> Forest:
    """Grow on ``values`` of shape (rows, columns), finite and at most 1e15 in size."""
    sampled = min(growth.rows, len(values))
    height = max(int(np.ceil(np.log2(sampled))), 1)
    nodes = 2 ** (height + 1) - 1
    forest, cover = _leaves(growth.trees, nodes), np.zeros((growth.trees, nodes))
    row = np.concatenate([rng.choice(len(values), sampled, replace=False) for _ in range(growth.trees)])
    tree, node = np.repeat(np.arange(growth.trees), sampled), np.zeros(len(row), dtype=np.int64)
    for level in range(height + 1):
        start = np.flatnonzero(np.diff(tree * nodes + node, prepend=-1))
        segments = _Segments(start, np.diff(start, append=len(row)))
        at = tree[start], node[start]
        cover[at] = segments.size
        forest.depth[at] = level + average_path(segments.size)
        if level == height or not len(row):
            break
        splits = _best_splits(values, row, segments, growth, rng)
        is_split = splits.gain > -np.inf
        for name in ("first", "second", "a", "b", "threshold", "first_center", "second_center"):
            getattr(forest, name)[tree[start[is_split]], node[start[is_split]]] = getattr(splits, name)[is_split]
        segment = segments.of_row
        x, y = values[row, splits.first[segment]], values[row, splits.second[segment]]
        child = 2 * node + 1 + (splits.a[segment] * x + splits.b[segment] * y > splits.threshold[segment])
        goes_on = np.flatnonzero(is_split[segment])
        order = goes_on[np.lexsort((child[goes_on], tree[goes_on]))]
        row, tree, node = row[order], tree[order], child[order]
    _finish_depths(forest, cover)
    return forest


def average_path(n: Ints | Floats) -> Floats:
    """Mean depth of an unsuccessful search among ``n`` rows (Liu, Ting & Zhou 2008, "Isolation Forest", equation 1)."""
    n = np.asarray(n, dtype=np.float64)
    safe = np.maximum(n, 3.0)
    long = 2.0 * (np.log(safe - 1.0) + EULER) - 2.0 * (safe - 1.0) / safe
    return np.where(n <= 1, 0.0, np.where(n <= 2, 1.0, long))


def _leaves(trees: int, nodes: int) -> Forest:
    shape = (trees, nodes)
    columns = (np.zeros(shape, np.int16), np.zeros(shape, np.int16))
    floats = [np.zeros(shape, np.float32) for _ in range(4)]
    return Forest(*columns, floats[0], floats[1], np.full(shape, np.inf, np.float32), floats[2], floats[3], np.zeros(shape))


def _best_splits(values: Floats32, row: Ints, segments: _Segments, growth: Growth, rng: np.random.Generator) -> _Splits:
    """The best of the tried pairs of columns for each node; only columns that vary within the node are drawn."""
    here = values[row]
    varies = np.maximum.reduceat(here, segments.start, axis=0) > np.minimum.reduceat(here, segments.start, axis=0)
    varying_first, varying = np.argsort(~varies, axis=1, kind="stable"), varies.sum(axis=1)
    best: _Splits | None = None
    for _ in range(growth.tries):
        u, v = rng.random((2, len(varying)))
        drawn = np.floor(u * varying).astype(np.int64)
        other = np.floor(v * (varying - 1)).astype(np.int64)
        other = np.where(varying > 1, other + (other >= drawn), drawn)
        each = np.arange(len(varying))
        weights = rng.standard_normal((2, len(varying)))
        weights[1, varying < 2] = 0.0
        tried = _split_on(here, segments, varying_first[each, drawn], varying_first[each, other], weights, growth.gain)
        best = tried if best is None else best.better_of(tried)
    assert best is not None
    return best


def _split_on(here: Floats32, segments: _Segments, first: Ints, second: Ints, weights: Floats, gain: str) -> _Splits:
    """The best threshold on one projection a node; a column's weight is divided by its spread in the node."""
    segment, each = segments.of_row, np.arange(len(here))
    x, y = here[each, first[segment]], here[each, second[segment]]
    first_center, first_spread = _mean_and_spread(x, segments)
    second_center, second_spread = _mean_and_spread(y, segments)
    a = (weights[0] / np.maximum(first_spread, SMALLEST_SPREAD)).astype(np.float32)
    b = (weights[1] / np.maximum(second_spread, SMALLEST_SPREAD)).astype(np.float32)
    z = a[segment] * x + b[segment] * y
    order = np.lexsort((z, segment))
    z = z[order]
    gains = _gains(z, segments, gain)
    most = np.maximum.reduceat(gains, segments.start)
    place = np.flatnonzero((gains == most[segment]) & (gains > -np.inf))
    of, where = np.unique(segment[place], return_index=True)
    low, high = z[place[where]], z[place[where] + 1]
    middle = low + (high - low) / np.float32(2)
    threshold = np.full(len(first), np.inf, np.float32)
    threshold[of] = np.where(middle < high, middle, low)
    return _Splits(
        most, first, second, a, b, threshold, first_center.astype(np.float32), second_center.astype(np.float32)
    )  # fmt: skip


def _mean_and_spread(x: Floats32, segments: _Segments) -> tuple[Floats, Floats]:
    wide = x.astype(np.float64)
    mean = np.add.reduceat(wide, segments.start) / segments.size
    square = np.square(wide - np.repeat(mean, segments.size))
    return mean, np.sqrt(np.add.reduceat(square, segments.start) / segments.size)


def _gains(z: Floats32, segments: _Segments, gain: str) -> Floats:
    """The gain of a split after each place of ``z``, sorted within segments; minus infinity where no split is possible."""
    mean, spread = _mean_and_spread(z, segments)
    scaled = (z - np.repeat(mean, segments.size)) / np.repeat(np.where(spread > 0, spread, 1.0), segments.size)
    place = np.arange(len(z)) - np.repeat(segments.start, segments.size)
    size = np.repeat(segments.size, segments.size)
    on_left = (place + 1).astype(np.float64)
    on_right = np.maximum(size - on_left, 1.0)
    is_last = place + 1 == size
    sums, squares = _sums_within(scaled, segments), _sums_within(np.square(scaled), segments)
    last = segments.start + segments.size - 1
    left = _spread(sums, squares, on_left)
    right = _spread(np.repeat(sums[last], segments.size) - sums, np.repeat(squares[last], segments.size) - squares, on_right)
    remaining = (left + right) / 2.0 if gain == "averaged" else (on_left * left + on_right * right) / size
    can_split = ~is_last & (z < np.append(z[1:], z[-1:]))
    return np.where(can_split, 1.0 - remaining, -np.inf)


def _sums_within(x: Floats, segments: _Segments) -> Floats:
    """Running sums that restart in each segment."""
    running = np.cumsum(x)
    before = np.where(segments.start > 0, running[segments.start - 1], 0.0)
    within: Floats = running - np.repeat(before, segments.size)
    return within


def _spread(sums: Floats, squares: Floats, size: Floats) -> Floats:
    spread: Floats = np.sqrt(np.maximum(squares / size - np.square(sums / size), 0.0))
    return spread


def _finish_depths(forest: Forest, cover: npt.NDArray[np.float64]) -> None:
    """Copy leaves' depths to all nodes below; set inner nodes to the mean depth of their rows."""
    for level in range(1, forest.height + 1):
        node = slice(2**level - 1, 2 ** (level + 1) - 1)
        parents = np.repeat(forest.depth[:, 2 ** (level - 1) - 1 : 2**level - 1], 2, axis=1)
        forest.depth[:, node] = np.where(cover[:, node] > 0, forest.depth[:, node], parents)
    for level in reversed(range(forest.height)):
        node = slice(2**level - 1, 2 ** (level + 1) - 1)
        below = slice(2 ** (level + 1) - 1, 2 ** (level + 2) - 1)
        weighted = (cover[:, below] * forest.depth[:, below]).reshape(len(cover), -1, 2).sum(axis=2)
        rows = cover[:, below].reshape(len(cover), -1, 2).sum(axis=2)
        forest.depth[:, node] = np.where(rows > 0, weighted / np.maximum(rows, 1.0), forest.depth[:, node])
