"""What each visit could be expected to find: how often whoever made it finds something, at whatever place.

Inspectors differ in how often they find something, and that says nothing of the business. An outcome is therefore held against
what its inspector finds elsewhere; who that was is left behind here, and reaches no indicator.
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.transforms.joins import join_few
from jobs.transforms.selected import aggregate, select

PARTS = 1_000_000
"""Expectations are whole millionths of a finding, so that their sums are exact."""
OTHER_VISITS = 30
"""An inspector's rate is drawn towards that of all as if he had made so many visits more, found as by all."""

_COUNTS = {"visits": "count(1)", "found": "count_if(found_violation)"}
_RATE = "(cast(all_found AS DOUBLE) / nullif(all_visits, 0))"
_OWN = f"(coalesce(own_found, 0) + {OTHER_VISITS} * {_RATE}) / (coalesce(own_visits, 0) + {OTHER_VISITS})"


def add_expected(visits: DataFrame) -> DataFrame:
    """Add ``expected_parts``, the chance in millionths that the visit found a violation, by who made it; drop who that was.

    Args:
        visits: the newest known version of each visit, with ``inspector_id`` (null where unknown: the rate of all).
    """
    kept = [name for name in visits.columns if name != "inspector_id"]
    made = visits.where("visit_status = 'inspected' AND inspected_on IS NOT NULL AND found_violation IS NOT NULL")
    every = made.transform(aggregate, [], {f"all_{name}": sql for name, sql in _COUNTS.items()})
    by_inspector = made.where("inspector_id IS NOT NULL").transform(
        aggregate, ["inspector_id"], {f"own_{name}": sql for name, sql in _COUNTS.items()}
    )
    return (
        join_few(visits, by_inspector, "inspector_id")
        .crossJoin(every)
        .transform(select, *kept, f"cast(round({PARTS} * ({_OWN})) AS BIGINT) AS expected_parts")
    )
