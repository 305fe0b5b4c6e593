"""How far two models agree on whom to visit: who is among the first of both, and how the two orders go together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.inputs import Floats, Ints


@dataclass(frozen=True)
class Agreement:
    """What two orders of the same entities have in common.

    Attributes:
        first_places, second_places: each entity's place, 1 the riskiest.
        shared: how many are among the first ``at`` of both.
        correlation: Spearman's, of the margins; NaN where one model tells nobody apart.
    """

    first_places: Ints
    second_places: Ints
    shared: int
    correlation: float


def agreement(first: Floats, second: Floats, *, at: int) -> Agreement:
    """Hold two models' margins of the same entities against each other.

    Equal margins keep the order that the rows come in, so those should be in an order of their own, such as by identifier.

    Args:
        first, second: margins, shape (n,), in the same order of entities.
        at: how many can be visited.

    Raises:
        ValueError: when the two are not of one length, or nobody is to be visited.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} margins against {len(second)}: they must be of the same entities")
    if at < 1:
        raise ValueError(f"at least one must be visited, not {at}")
    places = [_places(margin) for margin in (first, second)]
    shared = int(np.count_nonzero((places[0] <= at) & (places[1] <= at)))
    return Agreement(places[0], places[1], shared, _spearman(first, second))


def _places(margin: Floats) -> Ints:
    places: Ints = np.empty(len(margin), dtype=np.int64)
    places[np.argsort(-np.asarray(margin), kind="stable")] = np.arange(1, len(margin) + 1)
    return places


def _spearman(first: Floats, second: Floats) -> float:
    """Pearson's correlation of ranks, equal values sharing their mean rank (Spearman 1904)."""
    ranks = [pd.Series(margin).rank().to_numpy() for margin in (first, second)]
    if any(np.ptp(rank) == 0 for rank in ranks if len(rank)) or len(first) < 2:
        return float("nan")
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
