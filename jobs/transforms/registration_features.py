"""Indicators from the register: who the entity is and how often that changed."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.lineage import AS_OF, ENTITY_ID
from jobs.transforms.ratios import ratio
from jobs.transforms.selected import aggregate, select

CHANGE_DAYS = 365
PAIRED_CHANGE_DAYS = 30

_ENTITY = {
    "age_days": "CASE WHEN established_on <= as_of THEN datediff(as_of, established_on) END",
    "is_active": "status = 'active'",
    "is_ended": "status IN ('closed', 'revoked') AND coalesce(closed_on <= as_of, true)",
    "paid_in_share": ratio("paid_in_capital_minor", "registered_capital_minor"),
    "platform_flag": "CASE WHEN is_platform THEN 1 WHEN NOT is_platform THEN 0 END",
}

_CHANGES = {
    "changes_12m": f"count_if(days_ago < {CHANGE_DAYS})",
    "days_since_change": "min(days_ago)",
    "rep_days": f"collect_list(CASE WHEN change_type = 'legal_rep' AND days_ago < {CHANGE_DAYS} THEN days_ago END)",
    "address_days": f"collect_list(CASE WHEN change_type = 'address' AND days_ago < {CHANGE_DAYS} THEN days_ago END)",
}

KEPT = (
    "entity_id", "status", "established_on", "closed_on", "industry_section", "industry_division", "industry_group",
    "region_middle", "address_key", "legal_rep_id", "owner_id", "phone_hash", "agent_id", "registered_capital_minor",
)  # fmt: skip


def add_register_indicators(entities: DataFrame, *, as_of: date) -> DataFrame:
    """Age (days), status, and share of capital paid in, of each entity's version in force.

    Args:
        entities: one row an entity, the silver entity's columns.
    """
    dated = entities.withColumn(AS_OF, F.lit(as_of))
    return dated.transform(select, *KEPT, *[f"{sql} AS {name}" for name, sql in _ENTITY.items()])


def count_changes(versions: DataFrame, *, as_of: date) -> DataFrame:
    """One row an entity that changed: changes in 12 months, days since the last, legal representative and address at once.

    A change is told by its day and kind, so that a corrected or repeated record counts once. A register that gives no
    kinds of change yields no row, and its indicators stay unknown.

    Args:
        versions: every known version of every entity.
    """
    changes = (
        versions.where("change_type IS NOT NULL AND change_type <> 'new' AND changed_on IS NOT NULL")
        .select(ENTITY_ID, "changed_on", "change_type")
        .distinct()
        .withColumn("days_ago", F.datediff(F.lit(as_of), F.col("changed_on")))
    )
    counted = changes.transform(aggregate, [ENTITY_ID], _CHANGES)
    paired = f"exists(rep_days, r -> exists(address_days, a -> abs(r - a) <= {PAIRED_CHANGE_DAYS}))"
    return counted.transform(
        select, ENTITY_ID, "changes_12m", "days_since_change", f"CASE WHEN {paired} THEN 1 ELSE 0 END AS rep_and_address_changed"
    )


def count_any_changes(versions: DataFrame) -> DataFrame:
    """One row: whether the register tells kinds of change at all (``has_changes``)."""
    return versions.agg(F.expr("count_if(change_type IS NOT NULL) > 0").alias("has_changes"))
