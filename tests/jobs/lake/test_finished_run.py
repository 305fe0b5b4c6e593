"""A finished day's reader and the frames of the steps take the same versions for the newest."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from expectations.contracts.complaint import COMPLAINT_ID, RECEIVED_ON
from expectations.contracts.lineage import DELIVERED_ON, IS_ABSENT, IS_REVISION, KNOWN_AT, SOURCE, SOURCE_FILE, SOURCE_ROW
from expectations.contracts.silver import COMPLAINT
from jobs.engine.lake import Lake
from jobs.lake.finished_run import FinishedRun
from jobs.lake.tables import arrow_schema
from jobs.transforms.latest_known import keep_known, keep_latest

TODAY = date(2026, 6, 30)
PLACE = [str(SOURCE), str(SOURCE_FILE), str(SOURCE_ROW)]


def versions(seed: int) -> pa.Table:
    """Versions of 40 complaints with many equal instants and days, some of them absent or after the day."""
    drawn = random.Random(seed)
    rows, seen = [], set()
    for number, place in enumerate(drawn.sample(list(product(range(40), ("a", "b"), ("1.csv", "2.csv"), range(3))), 200)):
        key, source, file, row = place
        known_on = TODAY + timedelta(days=drawn.randint(-2, 1))
        rows.append(
            {
                COMPLAINT_ID: f"C{key}",
                RECEIVED_ON: drawn.choice([None, known_on, TODAY + timedelta(days=1)]),
                KNOWN_AT: datetime(known_on.year, known_on.month, known_on.day, 12, tzinfo=UTC),
                DELIVERED_ON: known_on + timedelta(days=drawn.randint(0, 1)),
                SOURCE: source,
                SOURCE_FILE: file,
                SOURCE_ROW: number * 10 + row,
                IS_ABSENT: drawn.random() < 0.2,
                IS_REVISION: key in seen,
            }
        )
        seen.add(key)
    schema = arrow_schema(COMPLAINT)
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema)


@pytest.mark.parametrize("seed", range(3))
def test_both_readers_take_the_same_newest_versions(seed: int, tmp_path: Path, spark: SparkSession) -> None:
    lake = Lake(tmp_path, spark)
    lake.replace_arrow(versions(seed), COMPLAINT, "true")
    manifest = {"tables": {COMPLAINT.full_name: lake.version(COMPLAINT)}}
    run = FinishedRun(tmp_path, TODAY, manifest, {"time_zone": "UTC"})

    read = run.newest(COMPLAINT, PLACE, RECEIVED_ON, key=COMPLAINT_ID)
    frame = keep_known(lake.read(COMPLAINT), cutoff=run.cutoff.replace(tzinfo=None), as_of=TODAY, event_on=str(RECEIVED_ON)).drop(
        IS_REVISION
    )
    newest = keep_latest(frame, [str(COMPLAINT_ID)]).select(str(COMPLAINT_ID), *PLACE).toPandas()

    assert 20 < len(read) < 40
    assert sorted(map(tuple, read.to_numpy())) == sorted(map(tuple, newest.to_numpy()))
