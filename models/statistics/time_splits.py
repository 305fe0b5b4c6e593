"""Held-out parts of the labels: later cohorts after earlier ones, as the model will be used."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from models.inputs import Floats, Ints

FOLDS = 3
ENOUGH = 5


def split_by_known_date(
    time: npt.NDArray[np.datetime64], known: npt.NDArray[np.datetime64], begin: np.datetime64, end: np.datetime64
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which rows a model may learn from, and which judge it: each of shape (n,), no row in both.

    Args:
        time: each row's cohort, shape (n,).
        known: when each label became known, shape (n,).
        begin: the first cohort that judges.
        end: the first moment after that cohort's day: what became known at or after it is not learnt from.
    """
    judges = time >= begin
    # A source may say that a result was known before its visit: such a visit judges, and teaches nothing.
    return (known < end) & ~judges, judges


def time_folds(
    time: npt.NDArray[np.datetime64], y: Floats, known_on: npt.NDArray[np.datetime64] | None = None
) -> list[tuple[Ints, Ints]]:
    """Forward chaining: each fold fits on what was known of earlier cohorts on a block's first day, and is judged on that block.

    The blocks cut the later half of the cohorts into at most three. A fold in which either part has fewer than five
    found or five clean visits is left out.

    Args:
        time: each row's cohort date, shape (n,).
        y: 0 or 1, shape (n,).
        known_on: the day by whose end each label was known, shape (n,); None where each was before the next cohort.
    """
    cohorts = np.unique(time)
    later = cohorts[len(cohorts) - max(len(cohorts) // 2, 1) :] if len(cohorts) > 1 else cohorts[:0]
    blocks = np.array_split(later, min(FOLDS, len(later))) if len(later) else []
    pairs = []
    for block in blocks:
        learnt, judges = split_by_known_date(
            time, time if known_on is None else known_on, block[0], block[0] + np.timedelta64(1, "D")
        )
        pairs.append((np.flatnonzero(learnt), np.flatnonzero(judges & (time <= block[-1]))))
    return [pair for pair in pairs if _usable(pair, y)]


def entity_folds(entity: npt.NDArray[Any], y: Floats, count: int = FOLDS) -> list[tuple[Ints, Ints]]:
    """So many folds by a hash of the entity; no entity is in both parts of a fold."""
    fold = np.array([int(hashlib.sha256(str(name).encode()).hexdigest()[:8], 16) % count for name in entity], dtype=np.int64)
    pairs = [(np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in range(count)]
    return [pair for pair in pairs if _usable(pair, y)]


def _usable(pair: tuple[Ints, Ints], y: Floats) -> bool:
    return all(min(float(y[part].sum()), float((1 - y[part]).sum())) >= ENOUGH for part in pair)
