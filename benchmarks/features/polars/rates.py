"""Rates that are shrunk towards the rate of a pool, since a single entity has few events."""

from __future__ import annotations

import polars as pl
from polars import LazyFrame, col, when

from benchmarks.features.polars.tables import over
from benchmarks.features.request import FeatureRequest

MINIMUM_UNITS = 30
"""Minimum size of a pool for estimating the variance of rates."""


def base_rates(visits: LazyFrame, entities: LazyFrame) -> tuple[LazyFrame, LazyFrame]:
    """Violation rates of random visits, by industry and region, and over all cells."""
    cells = (
        visits.filter(col("is_made") & (col("selected_by") == "random") & col("weight").is_not_null())
        .join(entities.select("entity_id", "industry_division", "region_middle"), on="entity_id")
        .group_by("industry_division", "region_middle")
        .agg(
            w=col("weight").sum(),
            ww=(col("weight") * col("weight")).sum(),
            wy=when("found_violation").then(col("weight")).sum(),
        )
        # Whole thousandths of a visit.
        .with_columns(
            worth=(1000 * (col("w").cast(pl.Float64) * col("w") / col("ww"))).round(mode="half_away_from_zero").cast(pl.Int64)
        )
        .with_columns(violations=(col("worth") * (col("wy") / col("w"))).round(mode="half_away_from_zero").cast(pl.Int64))
    )
    pool = cells.select(_pool("violations", "worth", is_share=True, parts=1000))
    own = _shrunk(col("violations") / 1000, col("worth") / 1000)
    rates = cells.join(pool, how="cross").select("industry_division", "region_middle", base_rate=own)
    return rates, pool.select(overall="rate")


def add_rates(frame: LazyFrame, request: FeatureRequest) -> LazyFrame:
    """Add complaints per million of sales and the share of visits with a violation, shrunk towards the industry section's."""
    known = frame.with_columns(
        section=col("industry_section").fill_null(""),
        exposure=when(col("sales_12m").is_not_null()).then(pl.max_horizontal("sales_12m", pl.lit(request.sales_floor))),
    )
    for name, events, exposure, is_share, scale in (
        ("complaint_rate", "complaints_12m", "exposure", False, request.per_million),
        ("violation_share", "violations_36m", "visits_36m", True, 1),
    ):
        units = known.filter(col("is_active") & (col(exposure) > 0) & col(events).is_not_null())
        own = units.group_by("section").agg(_pool(events, exposure, is_share=is_share)).filter(col("units") >= MINIMUM_UNITS)
        every = units.select(_pool(events, exposure, is_share=is_share)).select(every_rate="rate", every_credit="credit")
        is_own = col("units").is_not_null()
        known = (
            known.join(own, on="section", how="left")
            .join(every, how="cross")
            .with_columns(
                rate=when(is_own).then("rate").otherwise("every_rate"), credit=when(is_own).then("credit").otherwise("every_credit")
            )
            .with_columns((_shrunk(col(events), col(exposure)) * scale).alias(name))
            .drop("rate", "credit", "units", "every_rate", "every_credit")
        )
    return known


def _pool(events: str, exposure: str, *, is_share: bool, parts: int = 1) -> list[pl.Expr]:
    """The rate of a pool and its weight against a unit's own rate (``credit``), by the method of moments."""
    square = (col(events).cast(pl.Float64) * col(events) / col(exposure)).cast(pl.Decimal(38, 18)).sum().cast(pl.Float64)
    total = col(exposure).sum()
    rate = over(col(events).sum(), total)
    v = rate * (1 - rate) if is_share else rate
    spread = square / total - rate * rate - v * pl.len() * parts / total
    return [rate.alias("rate"), when(spread > 0).then(v / spread).alias("credit"), pl.len().alias("units")]


def _shrunk(events: pl.Expr, exposure: pl.Expr) -> pl.Expr:
    """A unit's rate, shrunk towards the rate of its pool."""
    shrunk = (events + col("rate") * col("credit")) / (exposure + col("credit"))
    return when(events.is_not_null() & exposure.is_not_null()).then(when(col("credit").is_null()).then("rate").otherwise(shrunk))
