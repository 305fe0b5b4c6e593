"""Exact Shapley values of small trees from lookup tables, fast enough for every row.

A row's contributions depend only on the side that it takes at each split. A tree with few splits has few such patterns, so the
Shapley values (Lundberg et al. 2020, "From local explanations to global understanding with explainable AI for trees",
path-dependent) of all patterns are computed once, by definition over all subsets of the tree's columns, and looked up for each row.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np

from models.foundation.inputs import Floats
from models.risk.tree_tables import CHUNK, Buffers, PatternTree, add_looked_up, left_patterns, pattern_trees, splits_of


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
    """The tables of a model as dumped by LightGBM; None where :func:`models.risk.tree_tables.pattern_trees` gives none."""
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
