"""What is written into a home can be read by its owner only, unless its operator lets a group read it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.commands.doctor import PROBE
from jobs.engine.lake import Lake
from jobs.foundation.files import umask_of, write_json
from jobs.foundation.locks import hold_home_lock


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def rights(home: Path) -> set[str]:
    return {f"{path.stat().st_mode & 0o777:o}" for path in (home, *home.rglob("*"))}


def test_a_new_home_and_its_tables_are_readable_by_their_owner_only(tmp_path: Path, spark: SparkSession) -> None:
    home = tmp_path / "new" / "home"
    with hold_home_lock(home):
        own = Lake(home, spark)
        own.replace(spark.range(3).withColumnRenamed("id", "number"), PROBE, "true")
        write_json(home / "manifests" / "runs" / "2026-06-30.json", {})

    assert rights(home) == {"700", "600"}
    assert (home.parent.stat().st_mode & 0o777, os.umask(0o022)) == (0o700, 0o022)


@pytest.mark.parametrize(
    ("mode", "umask"), [(0o700, 0o077), (0o755, 0o077), (0o775, 0o077), (0o750, 0o027), (0o770, 0o007), (0o2770, 0o007)]
)
def test_a_group_reads_new_files_only_where_the_home_is_open_to_it_and_to_nobody_else(
    tmp_path: Path, mode: int, umask: int
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(mode)

    assert umask_of(home) == umask
    with hold_home_lock(home):
        write_json(home / "manifests" / "one.json", {})

    assert (home / "manifests" / "one.json").stat().st_mode & 0o777 == 0o666 & ~umask
    assert home.stat().st_mode & 0o7777 == mode
