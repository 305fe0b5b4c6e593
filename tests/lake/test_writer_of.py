"""A table's own log says by which engine, in which version, a day's rows were written."""

from __future__ import annotations

from datetime import date
from importlib.metadata import version
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from expectations.contracts.silver import LINK
from jobs.runtime.lake import Lake

DAY, OTHER = "as_of = '2026-01-01'", "as_of = '2026-01-02'"


def test_the_last_that_replaced_the_days_rows_is_named_with_its_version(tmp_path: Path, spark: SparkSession) -> None:
    lake = Lake(tmp_path, spark)
    sql = "SELECT 'c' complaint_id, 'e' entity_id, 0.9D link_confidence, 'name' link_method, TIMESTAMP'2026-01-01' known_at"
    lake.replace(spark.sql(sql).withColumn("as_of", F.lit(date(2026, 1, 1))), LINK, DAY)
    lake.replace_arrow(lake.arrow(LINK).slice(0, 0), LINK, OTHER)

    assert lake.writer_of(LINK, DAY) == f"sail-delta-lake:{version('pysail')}"


def test_of_rows_that_nobody_wrote_nobody_is_named(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    assert lake.writer_of(LINK, DAY) is None
    lake.create(LINK)
    assert lake.writer_of(LINK, DAY) is None
