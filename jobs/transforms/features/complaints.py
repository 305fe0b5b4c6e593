"""Indicators from complaints, one row per entity with a complaint.

A complaint is *valid* unless it was rejected or withdrawn. Valid complaints of the last 365 days count, unless noted otherwise. The
last day is the one where the coverage of the complaint's source ends.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.complaint import COMPLAINT_ID
from expectations.contracts.lineage import AS_OF, ENTITY_ID, KNOWN_AT
from expectations.contracts.silver import LINK_CONFIDENCE, LINK_METHOD
from jobs.transforms.coverage import Coverage
from jobs.transforms.frames import aggregate, select

LINK_ORDER = (KNOWN_AT, AS_OF, LINK_CONFIDENCE, ENTITY_ID, LINK_METHOD)
"""The order of a complaint's links, oldest first."""
BASELINE_DAYS = 337
"""The days before the last 28 that the last 28 are compared with."""

NEEDED = (
    "entity_id", "outcome", "category", "severity", "amount_claimed_minor", "complainant_hash", "due_on", "resolved_on",
    "received_on", "source",
)  # fmt: skip
"""The columns that are read of a complaint."""

_ROW = {
    "days_ago": "datediff(as_of, received_on)",
    "days_before": "datediff(window_end, received_on)",
    "is_valid": "coalesce(outcome NOT IN ('rejected', 'withdrawn'), true)",
    "is_overdue": "coalesce(due_on < least(coalesce(resolved_on, window_end), window_end), false)",
    "points": "CASE severity WHEN 1 THEN 1L WHEN 2 THEN 2L WHEN 3 THEN 4L WHEN 4 THEN 8L ELSE 1L END",
}

_YEAR = "days_before < 365 AND is_valid"
_SUMS = {
    "complaints_12m": f"count_if({_YEAR})",
    "upheld_complaints_12m": "count_if(days_before < 365 AND outcome = 'upheld')",
    "complaints_28d": "count_if(days_before < 28 AND is_valid)",
    "complaints_before_28d": f"count_if(days_before >= 28 AND {_YEAR})",
    "complaint_points": f"coalesce(sum(CASE WHEN {_YEAR} THEN points END), 0L)",
    "worst_complaint_90d": "coalesce(max(CASE WHEN days_before < 90 AND is_valid THEN severity END), 0)",
    "overdue_count": f"count_if({_YEAR} AND is_overdue)",
    "refused_count": f"count_if({_YEAR} AND outcome = 'refused')",
    "prepaid_count": f"count_if({_YEAR} AND category = 'prepaid')",
    "amount_claimed_12m": f"coalesce(sum(CASE WHEN {_YEAR} THEN amount_claimed_minor END), 0L)",
    "days_since_complaint": "min(CASE WHEN is_valid THEN days_ago END)",
}

COUNTS = (
    "complaints_12m", "upheld_complaints_12m", "complaints_28d", "complaints_before_28d", "complaint_points", "worst_complaint_90d",
    "overdue_count", "refused_count", "prepaid_count", "amount_claimed_12m", "complainants_12m", "largest_complainant",
    "known_complainants",
)  # fmt: skip
"""The columns that are zero, not unknown, for an entity without a complaint."""


def join_links(complaints: DataFrame, links: DataFrame) -> DataFrame:
    """Complaints with the entity they are about: the one given, else the one linked; complaints without one are dropped.

    Args:
        complaints: one row per complaint.
        links: one row per complaint, the newest known link.
    """
    found = links.transform(select, COMPLAINT_ID, f"{ENTITY_ID} AS _linked")
    joined = complaints.join(found, COMPLAINT_ID, "left")
    return (
        joined.withColumn(ENTITY_ID, F.coalesce(F.col(ENTITY_ID), F.col("_linked")))
        .drop("_linked")
        .where(f"{ENTITY_ID} IS NOT NULL")
    )


def count_complaints(complaints: DataFrame, *, coverage: Coverage) -> DataFrame:
    """One row per entity with a complaint: counts, points, and the number of complaints by the most frequent complainant.

    Args:
        complaints: the newest known version of each complaint, with its entity and the columns :data:`NEEDED`.
    """
    rows = complaints.transform(coverage.add_to).transform(select, *NEEDED, *[f"{sql} AS {name}" for name, sql in _ROW.items()])
    sums = rows.transform(aggregate, [ENTITY_ID], _SUMS)
    people = (
        rows.where(f"{_YEAR} AND complainant_hash IS NOT NULL")
        .groupBy(ENTITY_ID, "complainant_hash")
        .agg(F.expr("count(1)").alias("n"))
    )
    by_entity = people.groupBy(ENTITY_ID).agg(
        F.expr("count(1)").alias("complainants_12m"),
        F.expr("max(n)").alias("largest_complainant"),
        F.expr("sum(n)").alias("known_complainants"),
    )
    return sums.join(by_entity, ENTITY_ID, "left")


def count_any_complaints(complaints: DataFrame) -> DataFrame:
    """One row: whether any complaint is known (``has_complaints``)."""
    return complaints.agg(F.expr("count(1) > 0").alias("has_complaints"))
