"""The tables of a home and their versions, for people and for programs."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from expectations.contracts.scoring import RISK_LIST
from jobs.lake.maintenance.history import table_states, table_versions
from jobs.lake.maintenance.maintain import maintain
from jobs.profile.profile import Retention
from tests.day.command import steelyard
from tests.jobs.lake.homes import FEATURES, home_of, put_day

D, BEFORE = date(2026, 6, 30), date(2026, 6, 29)


def test_versions_are_listed_newest_first_with_rows_and_the_days_that_wrote_them(tmp_path: Path) -> None:
    lake = home_of(tmp_path, [BEFORE, D])
    put_day(lake, D, entities=["E9"])

    versions = table_versions(lake, FEATURES, 10)

    assert [(row.version, row.operation, row.rows_added, row.left_by) for row in versions] == [
        (3, "WRITE", 1, ()),
        (2, "WRITE", 4, (D,)),
        (1, "WRITE", 4, (BEFORE,)),
        (0, "CREATE TABLE", None, ()),
    ]
    assert [row.replaced for row in versions[:1]] == ["as_of = '2026-06-30'::date"]
    assert [row.version for row in table_versions(lake, FEATURES, 2)] == [3, 2]


def test_a_version_whose_files_are_gone_is_shown_as_such(tmp_path: Path) -> None:
    lake = home_of(tmp_path, [BEFORE, D, D, D])
    maintain(lake, Retention(100, 2), D)

    whole = {row.version: row.is_whole for row in table_versions(lake, FEATURES, 10)}

    assert (whole[1], whole[2], whole[3], whole[4]) == (True, False, False, True)


def test_the_tables_are_shown_as_they_are(tmp_path: Path) -> None:
    lake = home_of(tmp_path, [BEFORE, D])

    states = {row.table: (row.version, row.contract, row.rows, row.files) for row in table_states(lake)}

    assert states == {"gold.features": (2, FEATURES.version, 8, 2), "gold.risk_list": (2, RISK_LIST.version, 4, 2)}


def test_the_command_writes_text_and_json_of_the_same_facts(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    home_of(tmp_path, [BEFORE, D])

    text = steelyard(capfd, "lake", "history", "features", "--home", tmp_path)
    as_json = steelyard(capfd, "lake", "history", "features", "--home", tmp_path, "--json")

    facts = json.loads(as_json.out)
    assert [row["left_by"] for row in facts] == [["2026-06-30"], ["2026-06-29"], []]
    lines = text.out.splitlines()
    assert len(lines) == 1 + len(facts)
    assert lines[0].split("  ")[0] == "version"
    assert lines[1].endswith("2026-06-30")


def test_a_table_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    home_of(tmp_path, [D])

    said = steelyard(capfd, "lake", "history", "gold.nothing", "--home", tmp_path)
    nowhere = steelyard(capfd, "lake", "history", "--home", tmp_path / "nowhere")

    assert (said.code, nowhere.code) == (2, 2)
    assert "name one of gold.features, gold.risk_list" in said.err
    assert "there is no lake in this home" in nowhere.err


def test_looking_after_tables_loads_no_engine(tmp_path: Path) -> None:
    home_of(tmp_path, [D])
    looked = "import sys; from jobs.cli import app; app(sys.argv[1:], standalone_mode=False); sys.exit('pyspark' in sys.modules)"

    for words in (
        ["history"],
        ["check"],
        ["maintain", "--as-of", str(D)],
        ["migrate"],
        ["backup", "--to", str(tmp_path) + "-copies"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", looked, "lake", *words, "--home", str(tmp_path)], capture_output=True, check=False
        )
        assert done.returncode == 0, (words, done.stderr)
