"""Read silver tables: rows known by the day, the newest version of each key, and arithmetic with unknown values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl
from polars import LazyFrame, col, when

from benchmarks.features.request import FeatureRequest

ORDER = ("known_at", "delivered_on", "source", "source_file", "source_row")
"""Sort order of the versions of a key, oldest first."""
LINEAGE = (*ORDER, "is_absent", "is_revision")
YEAR = 365
"""Days for which complaints and changes count."""


def scan(request: FeatureRequest, table: str, columns: Sequence[str], order: Sequence[str] = LINEAGE) -> LazyFrame:
    """The rows of a table known by the day, with ``columns`` and ``order``."""
    partitions = {"as_of": pl.Date} if table == "link" else {"source": pl.String, "delivered_on": pl.Date}
    cutoff = pl.lit(request.cutoff).dt.replace_time_zone("UTC")
    rows = pl.scan_parquet(request.files[table], hive_partitioning=True, hive_schema=partitions)
    return rows.filter(col("known_at") < cutoff).select(*columns, *order)


def newest(rows: LazyFrame, key: Sequence[str]) -> LazyFrame:
    """The newest version of each key, without deleted records. Only the few keys with a revision need sorting."""
    revised = rows.filter("is_revision").select(key).unique()
    single = rows.join(revised, on=list(key), how="anti")
    several = rows.join(revised, on=list(key), how="semi").sort(ORDER).unique(key, keep="last", maintain_order=True)
    return pl.concat([single, several]).filter(~col("is_absent"))


def sum_known(value: pl.Expr) -> pl.Expr:
    """The sum of known values; null if there are none."""
    return when(value.count() > 0).then(value.sum())


def over(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """A quotient; null if the denominator is zero or either side null."""
    return when(denominator != 0).then(numerator / denominator)


def excess(parts: pl.Expr, weights: pl.Expr) -> pl.Expr:
    """Findings beyond expectation per visit, shrunk to zero; null without visits."""
    return when(weights > 0).then(parts / 1e6 / (weights + 1_000_000))


def days_ago(day: pl.Expr, as_of: date) -> pl.Expr:
    """Whole days from a date to the day; negative for future dates."""
    return (pl.lit(as_of) - day).dt.total_days().cast(pl.Int64)


def zeros(names: Sequence[str], *, has_data: bool) -> list[pl.Expr]:
    """Replace null by zero, or set null if the source has no data at all."""
    return [col(name).fill_null(0) if has_data else pl.lit(None, pl.Int64).alias(name) for name in names]
