"""Rows in groups of about equal number by a value, as curves of a calibration are read off."""

from __future__ import annotations

import numpy as np

from models.inputs import Floats, Ints


def equal_groups(values: Floats, count: int) -> Ints:
    """Each row's group, from 0 in ascending order of the values, shape (n,).

    Equal values share a group, that of the middle of their rows, so the order of rows changes nothing and some groups may be empty.

    Args:
        values: finite, shape (n,).
        count: how many groups to cut, 1 or more.
    """
    _, place, size = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(size) - size / 2
    of_value: Ints = np.minimum((middle * count / len(values)).astype(np.int64), count - 1)
    return of_value[place]
