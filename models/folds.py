"""Held-out parts of the labels: later cohorts after earlier ones, as the model will be used."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from models.columns import Floats, Ints

FOLDS = 3
ENOUGH = 5


def time_folds(time: npt.NDArray[np.datetime64], y: Floats) -> list[tuple[Ints, Ints]]:
    """Forward chaining: each fold fits on all cohorts before a block of cohorts, and is judged on that block.

    The blocks cut the later half of the cohorts into at most three. A fold in which either part has fewer than five
    found or five clean visits is left out.
    """
    cohorts = np.unique(time)
    later = cohorts[len(cohorts) - max(len(cohorts) // 2, 1) :] if len(cohorts) > 1 else cohorts[:0]
    blocks = np.array_split(later, min(FOLDS, len(later))) if len(later) else []
    pairs = [(np.flatnonzero(time < block[0]), np.flatnonzero((time >= block[0]) & (time <= block[-1]))) for block in blocks]
    return [pair for pair in pairs if _usable(pair, y)]


def entity_folds(entity: npt.NDArray[Any], y: Floats, count: int = FOLDS) -> list[tuple[Ints, Ints]]:
    """So many folds by a hash of the entity; no entity is in both parts of a fold."""
    fold = np.array([int(hashlib.sha256(str(name).encode()).hexdigest()[:8], 16) % count for name in entity], dtype=np.int64)
    pairs = [(np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in range(count)]
    return [pair for pair in pairs if _usable(pair, y)]


def _usable(pair: tuple[Ints, Ints], y: Floats) -> bool:
    return all(min(float(y[part].sum()), float((1 - y[part]).sum())) >= ENOUGH for part in pair)
