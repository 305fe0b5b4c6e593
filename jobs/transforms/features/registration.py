"""Indicators from the register: an entity's properties and how often they changed."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.lineage import AS_OF
from jobs.transforms.features.ratios import ratio
from jobs.transforms.frames import select

_ENTITY = {
    "sign_key": "coalesce(trading_name_key, name_key)",
    "age_days": "CASE WHEN established_on <= as_of THEN datediff(as_of, established_on) END",
    "is_active": "status = 'active'",
    "is_ended": "status IN ('closed', 'revoked') AND coalesce(closed_on <= as_of, true)",
    "paid_in_share": ratio("paid_in_capital_minor", "registered_capital_minor"),
    "platform_flag": "CASE WHEN is_platform THEN 1 WHEN NOT is_platform THEN 0 END",
    "days_since_change": "datediff(as_of, last_changed_on)",
}

KEPT = (
    "entity_id", "status", "established_on", "closed_on", "industry_section", "industry_division", "industry_group",
    "region_middle", "address_key", "legal_rep_id", "owner_id", "phone_hash", "agent_id", "registered_capital_minor",
    "changes_12m", "rep_and_address_changed",
)  # fmt: skip


def add_register_indicators(register: DataFrame, *, as_of: date) -> DataFrame:
    """Age (days), status, share of capital paid in, changes and the name on the sign of each entity in the register.

    Where a register gives no kinds of change, the indicators of changes are unknown.

    Args:
        register: one row per entity, the columns of ``state.register``.
    """
    dated = register.withColumn(AS_OF, F.lit(as_of))
    return dated.transform(select, *KEPT, *[f"{sql} AS {name}" for name, sql in _ENTITY.items()])


def count_any_changes(register: DataFrame) -> DataFrame:
    """One row: whether the register gives any kind of change (``has_changes``)."""
    return register.agg(F.expr("count_if(tells_changes) > 0").alias("has_changes"))
