"""A forest of oblique isolation trees as flat arrays: the depth of each row, and each column's contribution to it.

A split uses two columns: a row goes right when ``a * x[first] + b * x[second] > threshold`` (Hariri, Kind & Brunner 2021, "Extended
Isolation Forest"; Liu, Ting & Zhou 2010, "On Detecting Clustered Anomalies Using SCiForest"). A tree is a full binary tree of fixed
height, node ``n`` with the children ``2n + 1`` and ``2n + 2``, so all rows descend level by level without pointers; below a leaf a
row keeps going left. All work is plain numpy on preallocated arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.foundation.inputs import Floats

Floats32 = npt.NDArray[np.float32]
ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)


@dataclass(frozen=True)
class Forest:
    """The trees; every array has the shape (trees, nodes), nodes = 2 ** (height + 1) - 1.

    Attributes:
        first, second: the columns of a split; equal, with ``b`` 0, where only one column was left to split on.
        a, b, threshold: of a split; 0, 0 and infinity at and below a leaf.
        first_center, second_center: means of the two columns among the rows of the split's fit.
        depth: at a leaf the estimated depth at which a row is isolated; inside, the mean over the rows below.
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
        """Number of splits that a row passes, including those below a leaf."""
        return int(self.depth.shape[1]).bit_length() - 1

    @property
    def base(self) -> float:
        """Minus the expected depth of a row without known values."""
        return -float(self.depth[:, 0].mean())

    def strangeness(self, by_column: Floats32) -> Floats:
        """Minus the mean depth of each row, shape (n,); ``by_column`` has the shape (columns, n) and is C-contiguous.

        Each row is computed independently.
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
                # mode="clip" avoids a copy of the output; no index is out of range.
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
        """:meth:`strangeness`, bit for bit, and each column's contribution beyond :attr:`base`: shapes (n,) and (n, columns).

        The change of a node's mean depth at a split (Saabas 2014, "Interpreting random forests") belongs to the split's two
        columns, in proportion to how far each pushes the row from the split's center to the side that it takes. Where neither
        pushes to that side, the column that holds back less gets the larger share.
        """
        columns, n = by_column.shape
        trees, inside = len(self.depth), self.depth.shape[1] // 2
        flat, row, out = by_column.ravel(), np.arange(n), np.zeros(columns * n)
        node, goes_right, is_held = np.empty(n, np.intp), np.empty(n, np.bool_), np.empty(n, np.bool_)
        places = np.empty(n, np.intp), np.empty(n, np.intp)
        pushes = np.empty(n, np.float32), np.empty(n, np.float32)
        of_node, side, forward, both = (np.empty(n, np.float32) for _ in range(4))
        change, share, gained, leaf, total = np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.zeros(n)
        parent = (np.arange(1, self.depth.shape[1]) - 1) // 2
        for tree in range(trees):
            starts = [at[tree, :inside].astype(np.intp) * n for at in (self.first, self.second)]
            weights = self.a[tree, :inside], self.b[tree, :inside]
            centers = self.first_center[tree, :inside], self.second_center[tree, :inside]
            shifts = [weight * center for weight, center in zip(weights, centers, strict=True)]
            depth = self.depth[tree]
            changes = np.append(0.0, (depth[parent] - depth[1:]) / trees)
            node[:] = 0
            for _ in range(self.height):
                for start, weight, place, push in zip(starts, weights, places, pushes, strict=True):
                    # mode="clip" avoids a copy of the output; no index is out of range.
                    np.take(start, node, out=place, mode="clip")
                    np.add(place, row, out=place)
                    np.take(flat, place, out=push, mode="clip")
                    np.take(weight, node, out=of_node, mode="clip")
                    np.multiply(push, of_node, out=push)
                np.add(*pushes, out=both)
                np.take(self.threshold[tree, :inside], node, out=of_node, mode="clip")
                np.greater(both, of_node, out=goes_right)
                np.multiply(goes_right, TWO, out=side)
                np.subtract(side, ONE, out=side)
                for shift, push in zip(shifts, pushes, strict=True):
                    np.take(shift, node, out=of_node, mode="clip")
                    np.subtract(push, of_node, out=push)
                    np.multiply(push, side, out=push)
                np.maximum(pushes[0], ZERO, out=forward)
                np.maximum(pushes[1], ZERO, out=both)
                np.add(forward, both, out=both)
                with np.errstate(invalid="ignore"):
                    np.divide(forward, both, out=share)
                # A split with rows that neither column pushes to their side; few rows.
                held = np.flatnonzero(np.equal(both, ZERO, out=is_held))
                share[held] = _share_held(pushes[0][held], pushes[1][held])
                np.add(node, node, out=node)
                np.add(node, goes_right, out=node)
                np.add(node, 1, out=node)
                np.take(changes, node, out=change, mode="clip")
                np.multiply(change, share, out=share)
                # The second column gets the rest.
                for place, part in zip(places, (share, np.subtract(change, share, out=change)), strict=True):
                    np.take(out, place, out=gained, mode="clip")
                    np.add(gained, part, out=gained)
                    out[place] = gained
            np.take(depth, node, out=leaf, mode="clip")
            np.add(total, leaf, out=total)
        return -total / trees, np.ascontiguousarray(out.reshape(columns, n).T)


def _share_held(first: Floats32, second: Floats32) -> Floats32:
    """The first column's share where neither pushes: the one that holds back less gets more; halves where none holds back."""
    both = first + second
    share: Floats32 = np.divide(second, both, out=np.full_like(both, 0.5), where=both != 0)
    return share
