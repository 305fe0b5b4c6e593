"""scikit-learn's isolation forest as plain arrays: the depth of each row, and each column's contribution to it.

A row that few random splits separate from all others is unusual (Liu, Ting & Zhou 2008, "Isolation Forest"). scikit-learn grows the
trees. Here each is a full binary tree of fixed height, node ``n`` with the children ``2n + 1`` and ``2n + 2``, so all rows descend
level by level without pointers; below a leaf a row keeps going left.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import IsolationForest

from models.foundation.inputs import Floats, Ints

Floats32 = npt.NDArray[np.float32]
TREES = 100
ROWS_A_TREE = 256


@dataclass(frozen=True)
class Forest:
    """The trees; every array has the shape (trees, nodes), nodes = 2 ** (height + 1) - 1.

    Attributes:
        column: the column of a split; 0 at and below a leaf.
        threshold: a row goes right when its value is larger; infinity at and below a leaf.
        depth: at and below a leaf the estimated depth at which a row is isolated; inside, the mean over the rows of the fit.
    """

    column: npt.NDArray[np.int16]
    threshold: Floats32
    depth: Floats

    @property
    def base(self) -> float:
        """Minus the mean depth of the rows of the fit."""
        return -float(self.depth[:, 0].mean())

    def strangeness(self, by_column: Floats32) -> Floats:
        """Minus the mean depth of each row, shape (n,); ``by_column`` has the shape (columns, n) and is C-contiguous."""
        return self._strangeness(self._leaves(by_column))

    def explain(self, by_column: Floats32) -> tuple[Floats, Floats]:
        """:meth:`strangeness`, bit for bit, and each column's contribution beyond :attr:`base`: shapes (n,) and (n, columns).

        The change of mean depth at a split belongs to the split's column (Saabas 2014, "Interpreting random forests").
        """
        leaves, parts = self._leaves(by_column), np.zeros(by_column.shape[::-1])
        used = self._parts.shape[2]
        for of_tree, leaf in zip(self._parts, leaves, strict=True):
            parts[:, :used] += of_tree[leaf]
        return self._strangeness(leaves), parts

    def _leaves(self, by_column: Floats32) -> npt.NDArray[np.intp]:
        """Each row's place among the last level's nodes, shape (trees, n)."""
        n, height = by_column.shape[1], _height(self.depth)
        flat, row = by_column.ravel(), np.arange(n)
        leaves = np.zeros((len(self.depth), n), np.intp)
        place, value, threshold, goes_right = (
            np.empty(n, np.intp),
            np.empty(n, np.float32),
            np.empty(n, np.float32),
            np.empty(n, np.bool_),
        )
        for tree, node in enumerate(leaves):
            start = self.column[tree].astype(np.intp) * n
            for level in range(height):
                level_at = _level(level)
                # mode="clip" avoids a copy of the output; no index is out of range.
                np.take(start[level_at], node, out=place, mode="clip")
                np.add(place, row, out=place)
                np.take(flat, place, out=value, mode="clip")
                np.take(self.threshold[tree, level_at], node, out=threshold, mode="clip")
                np.greater(value, threshold, out=goes_right)
                np.add(node, node, out=node)
                np.add(node, goes_right, out=node)
        return leaves

    def _strangeness(self, leaves: npt.NDArray[np.intp]) -> Floats:
        last, total = self.depth[:, _level(_height(self.depth))], np.zeros(leaves.shape[1])
        for depth, leaf in zip(last, leaves, strict=True):
            total += depth[leaf]
        return -total / len(leaves)

    @cached_property
    def _parts(self) -> Floats:
        """The columns' contributions on the way to each node of the last level: shape (trees, nodes of that level, columns)."""
        trees, columns = len(self.depth), int(self.column.max()) + 1
        parts = np.zeros((trees, 1, columns))
        for level in range(_height(self.depth)):
            parts = np.repeat(parts, 2, axis=1)
            change = np.repeat(self.depth[:, _level(level)], 2, axis=1) - self.depth[:, _level(level + 1)]
            at = np.repeat(self.column[:, _level(level)].astype(np.intp), 2, axis=1)[:, :, None]
            np.put_along_axis(parts, at, np.take_along_axis(parts, at, 2) + change[:, :, None] / trees, 2)
        return parts


def grow_forest(values: Floats32, seed: int) -> Forest:
    """Grow on ``values`` of shape (rows, columns), finite."""
    grown = IsolationForest(n_estimators=TREES, max_samples=min(ROWS_A_TREE, len(values)), random_state=seed).fit(values)
    trees = [estimator.tree_ for estimator in grown.estimators_]
    shape = (TREES, 2 ** (max(tree.max_depth for tree in trees) + 1) - 1)
    forest = Forest(np.zeros(shape, np.int16), np.full(shape, np.inf, np.float32), np.zeros(shape))
    for at, tree in enumerate(trees):
        place, level = np.zeros(tree.node_count, np.intp), np.zeros(tree.node_count, np.intp)
        inside = np.flatnonzero(tree.children_left >= 0)
        depth = average_path(tree.n_node_samples)
        for node in inside:  # parents come before their children
            children = [tree.children_left[node], tree.children_right[node]]
            place[children] = 2 * place[node] + 1, 2 * place[node] + 2
            level[children] = level[node] + 1
        depth += level
        for node in inside[::-1]:
            children = [tree.children_left[node], tree.children_right[node]]
            depth[node] = np.average(depth[children], weights=tree.n_node_samples[children])
        forest.column[at, place[inside]] = tree.feature[inside]
        forest.threshold[at, place[inside]] = _rounded_down(tree.threshold[inside])
        forest.depth[at, place] = depth
        # Nodes below a leaf have its depth.
        is_grown = np.zeros(shape[1], bool)
        is_grown[place] = True
        for node in np.flatnonzero(~is_grown):
            forest.depth[at, node] = forest.depth[at, (node - 1) // 2]
    return forest


def average_path(n: Ints) -> Floats:
    """Mean depth of an unsuccessful search among ``n`` rows (Liu, Ting & Zhou 2008, equation 1)."""
    safe = np.maximum(n, 3.0)
    many = 2.0 * (np.log(safe - 1.0) + np.euler_gamma) - 2.0 * (safe - 1.0) / safe
    return np.where(n <= 1, 0.0, np.where(n <= 2, 1.0, many))


def _rounded_down(threshold: Floats) -> Floats32:
    """The largest single-precision number up to each threshold: it separates single-precision values as the threshold does."""
    rounded = threshold.astype(np.float32)
    return np.where(rounded > threshold, np.nextafter(rounded, np.float32(-np.inf)), rounded)


def _height(depth: Floats) -> int:
    """Number of splits that a row passes, including those below a leaf."""
    return int(depth.shape[1]).bit_length() - 1


def _level(level: int) -> slice:
    """The nodes of a level."""
    return slice(2**level - 1, 2 ** (level + 1) - 1)
