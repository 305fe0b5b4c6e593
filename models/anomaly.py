"""How strange an entity is beside its peers: an isolation forest on a scale that no batch can move.

Liu, Ting & Zhou 2008, "Isolation Forest": strange rows are cut off from the rest by few random splits. Beyond the
farthest row of the fit a forest sees no difference any more, so a small share of the mean distance is added; it grows
without end. The sum is then read on the reference population's own upper tail: 1 is one in ten, 2 is one in a
hundred; past the last reference rows the tail is taken as exponential (Pickands, Balkema & de Haan with shape 0).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import Pipeline

from models.columns import Floats, Inputs, Ints, matrix
from models.squash import RobustSquash
from models.trees import Tree, expected_values, node_depths, path_contributions

TREES = 200
ROWS_A_TREE = 256
REFERENCE_ROWS = 100_000
REACH = 0.02
CHUNK = 50_000
EULER = 0.5772156649015329


@dataclass(frozen=True)
class Tail:
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


@dataclass(frozen=True)
class AnomalyModel:
    """A fitted anomaly score.

    Attributes:
        columns: the columns it reads, one an indicator, the peer form where there is one.
        pipeline: squash, then forest.
        tail: from raw strangeness to the score.
    """

    columns: tuple[str, ...]
    pipeline: Pipeline
    tail: Tail

    def score(self, X: pd.DataFrame) -> Floats:
        """Scores of shape (n,); larger is stranger, no ceiling; a row's score depends on that row alone."""
        return self.tail(raw_strangeness(self.pipeline, matrix(X, self.columns)))

    def contributions(self, X: pd.DataFrame) -> Floats:
        """What each of ``columns`` adds to the score: shape (n, len(columns) + 1), the last is the base; rows sum to the score.

        Splits are attributed along each row's path (see :func:`models.trees.path_contributions`; for isolation forests
        compare DIFFI, Carletti et al. 2023); the tail's stretch is shared out in proportion, so signs stay.
        """
        squashed = _squash(self.pipeline, matrix(X, self.columns))
        paths = path_contributions(self._trees, squashed.astype(np.float32).astype(np.float64))
        raw = -paths / _expected_depth(self.pipeline[-1])
        raw[:, :-1] += REACH * np.abs(squashed) / squashed.shape[1]
        base = float(raw[0, -1]) if len(raw) else 0.0
        moved = raw[:, :-1].sum(axis=1)
        level, base_level = self.tail(base + moved), float(self.tail(np.array([base]))[0])
        stretch = np.divide(level - base_level, moved, out=np.zeros_like(moved), where=moved != 0)
        return np.column_stack([raw[:, :-1] * stretch[:, None], np.full(len(raw), base_level)])

    @cached_property
    def _trees(self) -> list[Tree]:
        return [_as_tree(estimator.tree_) for estimator in self.pipeline[-1].estimators_]


def build_pipeline(directions: tuple[int, ...], *, rows: int, seed: int) -> Pipeline:
    """The unfitted pipeline; ``rows`` is the number that it will be fitted on."""
    forest = IsolationForest(n_estimators=TREES, max_samples=min(ROWS_A_TREE, rows), random_state=seed, n_jobs=1)
    return Pipeline([("squash", RobustSquash(directions)), ("forest", forest)])


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
    pipeline = build_pipeline(tuple(inputs.directions[position] for position in at), rows=len(values), seed=seed)
    pipeline.fit(values)
    return AnomalyModel(columns, pipeline, fit_tail(raw_strangeness(pipeline, values)))


def raw_strangeness(pipeline: Pipeline, values: Floats) -> Floats:
    """Minus the mean depth over its expectation, plus a little of the mean distance: shape (n,)."""
    forest: IsolationForest = pipeline[-1]
    trees = [(estimator.tree_, _leaf_depths(estimator.tree_)) for estimator in forest.estimators_]
    expected = _expected_depth(forest)
    out = np.empty(len(values))
    for start in range(0, len(values), CHUNK):
        squashed = _squash(pipeline, values[start : start + CHUNK])
        narrow = squashed.astype(np.float32)
        depth = np.zeros(len(narrow))
        for tree, leaf_depth in trees:
            depth += leaf_depth[tree.apply(narrow)]
        # A plain loop over columns: numpy's own row sums group terms by memory layout, and a row's score must not
        # depend on the rows beside it.
        distance = np.zeros(len(narrow))
        for column in range(squashed.shape[1]):
            distance += np.abs(squashed[:, column])
        out[start : start + CHUNK] = REACH * distance / squashed.shape[1] - depth / expected
    return out


def _squash(pipeline: Pipeline, values: Floats) -> Floats:
    squashed: Floats = pipeline[:-1].transform(values) if len(values) else values
    return squashed


def fit_tail(raw: Floats) -> Tail:
    """The tail of reference values: knots a tenth of a power of ten apart, as far as ten reference rows reach."""
    decades = max(np.log10(len(raw) / 10.0), 0.0)
    level = np.arange(0.0, decades + 1e-9, 0.1)
    knots = np.quantile(raw, 1.0 - 10.0**-level)
    knots, first = np.unique(knots, return_index=True)
    # Of equal knots the last level counts: the tail beyond them is that thin.
    last = np.append(first[1:] - 1, len(level) - 1)
    level = level[last]
    spread = max(float(np.std(raw)), 1e-6)
    if len(knots) == 1:
        return Tail(knots, level, 0.5 / spread, 0.5 / spread)
    decade = int(np.searchsorted(level, level[-1] - 1.0))
    decade = min(decade, len(knots) - 2)
    above = (level[-1] - level[decade]) / (knots[-1] - knots[decade])
    below = (level[1] - level[0]) / (knots[1] - knots[0])
    return Tail(knots, level, float(below), float(above))


def _expected_depth(forest: IsolationForest) -> float:
    """The depths of a row in all trees, added, as expected of random rows; 1 a tree where a single row was fitted."""
    return len(forest.estimators_) * max(float(_average_path(np.array([forest.max_samples_]))[0]), 1.0)


def _average_path(n: Ints | Floats) -> Floats:
    """Mean depth of an unsuccessful search among ``n`` rows (Liu et al. 2008, equation 1)."""
    n = np.asarray(n, dtype=np.float64)
    safe = np.maximum(n, 3.0)
    long = 2.0 * (np.log(safe - 1.0) + EULER) - 2.0 * (safe - 1.0) / safe
    return np.where(n <= 1, 0.0, np.where(n <= 2, 1.0, long))


def _leaf_depths(tree) -> Floats:  # type: ignore[no-untyped-def]  # sklearn.tree._tree.Tree has no types
    left = tree.children_left.astype(np.int64)
    depth = node_depths(left, tree.children_right.astype(np.int64))
    return depth + _average_path(tree.n_node_samples)


def _as_tree(tree) -> Tree:  # type: ignore[no-untyped-def]  # sklearn.tree._tree.Tree has no types
    left, right = tree.children_left.astype(np.int64), tree.children_right.astype(np.int64)
    value = expected_values(left, right, tree.n_node_samples.astype(np.float64), _leaf_depths(tree))
    return Tree(left, right, tree.feature.astype(np.int64), tree.threshold, np.zeros(left.size, dtype=bool), value)
