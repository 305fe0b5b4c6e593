"""Visits: those planned or made by the day, and the record of each entity."""

from __future__ import annotations

import polars as pl
from polars import LazyFrame, col, when

from benchmarks.features.polars.tables import days_ago, excess, newest, over, scan, sum_known
from benchmarks.features.request import FeatureRequest

RECORD = 1095
"""Days for which visits count."""
VISITED = ("violations_36m", "visits_36m", "penalties_36m", "unmet_visits_36m")
FOLLOWED = ("follow_ups_36m",)


def read_visits(request: FeatureRequest) -> pl.DataFrame:
    """Every visit that was planned or made by the day."""
    columns = (
        "inspection_id", "entity_id", "inclusion_probability", "selected_by", "planned_on", "inspected_on", "visit_status",
        "items_checked", "breaches", "severity", "found_violation", "penalty_minor", "inspector_id",
    )  # fmt: skip
    since = days_ago(col("inspected_on"), request.as_of)
    took_place = (col("visit_status") == "inspected").fill_null(False) & col("inspected_on").is_not_null()
    follows_up = (col("selected_by") == "follow_up").fill_null(False)
    return (
        newest(scan(request, "inspection", columns), ("inspection_id",))
        .filter(col("inspected_on").is_null() | (col("inspected_on") <= request.as_of))
        .with_columns(
            days_ago=days_ago(pl.coalesce("inspected_on", "planned_on"), request.as_of),
            is_made=took_place & (col("found_violation").is_not_null() | ~follows_up),
            is_follow_up=took_place & follows_up,
            decay=(1_000_000 * pl.lit(0.5).pow(since / 365)).round(mode="half_away_from_zero").cast(pl.Int64),
            weight=(1000 / col("inclusion_probability")).round(mode="half_away_from_zero").cast(pl.Int64),
        )
        .collect(engine="streaming")
    )


def _expected(visits: LazyFrame) -> LazyFrame:
    """Add ``expected``: the expected findings of a visit in millionths, from what its inspector finds at other entities."""
    is_counted = (col("items_checked") > 0) & col("breaches").is_not_null()
    counts = {
        "found": col("found_violation").sum().cast(pl.Int64),
        "made": col("found_violation").count().cast(pl.Int64),
        "broken": col("breaches").cast(pl.Int64).filter(is_counted).sum(),
        "inspected_items": col("items_checked").cast(pl.Int64).filter(is_counted).sum(),
    }
    pair = ("entity_id", "inspector_id")
    strictness = (
        visits.filter("is_made")
        .group_by(pair)
        .agg(**counts)
        .select(*pair, expected=_elsewhere("found", "made", 30), expected_breaches=_elsewhere("broken", "inspected_items", 600))
    )
    return visits.join(strictness, on=pair, how="left", nulls_equal=True)


def _elsewhere(events: str, exposure: str, more: int) -> pl.Expr:
    """The inspector's rate at other entities in millionths, shrunk towards the rate of all inspectors at other entities."""
    own, own_exposure = (
        when(col("inspector_id").is_null()).then(0).otherwise(col(name).sum().over("inspector_id") - col(name))
        for name in (events, exposure)
    )
    others, others_exposure = (col(name).sum() - col(name).sum().over("entity_id") for name in (events, exposure))
    rate = pl.coalesce(over(others, others_exposure), over(col(events).sum(), col(exposure).sum()))
    return (1_000_000 * ((own + more * rate) / (own_exposure + more))).round(mode="half_away_from_zero").cast(pl.Int64)


def visits_by_entity(visits: LazyFrame) -> LazyFrame:
    """The record of visits by entity."""
    is_recent = col("is_made") & (col("days_ago") < RECORD)
    is_unmet = col("visit_status").is_in(["not_reachable", "refused"]) & col("days_ago").is_between(0, RECORD - 1)
    last = (
        visits.filter("is_made")
        .sort("inspected_on", "inspection_id")
        .group_by("entity_id")
        .agg(last_visit_violation=col("found_violation").last().cast(pl.Int64))
    )
    has_data = col("is_made") & col("found_violation").is_not_null()
    is_counted = col("is_made") & (col("items_checked") > 0) & col("breaches").is_not_null()
    more = 1_000_000 * col("breaches").cast(pl.Int64) - col("items_checked") * col("expected_breaches")
    beyond = when(col("found_violation")).then(1_000_000).otherwise(0) - col("expected")
    counted = (
        _expected(visits)
        .group_by("entity_id")
        .agg(
            visits_36m=is_recent.sum(),
            violations_36m=(is_recent & col("found_violation")).sum(),
            breaches=sum_known(when(col("is_made") & (col("items_checked") > 0)).then(col("breaches") * col("decay"))),
            items=sum_known(when(col("is_made") & col("breaches").is_not_null()).then(col("items_checked") * col("decay"))),
            days_since_visit=when("is_made").then(col("days_ago")).min(),
            days_since_violation=when(col("is_made") & col("found_violation")).then(col("days_ago")).min(),
            worst_finding=when(is_recent).then(col("severity")).max(),
            penalties_36m=when(is_recent).then(col("penalty_minor")).sum(),
            unmet_visits_36m=is_unmet.sum(),
            follow_ups_36m=(col("is_follow_up") & (col("days_ago") < RECORD)).sum(),
            days_since_follow_up=when("is_follow_up").then(col("days_ago")).min(),
            excess_parts=sum_known(when(has_data).then(beyond * col("decay"))),
            more_breaches=sum_known(when(is_counted).then(more * col("decay"))),
            counted_items=sum_known(when(is_counted).then(col("items_checked") * col("decay"))),
            decayed_visits=sum_known(when(has_data).then(col("decay"))),
        )
    )
    return (
        counted.with_columns(
            breach_rate=over(col("breaches"), col("items")),
            excess_breaches=when(col("counted_items") > 0).then(col("more_breaches") / 1e6 / (col("counted_items") + 20_000_000)),
            excess_violations=excess(col("excess_parts"), col("decayed_visits")),
        )
        .drop("breaches", "items", "more_breaches", "counted_items")
        .join(last, on="entity_id", how="left")
    )
