"""Decision trees as plain arrays, and what each split on a row's way down adds to the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.columns import Floats, Ints


@dataclass(frozen=True)
class Tree:
    """One tree, a node a position, the root at 0.

    Attributes:
        left, right: the children's positions, -1 at a leaf.
        feature, threshold: a row goes left when its value of ``feature`` is at most ``threshold``.
        missing_left: whether an unknown value goes left.
        value: the answer at a leaf; inside, the cover-weighted mean of the leaves below.
    """

    left: Ints
    right: Ints
    feature: Ints
    threshold: Floats
    missing_left: npt.NDArray[np.bool_]
    value: Floats


def expected_values(left: Ints, right: Ints, cover: Floats, leaf_value: Floats) -> Floats:
    """Each node's value: ``leaf_value`` at leaves, the cover-weighted mean of the two children inside."""
    value = leaf_value.astype(np.float64, copy=True)
    for node in np.flatnonzero(left >= 0)[::-1]:
        a, b = left[node], right[node]
        total = cover[a] + cover[b]
        share = cover[a] / total if total > 0 else 0.5
        value[node] = share * value[a] + (1.0 - share) * value[b]
    return value


def path_contributions(trees: Sequence[Tree], rows: Floats) -> Floats:
    """What each column adds to the sum of the trees' answers.

    Walking from root to leaf, the change of the node's value at a split belongs to the column split on (Saabas 2014,
    "Interpreting random forests"). Changes telescope, so they add up to the answer exactly.

    Args:
        trees: the trees whose answers are summed.
        rows: shape (n, k); NaN is unknown.

    Returns:
        Shape (n, k + 1); the last column is the sum of the roots' values, the same in every row.
    """
    n, k = rows.shape
    out = np.zeros((n, k + 1))
    everyone = np.arange(n)
    for tree in trees:
        out[:, k] += tree.value[0]
        node = np.zeros(n, dtype=np.int64)
        active = everyone[tree.left[node] >= 0]
        while active.size:
            here = node[active]
            feature = tree.feature[here]
            x = rows[active, feature]
            goes_left = np.where(np.isnan(x), tree.missing_left[here], x <= tree.threshold[here])
            child = np.where(goes_left, tree.left[here], tree.right[here])
            out[active, feature] += tree.value[child] - tree.value[here]
            node[active] = child
            active = active[tree.left[child] >= 0]
    return out
