"""What each visit could be expected to find: how often, and how much, whoever made it finds at other businesses.

Inspectors differ in what they find, and that says nothing of the business. An outcome is therefore held against
what its inspector finds on average; who that was is left behind here, and reaches no indicator. All that was found at
the business itself is left out, by him and by others: a business that an inspector goes to often would else be held
against itself, and seem the more ordinary the more often he goes. All of it is of the past, and no label is.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame

from expectations.contracts.inspection import FOLLOW_UP, INSPECTOR_ID
from expectations.contracts.lineage import ENTITY_ID
from jobs.transforms.joins import join_few
from jobs.transforms.materialise import Materialise
from jobs.transforms.selected import aggregate, select

PARTS = 1_000_000
"""Expectations are whole millionths of a finding, and of a breach a checkpoint, so that their sums are exact."""
OTHER_VISITS = 30
"""An inspector's rate is drawn towards that of all as if he had made so many visits more, found as by all."""

OTHER_ITEMS = 600
"""And as if so many checkpoints more had been breached as often as all are."""

TOOK_PLACE = "visit_status = 'inspected' AND inspected_on IS NOT NULL"
IS_FOLLOW_UP = f"selected_by = '{FOLLOW_UP}'"
IS_VISIT = f"{TOOK_PLACE} AND (found_violation IS NOT NULL OR NOT {IS_FOLLOW_UP})"
"""A visit of the record: one to see whether what was found was mended is that only where it has a result of its own."""

_IS_COUNTED = "items_checked > 0 AND breaches IS NOT NULL"
_COUNTS = {
    "visits": "count(found_violation)",
    "found": "count_if(found_violation)",
    "items": f"coalesce(sum(CASE WHEN {_IS_COUNTED} THEN items_checked END), 0L)",
    "breaches": f"coalesce(sum(CASE WHEN {_IS_COUNTED} THEN breaches END), 0L)",
}


def _drawn(events: str, exposure: str, more: int) -> str:
    """SQL of an inspector's rate elsewhere in millionths, drawn towards that of all elsewhere as by so much more exposure.

    Where nobody else was visited, the rate of all stands for that elsewhere: nothing tells what is usual, and excess is about none.
    """
    elsewhere = [f"(all_{name} - coalesce(entity_{name}, 0L))" for name in (events, exposure)]
    own = [f"(coalesce(inspector_{name}, 0L) - coalesce(both_{name}, 0L))" for name in (events, exposure)]
    rate = f"coalesce({_rate(*elsewhere)}, {_rate(f'all_{events}', f'all_{exposure}')})"
    return f"cast(round({PARTS} * (({own[0]} + {more} * {rate}) / ({own[1]} + {more}))) AS BIGINT)"


def _rate(events: str, exposure: str) -> str:
    return f"(cast({events} AS DOUBLE) / nullif({exposure}, 0L))"


def _sum(pairs: DataFrame, by: Sequence[str], whose: str) -> DataFrame:
    return aggregate(pairs, by, {f"{whose}_{name}": f"sum(both_{name})" for name in _COUNTS})


def add_expected(visits: DataFrame, materialise: Materialise) -> DataFrame:
    """Add what was to be expected by who made the visit, in millionths, and drop who that was.

    ``expected_parts`` is the chance that it found a violation, ``expected_breach_parts`` the share of checkpoints breached.

    Args:
        visits: the newest known version of each visit, with ``inspector_id`` (null where unknown: the rate of all elsewhere).
        materialise: see :data:`jobs.transforms.materialise.Materialise`.
    """
    kept = [name for name in visits.columns if name != INSPECTOR_ID]
    counts = {f"both_{name}": sql for name, sql in _COUNTS.items()}
    pairs = materialise(visits.where(IS_VISIT).transform(aggregate, [ENTITY_ID, INSPECTOR_ID], counts))
    return (
        join_few(visits, pairs, [ENTITY_ID, INSPECTOR_ID])
        .transform(join_few, _sum(pairs, [INSPECTOR_ID], "inspector"), INSPECTOR_ID)
        .transform(join_few, _sum(pairs, [ENTITY_ID], "entity"), ENTITY_ID)
        .crossJoin(_sum(pairs, [], "all"))
        .transform(
            select,
            *kept,
            f"{_drawn('found', 'visits', OTHER_VISITS)} AS expected_parts",
            f"{_drawn('breaches', 'items', OTHER_ITEMS)} AS expected_breach_parts",
        )
    )
