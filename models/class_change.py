"""No class gets worse on the word of one unverified source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.credit import worst_first

Texts = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Backing:
    """What an entity's reasons rest on, row by row.

    Attributes:
        sources: how many sources its reasons come from, each counted once by the one that its events come from.
        only: that source where it is one alone, else empty.
        is_verified: whether a reason is a violation that a visit found.
    """

    sources: npt.NDArray[np.int64]
    only: Texts
    is_verified: npt.NDArray[np.bool_]

    @property
    def is_enough(self) -> npt.NDArray[np.bool_]:
        """Whether a class may get worse on it: two sources or more, or a verified violation."""
        enough: npt.NDArray[np.bool_] = (self.sources >= 2) | self.is_verified
        return enough


def is_worse(today: npt.ArrayLike, before: npt.ArrayLike, bounds: Mapping[str, int]) -> npt.NDArray[np.bool_]:
    """Whether each class is worse than the one before; a class of None, or one that there is no longer, is no class before."""
    rank = {name: at for at, name in enumerate(worst_first(bounds))}
    now = np.array([rank[name] for name in np.asarray(today, dtype=object)], dtype=np.int64)
    then = np.array([rank.get(name, -1) for name in np.asarray(before, dtype=object)], dtype=np.int64)
    worse: npt.NDArray[np.bool_] = now < then
    return worse


def hold_back(
    today: npt.ArrayLike, before: npt.ArrayLike, is_enough: npt.NDArray[np.bool_], bounds: Mapping[str, int]
) -> tuple[Texts, Texts]:
    """The classes that stand, and the worse ones that are held back.

    Args:
        today: each row's class by its interval, shape (n,).
        before: its class on the day before, None where it had none.
        is_enough: whether its reasons are enough for a worse class.
        bounds: each class's lower bound.

    Returns:
        The class that stands: today's, or where today's is worse and the reasons are not enough, the one before; and today's where
        it was held back, else None.
    """
    now, then = np.asarray(today, dtype=object), np.asarray(before, dtype=object)
    held = is_worse(now, then, bounds) & ~is_enough
    back = np.full(len(now), None, dtype=object)
    back[held] = now[held]
    return np.where(held, then, now), back
