"""A Parquet delivery that arrives broken; yesterday's returns came whole, as Parquet too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from tests.day.damage import Damage, empty, garble, put_folder, remove, today
from tests.day.town import PROFILE, SOURCES, YESTERDAY, Town


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Town:
    """The town whose tax office delivers Parquet, with yesterday's returns taken in; for copying."""
    folder = tmp_path_factory.mktemp("parquet")
    shutil.copytree(PROFILE, folder / "profile")
    mapping = folder / "profile" / "sources" / "returns.toml"
    text = mapping.read_text(encoding="utf-8").replace('format = "csv"\ndelimiter = ";"', 'format = "parquet"')
    mapping.write_text(text.replace("*.csv", "*.parquet"), encoding="utf-8")
    for path in sorted((SOURCES / "returns").rglob("*.csv")):
        to = (folder / "sources" / path.relative_to(SOURCES)).with_suffix(".parquet")
        to.parent.mkdir(parents=True)
        pd.read_csv(path, sep=";", dtype=str, keep_default_na=False).to_parquet(to, index=False)
    town = Town(folder / "home", folder / "sources", spark, folder / "profile")
    assert town.settle("returns", YESTERDAY).verdict == "passed"
    return town


def halve(path: Path) -> None:
    """The first half of the file: its footer is gone."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def spoil_pages(path: Path) -> None:
    """Data pages of noise under a footer that is whole."""
    content = bytearray(path.read_bytes())
    for at in range(4, 400):
        content[at] ^= 0x5A
    path.write_bytes(bytes(content))


def drop_rows(path: Path) -> None:
    """Columns without a row."""
    pq.write_table(pq.read_table(path).slice(0, 0), path)


def drop_column(path: Path) -> None:
    """A column fewer."""
    pq.write_table(pq.read_table(path).drop_columns(["filed"]), path)


def turn_names(path: Path) -> None:
    """Every value under its neighbour's name."""
    table = pq.read_table(path)
    pq.write_table(table.rename_columns([*table.column_names[1:], table.column_names[0]]), path)


def nest_column(path: Path) -> None:
    """A list where a text should be."""
    table = pq.read_table(path)
    at = table.column_names.index("month")
    pq.write_table(table.set_column(at, "month", pa.array([[value] for value in table["month"].to_pylist()])), path)


def hit(settled: Town, folder: Path, how: Damage) -> tuple[Town, str]:
    town = settled.copy(folder)
    (path,) = today(town.sources, "returns")
    how(path)
    return town, path.relative_to(town.sources).as_posix()


@pytest.mark.parametrize("how", [garble, halve, spoil_pages])
def test_an_unreadable_file_stops_the_source_and_is_named(settled: Town, tmp_path: Path, how: Damage) -> None:
    town, name = hit(settled, tmp_path, how)
    manifest = town.settle("returns")
    assert (manifest.verdict, manifest.batches[-1]["kept"]) == ("stopped", 0)
    assert {place[0] for place in town.quarantined("returns")} == {name}
    assert manifest.newest_delivery is not None
    assert manifest.newest_delivery <= YESTERDAY


@pytest.mark.parametrize("how", [drop_column, turn_names])
def test_unexpected_columns_stop_the_source(settled: Town, tmp_path: Path, how: Damage) -> None:
    town, name = hit(settled, tmp_path, how)
    manifest = town.settle("returns")
    assert manifest.verdict == "stopped"
    assert {place[0] for place in town.quarantined("returns")} == {name}


def test_a_column_of_another_type_stops_the_source_and_the_data_before_stays(settled: Town, tmp_path: Path) -> None:
    town, _ = hit(settled, tmp_path, nest_column)
    before = settled.settle("returns", YESTERDAY)
    manifest = town.settle("returns")
    assert (manifest.verdict, manifest.known_rows) == ("stopped", before.known_rows)


@pytest.mark.parametrize("how", [empty, drop_rows, remove, put_folder])
def test_an_empty_or_missing_file_adds_and_removes_no_rows(settled: Town, tmp_path: Path, how: Damage) -> None:
    town, _ = hit(settled, tmp_path, how)
    before = settled.settle("returns", YESTERDAY).known_rows
    manifest = town.settle("returns")
    assert manifest.verdict in ("passed", "unchanged")
    assert manifest.known_rows == before
    assert town.quarantined("returns") == []
