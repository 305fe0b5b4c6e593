"""Exact Shapley values of small trees, read from tables: fast enough to be checked on every row that is scored.

What a row adds to a tree hangs on which side it takes at each split, and on nothing else. A tree of a few splits has few such
patterns, so the Shapley values (Lundberg et al. 2020, "From local explanations to global understanding with explainable AI for
trees", path-dependent) of all of them are reckoned once, by their definition over all subsets of the tree's columns; a row then
looks its own up, and the tree's answer with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np

from models.columns import Floats

MOST_SPLITS = 8
CHUNK = 16_384


@dataclass(frozen=True)
class Split:
    """A row goes left when its value of ``column`` is at most ``threshold``; an unknown one where ``unknown_left`` says."""

    column: int
    threshold: float
    unknown_left: bool


@dataclass(frozen=True)
class ShapleyTree:
    """A tree's splits and the tables; bit ``j`` of a pattern is set when the row goes left at split ``j``.

    Attributes:
        splits: at most :data:`MOST_SPLITS`.
        columns: the columns split on, each once.
        values: what each of ``columns`` adds, shape (columns, patterns).
        answers: the tree's answer, shape (patterns,).
        base: the answer where nothing is known of a row.
    """

    splits: tuple[Split, ...]
    columns: tuple[int, ...]
    values: Floats
    answers: Floats
    base: float


def shapley_trees(dumped: dict[str, Any]) -> tuple[ShapleyTree, ...] | None:
    """The tables of a model as LightGBM dumps it; None where a tree has too many splits, or splits of another kind."""
    roots = [tree["tree_structure"] for tree in dumped["tree_info"]]
    for root in roots:
        splits = list(_splits(root))
        if len(splits) > MOST_SPLITS or any(
            node["decision_type"] != "<=" or node["missing_type"] not in ("NaN", "None") for node in splits
        ):
            return None
    return tuple(_tables(root) for root in roots)


def as_dumped(nodes: Any) -> dict[str, Any]:
    """A tree of scikit-learn's histogram booster, given its table of nodes, as LightGBM dumps one."""

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


def shapley_values(trees: tuple[ShapleyTree, ...], rows: Floats, first: float = 0.0) -> tuple[Floats, Floats]:
    """The sum of the trees' answers, and what each column adds to it.

    Args:
        trees: as :func:`shapley_trees` gives them.
        rows: shape (n, k); NaN is unknown.
        first: what the answers are added to, one after the other as the libraries do, so that sums are theirs to the bit.

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
    """What each column adds, shape (k, n); the trees' answers are added to ``answer``."""
    n = by_column.shape[1]
    added, one = np.zeros(by_column.shape), np.empty(n)
    is_left, pattern, bit = np.empty(n, np.bool_), np.empty(n, np.intp), np.empty(n, np.intp)
    for tree in trees:
        pattern[:] = 0
        for place, split in enumerate(tree.splits):
            # An unknown value is neither more nor at most: which of the two is asked decides where it goes.
            if split.unknown_left:
                np.greater(by_column[split.column], split.threshold, out=is_left)
                np.logical_not(is_left, out=is_left)
            else:
                np.less_equal(by_column[split.column], split.threshold, out=is_left)
            np.multiply(is_left, 1 << place, out=bit)
            np.add(pattern, bit, out=pattern)
        np.take(tree.answers, pattern, out=one, mode="clip")
        np.add(answer, one, out=answer)
        for column, values in zip(tree.columns, tree.values, strict=True):
            np.take(values, pattern, out=one, mode="clip")
            np.add(added[column], one, out=added[column])
    return added


def _tables(root: dict[str, Any]) -> ShapleyTree:
    nodes = list(_splits(root))
    patterns = np.arange(1 << len(nodes))
    goes_left = {node["split_index"]: (patterns >> place & 1).astype(bool) for place, node in enumerate(nodes)}
    columns = tuple(sorted({int(node["split_feature"]) for node in nodes}))
    answer = {
        known: _answer(root, frozenset(known), goes_left, patterns)
        for size in range(len(columns) + 1)
        for known in combinations(columns, size)
    }
    values = np.zeros((len(columns), len(patterns)))
    for place, column in enumerate(columns):
        for known, without in answer.items():
            if column not in known:
                weight = factorial(len(known)) * factorial(len(columns) - len(known) - 1) / factorial(len(columns))
                values[place] += weight * (answer[tuple(sorted((*known, column)))] - without)
    splits = tuple(Split(int(node["split_feature"]), float(node["threshold"]), _unknown_left(node)) for node in nodes)
    return ShapleyTree(splits, columns, values, answer[columns], float(answer[()][0]))


def _answer(node: dict[str, Any], known: frozenset[int], goes_left: dict[int, Any], patterns: Any) -> Floats:
    """The tree's answer of each pattern where only ``known`` columns are looked at; else both ways count, by the rows they had."""
    if "split_index" not in node:
        return np.full(len(patterns), float(node["leaf_value"]))
    left, right = (_answer(node[f"{side}_child"], known, goes_left, patterns) for side in ("left", "right"))
    if int(node["split_feature"]) in known:
        chosen: Floats = np.where(goes_left[node["split_index"]], left, right)
        return chosen
    share = _rows_of(node["left_child"]) / _rows_of(node)
    mixed: Floats = share * left + (1.0 - share) * right
    return mixed


def _splits(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "split_index" in node:
        yield node
        for side in ("left", "right"):
            yield from _splits(node[f"{side}_child"])


def _rows_of(node: dict[str, Any]) -> float:
    return float(node["internal_count"] if "split_index" in node else node["leaf_count"])


def _unknown_left(node: dict[str, Any]) -> bool:
    """Without a way of its own for what is unknown, LightGBM takes it for 0."""
    return bool(node["default_left"]) if node["missing_type"] == "NaN" else float(node["threshold"]) >= 0.0
