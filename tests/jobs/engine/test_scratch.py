"""Intermediate results are compressed for the disk's sake, or not where they are asked to be quick."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from jobs.engine.scratch import Scratch


@pytest.mark.parametrize(("is_packed", "codec"), [(True, "SNAPPY"), (False, "UNCOMPRESSED")])
def test_packed_or_not_the_same_rows_come_back_and_the_folder_goes(
    tmp_path: Path, spark: SparkSession, is_packed: bool, codec: str
) -> None:
    with Scratch(tmp_path, "trial", is_packed=is_packed) as scratch:
        rows = scratch.materialise(spark.range(1000)).orderBy("id").collect()
        written = [pq.ParquetFile(path).metadata for path in scratch.folder.rglob("*.parquet")]
        found = {file.row_group(group).column(0).compression for file in written for group in range(file.num_row_groups)}

    assert [row["id"] for row in rows] == list(range(1000))
    assert found == {codec}
    assert not scratch.folder.exists()
