"""A forest of oblique isolation trees as flat arrays: how deep a row falls, and which columns brought it there.

A split reads two columns: a row goes right when ``a * x[first] + b * x[second] > threshold`` (Hariri, Kind & Brunner 2021,
"Extended Isolation Forest"; Liu, Ting & Zhou 2010, "On Detecting Clustered Anomalies Using SCiForest"). A tree is a full
binary tree of fixed height, node ``n`` with the children ``2n + 1`` and ``2n + 2``, so that all rows go down level by level
with no pointer to follow; a branch that ended early goes on to the left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.anomaly.forest_parts import forest_parts
from models.inputs import Floats

Floats32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Forest:
    """The trees; every array has the shape (trees, nodes), nodes = 2 ** (height + 1) - 1.

    Attributes:
        first, second: the columns of a split; equal, with ``b`` 0, where one column alone was left to split on.
        a, b, threshold: of a split; a leaf, and what is below one, has 0, 0 and infinity.
        first_center, second_center: means of the two columns among the rows that the split was made from.
        depth: at a leaf the depth at which a row is alone, as far as it can be told; inside, the mean over the rows below.
    """

    first: npt.NDArray[np.int16]
    second: npt.NDArray[np.int16]
    a: Floats32
    b: Floats32
    threshold: Floats32
    first_center: Floats32
    second_center: Floats32
    depth: Floats

    @property
    def height(self) -> int:
        """How many splits a row passes, leaves that go on counted in."""
        return int(self.depth.shape[1]).bit_length() - 1

    @property
    def base(self) -> float:
        """Minus the mean depth that is expected of a row of which nothing is known."""
        return -float(self.depth[:, 0].mean())

    def strangeness(self, by_column: Floats32) -> Floats:
        """Minus the mean depth of each row, shape (n,); ``by_column`` has the shape (columns, n) and is C-contiguous.

        A row's answer depends on that row alone: nothing is done but row by row, tree after tree.
        """
        n = by_column.shape[1]
        inside = self.depth.shape[1] // 2
        flat, row = by_column.ravel(), np.arange(n)
        node, place, goes_right = np.empty(n, np.intp), np.empty(n, np.intp), np.empty(n, np.bool_)
        left, right, of_node, leaf = np.empty(n, np.float32), np.empty(n, np.float32), np.empty(n, np.float32), np.empty(n)
        total = np.zeros(n)
        for tree in range(len(self.depth)):
            first, second = self.first[tree, :inside].astype(np.intp) * n, self.second[tree, :inside].astype(np.intp) * n
            a, b, threshold = self.a[tree, :inside], self.b[tree, :inside], self.threshold[tree, :inside]
            np.multiply(flat[first[0] : first[0] + n], a[0], out=left)
            np.multiply(flat[second[0] : second[0] + n], b[0], out=right)
            np.add(left, right, out=left)
            np.greater(left, threshold[0], out=goes_right)
            np.add(goes_right, 1, out=node)
            for _ in range(1, self.height):
                # mode="clip" spares a copy of the output; no place is ever out of range.
                np.take(first, node, out=place, mode="clip")
                np.add(place, row, out=place)
                np.take(flat, place, out=left, mode="clip")
                np.take(a, node, out=of_node, mode="clip")
                np.multiply(left, of_node, out=left)
                np.take(second, node, out=place, mode="clip")
                np.add(place, row, out=place)
                np.take(flat, place, out=right, mode="clip")
                np.take(b, node, out=of_node, mode="clip")
                np.multiply(right, of_node, out=right)
                np.add(left, right, out=left)
                np.take(threshold, node, out=of_node, mode="clip")
                np.greater(left, of_node, out=goes_right)
                np.add(node, node, out=node)
                np.add(node, goes_right, out=node)
                np.add(node, 1, out=node)
            np.take(self.depth[tree], node, out=leaf, mode="clip")
            np.add(total, leaf, out=total)
        return -total / len(self.depth)

    def explain(self, by_column: Floats32) -> tuple[Floats, Floats]:
        """:meth:`strangeness`, to the bit, and what each column adds to it beyond :attr:`base`: shapes (n,) and (n, columns)."""
        return forest_parts(self, by_column)
