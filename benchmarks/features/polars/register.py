"""The register: the version of each entity in force, and its changes."""

from __future__ import annotations

from datetime import date

import polars as pl
from polars import LazyFrame, col, when

from benchmarks.features.polars.tables import YEAR, days_ago, newest, over, scan
from benchmarks.features.request import FeatureRequest
from jobs.transforms.conform import FULL_WIDTH, HALF_WIDTH, NOISE

CHANGED = ("changes_12m", "rep_and_address_changed")


def read_versions(request: FeatureRequest) -> pl.DataFrame:
    """Every version of every entity that was known and in force by the day."""
    columns = (
        "entity_id", "name_key", "trading_name", "status", "established_on", "closed_on", "industry_section", "industry_division",
        "industry_group", "region_middle", "address_key", "legal_rep_id", "owner_id", "phone_hash", "agent_id",
        "registered_capital_minor", "paid_in_capital_minor", "is_platform", "changed_on", "change_type",
    )  # fmt: skip
    is_in_force = col("changed_on").is_null() | (col("changed_on") <= request.as_of)
    return scan(request, "entity", columns).filter(is_in_force).collect(engine="streaming")


def entities_in_force(versions: pl.DataFrame, request: FeatureRequest) -> pl.DataFrame:
    """The newest version of each entity, with its age and whether it is active or closed."""
    ended = col("status").is_in(["closed", "revoked"]) & (col("closed_on") <= request.as_of).fill_null(True)
    return (
        newest(versions.lazy(), ("entity_id",))
        .select(
            "entity_id", "established_on", "closed_on", "industry_section", "industry_division", "industry_group", "region_middle",
            "legal_rep_id", "owner_id",
            *[when(col(name) != "").then(col(name)).alias(name) for name in ("address_key", "phone_hash", "agent_id")],
            age_days=when(col("established_on") <= request.as_of).then(days_ago(col("established_on"), request.as_of)),
            sign_key=pl.coalesce(_name_key(col("trading_name")), "name_key"),
            is_active=(col("status") == "active").fill_null(False),
            is_ended=ended.fill_null(False),
            registered_capital=col("registered_capital_minor"),
            paid_in_share=over(col("paid_in_capital_minor"), col("registered_capital_minor")),
            platform_flag=col("is_platform").cast(pl.Int64),
        )
        .collect(engine="streaming")
    )  # fmt: skip


def _name_key(name: pl.Expr) -> pl.Expr:
    """A name in one width and upper case, without spaces and punctuation; null if empty."""
    key = name.str.replace_many(list(FULL_WIDTH), list(HALF_WIDTH)).str.to_uppercase().str.replace_all(NOISE, "")
    return when(key != "").then(key)


def changes_by_entity(versions: LazyFrame, as_of: date) -> LazyFrame:
    """Changes within a year, days since the last, and whether person and address changed together, by entity."""
    changes = (
        versions.filter(col("change_type").is_not_null() & (col("change_type") != "new") & col("changed_on").is_not_null())
        .select("entity_id", "change_type", days_ago=days_ago(col("changed_on"), as_of))
        .unique()
    )
    recent = changes.filter(col("days_ago") < YEAR)
    reps = recent.filter(col("change_type") == "legal_rep").select("entity_id", rep="days_ago")
    moves = recent.filter(col("change_type") == "address").select("entity_id", moved="days_ago")
    paired = (
        reps.join(moves, on="entity_id")
        .filter((col("rep") - col("moved")).abs() <= 30)
        .select("entity_id", rep_and_address_changed=pl.lit(1, pl.Int64))
        .unique()
    )
    return (
        changes.group_by("entity_id")
        .agg(changes_12m=(col("days_ago") < YEAR).sum(), days_since_change=col("days_ago").min())
        .join(paired, on="entity_id", how="left")
    )
