"""Damaged files of a home are reported as damage, with what to do, and not as a fault of the program."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from expectations.contracts import scoring
from jobs.cli import main
from jobs.foundation.errors import ConfigError, Damaged, damage_from_error
from jobs.lake.manifests import run_manifest_path
from tests.jobs.lake.homes import home_of

DAY = date(2026, 6, 30)


def cut_the_log(table: Path) -> None:
    newest = max(table.glob("_delta_log/*.json"))
    newest.write_bytes(newest.read_bytes()[:100])


def put_something_else(table: Path) -> None:
    for file in table.rglob("*.parquet"):
        file.write_text("no table")


def take_files_away(table: Path) -> None:
    for file in table.rglob("*.parquet"):
        file.unlink()


DAMAGES = [cut_the_log, put_something_else, take_files_away]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_reported_by_the_reader_without_an_engine(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    lake = home_of(tmp_path, [DAY])
    damage(lake.path(scoring.RISK_LIST))
    with pytest.raises(Exception, match=r".") as caught:
        lake.arrow(scoring.RISK_LIST)
    assert isinstance(damage_from_error(caught.value), Damaged)


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_reported_by_the_engine(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    lake = home_of(tmp_path, [DAY])
    damage(lake.path(scoring.RISK_LIST))
    with pytest.raises(Exception, match=r".") as caught:
        lake.read(scoring.RISK_LIST).toPandas()
    assert isinstance(damage_from_error(caught.value), Damaged)


@pytest.mark.parametrize("error", [RuntimeError("Parquet error"), ValueError("Json error"), MemoryError()])
def test_what_is_no_reader_s_error_is_no_damage(error: Exception) -> None:
    assert damage_from_error(error) is None


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_verb_says_what_is_damaged_and_what_to_do(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], damage: Callable[[Path], None]
) -> None:
    damage(home_of(tmp_path, [DAY]).path(scoring.RISK_LIST))
    assert _exported(tmp_path) == Damaged.exit_code
    assert "lake check" in capfd.readouterr().err


def test_a_manifest_that_is_cut_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    home_of(tmp_path, [DAY])
    manifest = run_manifest_path(tmp_path, DAY)
    manifest.write_bytes(manifest.read_bytes()[:20])
    assert _exported(tmp_path) == Damaged.exit_code
    assert str(manifest) in capfd.readouterr().err


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_out_of_reach_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str], day: str) -> None:
    assert _exported(home_of(tmp_path, [DAY]).home, day) == ConfigError.exit_code
    assert "1900-01-01" in capfd.readouterr().err


def _exported(home: Path, day: str = str(DAY)) -> int:
    asked = ["export", "risk_list", "--home", str(home), "--as-of", day, "--format", "csv", "--out", str(home / "list.csv")]
    with pytest.raises(SystemExit) as left:
        main(asked)
    return int(left.value.code or 0)
