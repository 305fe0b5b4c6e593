"""The target list: within each region's capacity, the entities with the largest objective."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection

import numpy as np
import pandas as pd

from expectations.contracts.lineage import ENTITY_ID
from expectations.contracts.scoring import CAPACITY_REGION, LIST_RANK, OBJECTIVE, REGION_RANK, TIE_BREAK


def tie_break(entity_id: str, key: bytes) -> str:
    """Keyed hash of an identifier (HMAC-SHA-256, RFC 2104), hexadecimal; it breaks ties between equal objectives."""
    return hmac.new(key, entity_id.encode(), hashlib.sha256).hexdigest()


def rank_list(candidates: pd.DataFrame, capacity_of: Callable[[str], int], key: bytes) -> pd.DataFrame:
    """The list: the best of each region up to its capacity, the best overall first; the order of ``candidates`` does not matter.

    Args:
        candidates: one row an entity, with ``entity_id``, ``capacity_region`` and ``objective`` (finite; larger is first).
        capacity_of: a region's visits a day.

    Returns:
        The listed candidates with ``list_rank``, ``region_rank`` and ``tie_break`` added, ordered by ``list_rank``.

    Raises:
        ValueError: when an objective is not finite, or an entity comes twice.
    """
    if not np.isfinite(candidates[OBJECTIVE].to_numpy(dtype=np.float64)).all():
        raise ValueError("an objective is not finite")
    if candidates[ENTITY_ID].duplicated().any():
        raise ValueError("an entity is a candidate twice")
    capacity = candidates[CAPACITY_REGION].map(
        {region: capacity_of(region) for region in sorted(candidates[CAPACITY_REGION].unique())}
    )
    # Hash only entities that may be within capacity.
    place = candidates.groupby(CAPACITY_REGION)[OBJECTIVE].rank(method="min", ascending=False)
    near = candidates[place.to_numpy() <= capacity.to_numpy()].copy()
    near[TIE_BREAK] = [tie_break(entity_id, key) for entity_id in near[ENTITY_ID]]
    near = near.sort_values([OBJECTIVE, TIE_BREAK], ascending=[False, True], kind="stable")
    near = _ranked(near)
    return _ranked(near[near[REGION_RANK] <= near[CAPACITY_REGION].map(capacity_of)])


def drop_without_reasons(listed: pd.DataFrame, reasoned: Collection[str]) -> pd.DataFrame:
    """The list without entities for which no reason can be given, with ranks closed up."""
    return _ranked(listed[listed[ENTITY_ID].isin(list(reasoned))])


def _ranked(ordered: pd.DataFrame) -> pd.DataFrame:
    """Add ranks overall and within each region to rows in the list's order."""
    ranked = ordered.reset_index(drop=True)
    ranked[REGION_RANK] = ranked.groupby(CAPACITY_REGION).cumcount() + 1
    ranked[LIST_RANK] = np.arange(1, len(ranked) + 1)
    return ranked
