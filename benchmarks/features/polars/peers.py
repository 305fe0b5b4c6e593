"""Peer groups: the narrowest group of sufficient size for each entity, and deviations from its medians."""

from __future__ import annotations

import polars as pl
from polars import LazyFrame, col, when

from benchmarks.features.request import PEER_INDICATORS, FeatureRequest

MINIMUM_VALUES = 5
"""Minimum number of values for a peer group's median."""
PARTS = ("industry_section", "industry_division", "industry_group", "size_band", "age_band", "region_middle")


def add_cell(frame: LazyFrame, request: FeatureRequest) -> LazyFrame:
    """Add bands of sales and age, and ``cell``, which combines all parts of peer groups."""

    def band(value: pl.Expr, bounds: list[float]) -> pl.Expr:
        reached = pl.sum_horizontal([(value >= bound).cast(pl.Int64) for bound in bounds]) if bounds else pl.lit(0)
        return when(value.is_null()).then(pl.lit("-")).otherwise(reached.cast(pl.String))

    return frame.with_columns(
        size_band=band(col("sales_12m"), list(request.size_bands)),
        age_band=band(col("age_days"), [years * 365.25 for years in request.age_bands]),
    ).with_columns(cell=pl.concat_str([col(part).fill_null("") for part in PARTS], separator="|"))


def add_peer_deviations(rated: pl.DataFrame, minimum: int) -> pl.DataFrame:
    """Add the narrowest peer group of sufficient size, and the deviations of indicators from its medians."""
    groups = _groups(rated.lazy()).collect()
    placed = (
        groups.filter((col("peer_size") >= minimum) | (col("peer_level") == 4))
        .sort("peer_level")
        .group_by("cell")
        .agg(col("peer_group", "peer_level", "peer_size").first())
    )
    used = groups.filter((col("peer_level") == 4) | col("peer_group").is_in(placed["peer_group"].unique().implode()))
    described = _describe(rated, used.select("cell", "peer_group"))
    every = described.filter(col("peer_group") == "all")
    scales = described.with_columns(
        pl.coalesce(f"scale_{name}", pl.lit(every[f"scale_{name}"].first(), pl.Float64)).alias(f"scale_{name}")
        for name in PEER_INDICATORS
    )
    deviations = rated.lazy().join(placed.lazy(), on="cell").join(scales.lazy(), on="peer_group", how="left")
    return deviations.with_columns(_z(name) for name in PEER_INDICATORS).collect(engine="streaming")


def _groups(rated: LazyFrame) -> LazyFrame:
    """One row per cell and level with the group and its active entities; none if a part of the group is unknown."""
    levels = (
        ("industry_group", "size_band", "age_band", "region_middle"),
        ("industry_division", "size_band", "age_band", "region_middle"),
        ("industry_division", "size_band", "age_band"),
        ("industry_section", "size_band"),
    )
    cells = rated.group_by("cell", *PARTS).agg(active=col("is_active").sum().cast(pl.Int64))
    names = [
        pl.concat_str([pl.format(f"{part}={{}}", col(part)) for part in parts], separator=", ", ignore_nulls=False)
        for parts in levels
    ]
    labelled = [
        cells.select("cell", "active", peer_level=pl.lit(level), peer_group=name)
        for level, name in enumerate([*names, pl.lit("all")])
    ]
    return (
        pl.concat(labelled).filter(col("peer_group").is_not_null()).with_columns(peer_size=col("active").sum().over("peer_group"))
    )


def _describe(rated: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Median and scale of each indicator by group; the scale is 1.4826 MAD, or the 90th percentile ÷ 1.6449."""
    measured = []
    for name in PEER_INDICATORS:
        value = col(name).cast(pl.Float64).drop_nulls()
        away = (value - value.median()).abs().sort()
        high = away.get((value.len() * 9 + 9) // 10 - 1, null_on_oob=True)
        mad = away.median()
        scale = when(mad != 0).then(mad * 1.4826).when(high != 0).then(high / 1.6449)
        is_enough = value.len() >= MINIMUM_VALUES
        measured += [when(is_enough).then(value.median()).alias(f"m_{name}"), when(is_enough).then(scale).alias(f"scale_{name}")]
    active = rated.lazy().filter("is_active").select("cell", *PEER_INDICATORS)
    return members.lazy().join(active, on="cell").group_by("peer_group").agg(measured).collect()


def _z(name: str) -> pl.Expr:
    off, scale = col(name) - col(f"m_{name}"), col(f"scale_{name}")
    bounded = when(scale.is_null()).then(20.0 * off.sign()).otherwise((off / scale).clip(-20, 20))
    return when(off == 0).then(0.0).otherwise(bounded).alias(f"{name}_vs_peers")
