"""Train and test splits of labels: later cohorts after earlier ones, or by entity."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from models.foundation.inputs import Floats, Ints

FOLDS = 3
WINDOWS = 4
"""The first window of a forward chain chooses settings; the contest needs several more."""
ENOUGH = 5


def split_by_known_date(
    time: npt.NDArray[np.datetime64], known: npt.NDArray[np.datetime64], begin: np.datetime64, end: np.datetime64
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which rows are for training, and which for the test, each of shape (n,); no row is in both.

    Args:
        time: each row's cohort, shape (n,).
        known: when each label became known, shape (n,).
        begin: the first cohort of the test.
        end: the first moment after that cohort's day; labels known at or after it are not for training.
    """
    is_test = time >= begin
    # Some source may report a result as known before its visit: such a visit is only for the test.
    return (known < end) & ~is_test, is_test


def time_folds(
    time: npt.NDArray[np.datetime64], y: Floats, known_on: npt.NDArray[np.datetime64] | None = None
) -> list[tuple[Ints, Ints]]:
    """Forward chaining: each fold fits on what was known of earlier cohorts on a block's first day, and tests on that block.

    The blocks divide the later half of the cohorts into at most :data:`WINDOWS`. A fold with fewer than :data:`ENOUGH` visits of
    either outcome in either part is left out.

    Args:
        time: each row's cohort date, shape (n,).
        y: 0 or 1, shape (n,).
        known_on: the day by whose end each label was known, shape (n,); None where each was known before the next cohort.
    """
    cohorts = np.unique(time)
    later = cohorts[len(cohorts) - max(len(cohorts) // 2, 1) :] if len(cohorts) > 1 else cohorts[:0]
    blocks = np.array_split(later, min(WINDOWS, len(later))) if len(later) else []
    pairs = []
    for block in blocks:
        is_train, is_test = split_by_known_date(
            time, time if known_on is None else known_on, block[0], block[0] + np.timedelta64(1, "D")
        )
        pairs.append((np.flatnonzero(is_train), np.flatnonzero(is_test & (time <= block[-1]))))
    return [pair for pair in pairs if _usable(pair, y)]


def entity_folds(entity: npt.NDArray[Any], y: Floats, count: int = FOLDS) -> list[tuple[Ints, Ints]]:
    """``count`` folds by a hash of the entity; no entity is in both parts of a fold."""
    fold = np.array([int(hashlib.sha256(str(name).encode()).hexdigest()[:8], 16) % count for name in entity], dtype=np.int64)
    pairs = [(np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in range(count)]
    return [pair for pair in pairs if _usable(pair, y)]


def _usable(pair: tuple[Ints, Ints], y: Floats) -> bool:
    return all(min(float(y[part].sum()), float((1 - y[part]).sum())) >= ENOUGH for part in pair)
