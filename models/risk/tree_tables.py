"""Small trees as lookup tables: the sides taken at all splits form a pattern, and each pattern has its answer.

Evaluating all splits column by column is faster than following each row down the tree. Answers are added in the trees' order, like
in the libraries, for the same bits. The exact Shapley values (Lundberg et al. 2020, "From local explanations to global
understanding with explainable AI for trees", path-dependent) of all patterns are computed once, by definition over all subsets of a
tree's columns, and looked up for each row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np

from models.foundation.inputs import Floats, Ints

MOST_SPLITS = 8
CHUNK = 16_384
LARGEST_DUMPED = 1e300


@dataclass(frozen=True)
class Split:
    """A row goes left when its value of ``column`` is at most ``threshold``, or unknown with ``unknown_left``."""

    column: int
    threshold: float
    unknown_left: bool


@dataclass(frozen=True)
class PatternTree:
    """A tree's splits and its table; bit ``j`` of a pattern is set when the row goes left at split ``j``.

    Attributes:
        splits: at most :data:`MOST_SPLITS`.
        answers: shape (patterns,).
    """

    splits: tuple[Split, ...]
    answers: Floats

    def patterns(self, by_column: Floats, buffers: Buffers) -> Ints:
        """The pattern of each row, shape (n,), in the buffers; ``by_column`` has the shape (columns, n)."""
        buffers.pattern[:] = 0
        for place, split in enumerate(self.splits):
            # Comparisons with NaN are false: the choice of the comparison decides where an unknown value goes.
            if split.unknown_left:
                np.greater(by_column[split.column], split.threshold, out=buffers.is_left)
                np.logical_not(buffers.is_left, out=buffers.is_left)
            else:
                np.less_equal(by_column[split.column], split.threshold, out=buffers.is_left)
            np.multiply(buffers.is_left, 1 << place, out=buffers.bit)
            np.add(buffers.pattern, buffers.bit, out=buffers.pattern)
        return buffers.pattern


class Buffers:
    """Arrays of n rows that all trees reuse."""

    def __init__(self, n: int) -> None:
        self.is_left = np.empty(n, np.bool_)
        self.pattern, self.bit = np.empty(n, np.intp), np.empty(n, np.intp)
        self.one = np.empty(n)


def pattern_trees(dumped: dict[str, Any]) -> tuple[PatternTree, ...] | None:
    """The trees of a model as dumped by LightGBM; None where one has too many splits, or splits by category."""
    trees = [tree["tree_structure"] for tree in dumped["tree_info"]]
    return tuple(_tabulated(root) for root in trees) if all(map(_is_small, trees)) else None


def _tabulated(root: dict[str, Any]) -> PatternTree:
    nodes = list(splits_of(root))
    splits = tuple(Split(int(node["split_feature"]), _threshold(node), _unknown_left(node)) for node in nodes)
    return PatternTree(splits, _answers(root, left_patterns(nodes), 1 << len(nodes)))


def sum_of_answers(trees: tuple[PatternTree, ...], rows: Floats) -> Floats:
    """The sum of the trees' answers, shape (n,), for ``rows`` of shape (n, k); NaN is unknown."""
    answer = np.zeros(len(rows))
    for start in range(0, len(rows), CHUNK):
        by_column = np.ascontiguousarray(rows[start : start + CHUNK].T)
        buffers = Buffers(by_column.shape[1])
        for tree in trees:
            add_looked_up(tree.answers, tree.patterns(by_column, buffers), answer[start : start + CHUNK], buffers)
    return answer


def add_looked_up(table: Floats, patterns: Ints, total: Floats, buffers: Buffers) -> None:
    """Add the table's value of each row's pattern to ``total``, shape (n,)."""
    np.take(table, patterns, out=buffers.one, mode="clip")
    np.add(total, buffers.one, out=total)


def left_patterns(nodes: list[dict[str, Any]]) -> dict[int, Any]:
    """By split index, whether each pattern goes left there, shape (patterns,)."""
    patterns = np.arange(1 << len(nodes))
    return {node["split_index"]: (patterns >> place & 1).astype(bool) for place, node in enumerate(nodes)}


def splits_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The splitting nodes in depth-first order, as dumped by LightGBM; a pattern's bits are in this order."""
    if "split_index" in node:
        yield node
        for side in ("left", "right"):
            yield from splits_of(node[f"{side}_child"])


def as_dumped(nodes: Any) -> dict[str, Any]:
    """A tree of scikit-learn's histogram booster, from its node table, in LightGBM's dump format."""

    def node(at: int) -> dict[str, Any]:
        here = nodes[at]
        if here["is_leaf"]:
            return {"leaf_value": float(here["value"]), "leaf_count": int(here["count"])}
        return {
            "split_index": at,
            "split_feature": int(here["feature_idx"]),
            "decision_type": "in" if here["is_categorical"] else "<=",
            "threshold": float(here["num_threshold"]),
            "missing_type": "NaN",
            "default_left": bool(here["missing_go_to_left"]),
            "internal_count": int(here["count"]),
            "left_child": node(int(here["left"])),
            "right_child": node(int(here["right"])),
        }

    return {"tree_structure": node(0)}


def _is_small(root: dict[str, Any]) -> bool:
    nodes = list(splits_of(root))
    return len(nodes) <= MOST_SPLITS and all(
        node["decision_type"] == "<=" and node["missing_type"] in ("NaN", "None") for node in nodes
    )


def _answers(node: dict[str, Any], goes_left: dict[int, Any], patterns: int) -> Floats:
    if "split_index" not in node:
        return np.full(patterns, float(node["leaf_value"]))
    left, right = (_answers(node[f"{side}_child"], goes_left, patterns) for side in ("left", "right"))
    chosen: Floats = np.where(goes_left[node["split_index"]], left, right)
    return chosen


def _threshold(node: dict[str, Any]) -> float:
    """The threshold; LightGBM dumps infinity, which separates known from unknown, as 1e300."""
    threshold = float(node["threshold"])
    return np.inf if threshold >= LARGEST_DUMPED else threshold


def _unknown_left(node: dict[str, Any]) -> bool:
    """Whether unknown values go left; without a default direction LightGBM treats them as 0."""
    return bool(node["default_left"]) if node["missing_type"] == "NaN" else float(node["threshold"]) >= 0.0


@dataclass(frozen=True)
class ShapleyTree:
    """A tree and its tables.

    Attributes:
        tree: patterns and their answers.
        columns: the columns split on, each once.
        values: the contribution of each of ``columns``, shape (columns, patterns).
        base: the answer when all values are unknown.
    """

    tree: PatternTree
    columns: tuple[int, ...]
    values: Floats
    base: float


def shapley_trees(dumped: dict[str, Any]) -> tuple[ShapleyTree, ...] | None:
    """The tables of a model as dumped by LightGBM; None where :func:`pattern_trees` gives none."""
    trees = pattern_trees(dumped)
    if trees is None:
        return None
    return tuple(_tables(tree, one["tree_structure"]) for tree, one in zip(trees, dumped["tree_info"], strict=True))


def shapley_values(trees: tuple[ShapleyTree, ...], rows: Floats, first: float = 0.0) -> tuple[Floats, Floats]:
    """The sum of the trees' answers, and each column's contribution to it.

    Args:
        trees: from :func:`shapley_trees`.
        rows: shape (n, k); NaN is unknown.
        first: the start of the sum; answers are added one after the other like in the libraries, for the same bits.

    Returns:
        Shapes (n,) and (n, k + 1), the last column the base; rows of the latter sum to the former.
    """
    answer, out = np.full(len(rows), first), np.empty((len(rows), rows.shape[1] + 1))
    for start in range(0, len(rows), CHUNK):
        by_column = np.ascontiguousarray(rows[start : start + CHUNK].T)
        out[start : start + CHUNK, :-1] = _added(trees, by_column, answer[start : start + CHUNK]).T
    out[:, -1] = first + sum(tree.base for tree in trees)
    return answer, out


def _added(trees: tuple[ShapleyTree, ...], by_column: Floats, answer: Floats) -> Floats:
    """Each column's contribution, shape (k, n); adds the trees' answers to ``answer``."""
    added, buffers = np.zeros(by_column.shape), Buffers(by_column.shape[1])
    for one in trees:
        patterns = one.tree.patterns(by_column, buffers)
        add_looked_up(one.tree.answers, patterns, answer, buffers)
        for column, values in zip(one.columns, one.values, strict=True):
            add_looked_up(values, patterns, added[column], buffers)
    return added


def _tables(tree: PatternTree, root: dict[str, Any]) -> ShapleyTree:
    nodes = list(splits_of(root))
    goes_left = left_patterns(nodes)
    columns = tuple(sorted({int(node["split_feature"]) for node in nodes}))
    answer = {
        known: _answer(root, frozenset(known), goes_left, 1 << len(nodes))
        for size in range(len(columns) + 1)
        for known in combinations(columns, size)
    }
    values = np.zeros((len(columns), 1 << len(nodes)))
    for place, column in enumerate(columns):
        for known, without in answer.items():
            if column not in known:
                weight = factorial(len(known)) * factorial(len(columns) - len(known) - 1) / factorial(len(columns))
                values[place] += weight * (answer[tuple(sorted((*known, column)))] - without)
    return ShapleyTree(tree, columns, values, float(answer[()][0]))


def _answer(node: dict[str, Any], known: frozenset[int], goes_left: dict[int, Any], patterns: int) -> Floats:
    """The tree's answer of each pattern when only ``known`` columns are known; other splits average both ways by their rows."""
    if "split_index" not in node:
        return np.full(patterns, float(node["leaf_value"]))
    left, right = (_answer(node[f"{side}_child"], known, goes_left, patterns) for side in ("left", "right"))
    if int(node["split_feature"]) in known:
        chosen: Floats = np.where(goes_left[node["split_index"]], left, right)
        return chosen
    share = _rows_of(node["left_child"]) / _rows_of(node)
    mixed: Floats = share * left + (1.0 - share) * right
    return mixed


def _rows_of(node: dict[str, Any]) -> float:
    return float(node["internal_count"] if "split_index" in node else node["leaf_count"])
