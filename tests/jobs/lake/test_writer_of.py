"""A table's own log says by which engine, in which version, a day's rows were written."""

from __future__ import annotations

from datetime import date
from importlib.metadata import version
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from expectations.contracts.silver import LINK
from jobs.engine.lake import Lake
from jobs.lake.tables import FIRST_COMMITS, TIMES_MORE

DAY, OTHER = "as_of = '2026-01-01'", "as_of = '2026-01-02'"


def test_the_last_that_replaced_the_days_rows_is_named_with_its_version(tmp_path: Path, spark: SparkSession) -> None:
    lake = Lake(tmp_path, spark)
    sql = "SELECT 'c' complaint_id, 'e' entity_id, 0.9D link_confidence, 'name' link_method, TIMESTAMP'2026-01-01' known_at"
    lake.replace(spark.sql(sql).withColumn("as_of", F.lit(date(2026, 1, 1))), LINK, DAY)
    lake.replace_arrow(lake.arrow(LINK).slice(0, 0), LINK, OTHER)

    assert lake.writer_of(LINK, DAY) == f"sail-delta-lake:{version('pysail')}"


def test_of_a_long_log_no_more_is_read_than_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake(tmp_path)
    lake.create(LINK)
    nothing = lake.arrow(LINK)
    lake.replace_arrow(nothing, LINK, DAY)
    for _ in range(FIRST_COMMITS + 4):
        lake.replace_arrow(nothing, LINK, OTHER)
    asked: list[int | None] = []
    history = DeltaTable.history
    monkeypatch.setattr(DeltaTable, "history", lambda table, limit=None: asked.append(limit) or history(table, limit))
    by_us = f"delta-rs:py-{version('deltalake')}"

    assert lake.writer_of(LINK, f"{OTHER}::date") == by_us
    assert asked == [FIRST_COMMITS], "the newest commits tell"
    assert lake.writer_of(LINK, f"{DAY}::date") == by_us
    assert asked[1:] == [FIRST_COMMITS, FIRST_COMMITS * TIMES_MORE], "older ones are read when they do not"
    assert lake.writer_of(LINK, "as_of = '2020-01-01'::date") is None


def test_of_rows_that_nobody_wrote_nobody_is_named(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    assert lake.writer_of(LINK, DAY) is None
    lake.create(LINK)
    assert lake.writer_of(LINK, DAY) is None
