"""Silver by Polars: what was known of a table, the newest version of each key, and figures that may be unknown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl
from polars import LazyFrame, col, when

from benchmarks.features.request import Asked

ORDER = ("known_at", "delivered_on", "source", "source_file", "source_row")
"""The order of a key's versions, oldest first."""
LINEAGE = (*ORDER, "is_absent", "is_revision")
YEAR = 365
"""Days of complaints and changes that count."""


def scan(asked: Asked, table: str, columns: Sequence[str], order: Sequence[str] = LINEAGE) -> LazyFrame:
    """The rows of a table that were known by the day, with some columns and those of ``order``."""
    partitions = {"as_of": pl.Date} if table == "link" else {"source": pl.String, "delivered_on": pl.Date}
    cutoff = pl.lit(asked.cutoff).dt.replace_time_zone("UTC")
    rows = pl.scan_parquet(asked.files[table], hive_partitioning=True, hive_schema=partitions)
    return rows.filter(col("known_at") < cutoff).select(*columns, *order)


def newest(rows: LazyFrame, key: Sequence[str]) -> LazyFrame:
    """The newest version of each key, unless it says that the record is gone.

    Only keys with a record that revises another have versions to choose from, and those are few.
    """
    revised = rows.filter("is_revision").select(key).unique()
    single = rows.join(revised, on=list(key), how="anti")
    several = rows.join(revised, on=list(key), how="semi").sort(ORDER).unique(key, keep="last", maintain_order=True)
    return pl.concat([single, several]).filter(~col("is_absent"))


def sum_known(value: pl.Expr) -> pl.Expr:
    """The sum of what is known; unknown where nothing is."""
    return when(value.count() > 0).then(value.sum())


def over(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """A quotient; unknown where the denominator is zero or either side unknown."""
    return when(denominator != 0).then(numerator / denominator)


def excess(parts: pl.Expr, weights: pl.Expr) -> pl.Expr:
    """The share of visits found beyond expectation; unknown where there was none."""
    return when(weights > 0).then(parts / 1e6 / (weights + 1_000_000))


def days_ago(day: pl.Expr, as_of: date) -> pl.Expr:
    """Whole days from a date to the day; negative for dates to come."""
    return (pl.lit(as_of) - day).dt.total_days().cast(pl.Int64)


def zeros(names: Sequence[str], *, is_told: bool) -> list[pl.Expr]:
    """Counts and sums that are zero where nothing is found, and unknown where the source tells of nobody."""
    return [col(name).fill_null(0) if is_told else pl.lit(None, pl.Int64).alias(name) for name in names]
