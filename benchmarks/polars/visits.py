"""Visits by Polars: those of a day's past, and each entity's record of them."""

from __future__ import annotations

import polars as pl
from polars import LazyFrame, col, when

from benchmarks.asked import Asked
from benchmarks.polars.tables import days_ago, newest, over, scan, sum_known

RECORD = 1095
"""Days of visits that count."""
VISITED = ("violations_36m", "visits_36m", "penalties_36m", "unmet_visits_36m")


def read_visits(asked: Asked) -> pl.DataFrame:
    """Every visit that was planned or made by the day."""
    columns = (
        "inspection_id", "entity_id", "inclusion_probability", "selected_by", "planned_on", "inspected_on", "visit_status",
        "items_checked", "breaches", "severity", "found_violation", "penalty_minor",
    )  # fmt: skip
    since = days_ago(col("inspected_on"), asked.as_of)
    return (
        newest(scan(asked, "inspection", columns), ("inspection_id",))
        .filter(col("inspected_on").is_null() | (col("inspected_on") <= asked.as_of))
        .with_columns(
            days_ago=days_ago(pl.coalesce("inspected_on", "planned_on"), asked.as_of),
            is_made=(col("visit_status") == "inspected").fill_null(False) & col("inspected_on").is_not_null(),
            decay=(1_000_000 * pl.lit(0.5).pow(since / 365)).round(mode="half_away_from_zero").cast(pl.Int64),
            weight=(1000 / col("inclusion_probability").fill_null(1.0)).round(mode="half_away_from_zero").cast(pl.Int64),
        )
        .collect(engine="streaming")
    )


def visits_by_entity(visits: LazyFrame) -> LazyFrame:
    """Each entity's record of visits."""
    is_recent = col("is_made") & (col("days_ago") < RECORD)
    is_unmet = col("visit_status").is_in(["not_reachable", "refused"]) & col("days_ago").is_between(0, RECORD - 1)
    last = (
        visits.filter("is_made")
        .sort("inspected_on", "inspection_id")
        .group_by("entity_id")
        .agg(last_visit_violation=col("found_violation").last().cast(pl.Int64))
    )
    counted = visits.group_by("entity_id").agg(
        visits_36m=is_recent.sum(),
        violations_36m=(is_recent & col("found_violation")).sum(),
        breaches=sum_known(when(col("is_made") & (col("items_checked") > 0)).then(col("breaches") * col("decay"))),
        items=sum_known(when(col("is_made") & col("breaches").is_not_null()).then(col("items_checked") * col("decay"))),
        days_since_visit=when("is_made").then(col("days_ago")).min(),
        days_since_violation=when(col("is_made") & col("found_violation")).then(col("days_ago")).min(),
        worst_finding=when(is_recent).then(col("severity")).max(),
        penalties_36m=when(is_recent).then(col("penalty_minor")).sum(),
        unmet_visits_36m=is_unmet.sum(),
    )
    return (
        counted.with_columns(breach_rate=over(col("breaches"), col("items")))
        .drop("breaches", "items")
        .join(last, on="entity_id", how="left")
    )
