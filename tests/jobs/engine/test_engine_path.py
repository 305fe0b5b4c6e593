"""A home may have any name."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from expectations.contracts.silver import LINK
from jobs.engine.lake import Lake
from jobs.engine.scratch import Scratch
from jobs.foundation.errors import ConfigError
from jobs.foundation.paths import engine_path

NAMES = ["plain", "a b", "中文", "a#b", "a[1]", "a?b"]


@pytest.mark.parametrize("name", NAMES)
def test_tables_and_intermediate_results_are_in_the_home_whatever_its_name(tmp_path: Path, spark: SparkSession, name: str) -> None:
    home = tmp_path / name
    home.mkdir()
    lake = Lake(home, spark)
    row = spark.sql("SELECT 'c' complaint_id, 'e' entity_id, 0.9D link_confidence, 'name' link_method, DATE'2026-01-01' as_of")
    rows = row.withColumn("known_at", row["as_of"].cast("timestamp"))
    with Scratch(home, "trial") as scratch:
        lake.replace(scratch.materialise(rows), LINK, "as_of = '2026-01-01'")
    assert lake.read(LINK).count() == lake.arrow(LINK).num_rows == 1
    assert list((home / "lake" / "silver" / "link").rglob("*.parquet"))


def test_a_name_with_an_escaped_character_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="%20"):
        engine_path(tmp_path / "a%20b")


def test_a_plain_folder_is_itself_and_others_are_reached_by_a_link(tmp_path: Path) -> None:
    assert engine_path(tmp_path) == tmp_path
    folder = tmp_path / "a b"
    assert engine_path(folder) == engine_path(folder) != folder
    assert engine_path(folder).readlink() == folder


def test_a_new_link_takes_away_those_whose_folders_are_gone_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary, gone, there = tmp_path / "tmp", tmp_path / "gone home", tmp_path / "a home"
    for folder in (temporary, gone, there):
        folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    dangling, standing = engine_path(gone), engine_path(there)
    gone.rmdir()
    others = [temporary / f"steelyard-{os.getuid()}-notes", temporary / f"steelyard-{os.getuid() + 1}-{'0' * 16}"]
    for link in others:
        link.symlink_to(tmp_path / "nowhere")
    no_link = temporary / f"steelyard-{os.getuid()}-{'f' * 16}"
    no_link.mkdir()

    assert engine_path(there) == standing
    assert dangling.is_symlink(), "nothing is looked through where the link is there"
    made = engine_path(tmp_path / "a new home")

    assert sorted(temporary.iterdir()) == sorted([standing, *others, no_link, made])
