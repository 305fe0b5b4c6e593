"""What each visit could be expected to find: how often, and how much, whoever made it finds, at whatever place.

Inspectors differ in what they find, and that says nothing of the business. An outcome is therefore held against
what its inspector finds on average; who that was is left behind here, and reaches no indicator. The visit itself is
among those averaged, so what is left of it is smaller by one part in as many as the inspector made, and 30: all of it
is of the past, and no label is.
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from expectations.contracts.inspection import FOLLOW_UP
from jobs.transforms.joins import join_few
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
    """SQL of an inspector's rate in millionths, drawn towards that of all as by so much more exposure."""
    rate = f"(cast(all_{events} AS DOUBLE) / nullif(all_{exposure}, 0))"
    own = f"(coalesce(own_{events}, 0) + {more} * {rate}) / (coalesce(own_{exposure}, 0) + {more})"
    return f"cast(round({PARTS} * ({own})) AS BIGINT)"


def add_expected(visits: DataFrame) -> DataFrame:
    """Add what was to be expected by who made the visit, in millionths, and drop who that was.

    ``expected_parts`` is the chance that it found a violation, ``expected_breach_parts`` the share of checkpoints breached.

    Args:
        visits: the newest known version of each visit, with ``inspector_id`` (null where unknown: the rate of all).
    """
    kept = [name for name in visits.columns if name != "inspector_id"]
    made = visits.where(IS_VISIT)
    every = made.transform(aggregate, [], {f"all_{name}": sql for name, sql in _COUNTS.items()})
    by_inspector = made.where("inspector_id IS NOT NULL").transform(
        aggregate, ["inspector_id"], {f"own_{name}": sql for name, sql in _COUNTS.items()}
    )
    return (
        join_few(visits, by_inspector, "inspector_id")
        .crossJoin(every)
        .transform(
            select,
            *kept,
            f"{_drawn('found', 'visits', OTHER_VISITS)} AS expected_parts",
            f"{_drawn('breaches', 'items', OTHER_ITEMS)} AS expected_breach_parts",
        )
    )
