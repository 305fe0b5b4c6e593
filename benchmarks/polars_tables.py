"""Silver by Polars: what was known of a table, the newest version of each key, and sums and ratios that may be unknown."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from polars import LazyFrame, col, when

from benchmarks.asked import Asked

ORDER = ("known_at", "delivered_on", "source", "source_file", "source_row")
"""The order of a key's versions, oldest first."""
LINEAGE = (*ORDER, "is_absent", "is_revision")


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
    """A quotient; unknown where the denominator is nought or either side unknown."""
    return when(denominator != 0).then(numerator / denominator)
