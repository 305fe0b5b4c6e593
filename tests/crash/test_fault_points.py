"""The moments around writes have names, and nothing in Steelyard listens to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from expectations.contracts import scoring
from jobs.engine.lake import Lake
from jobs.foundation import fault_points
from jobs.foundation.fault_points import name_of
from jobs.foundation.files import delete_file, write_json
from jobs.lake.tables import arrow_schema

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def passed() -> Iterator[list[str]]:
    """The points that are passed."""
    points: list[str] = []
    fault_points.watch(points.append)
    yield points
    fault_points.watch(None)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("manifests/runs/2026-06-30.json", "manifests/runs"),
        ("manifests/runs/by_id/2026-06-30-0123456789ab.json", "manifests/runs/by_id"),
        ("manifests/checks/tax/2026-04-01_2026-06-30.json", "manifests/checks/tax"),
        ("manifests/packages/0123456789abcdef.json", "manifests/packages"),
        ("models/2026-06-30-0123456789ab/model.json", "models/model"),
        ("models/in_use/2026-06-30.json", "models/in_use"),
        ("reports/risk_list_2026-06-30.html", "reports/risk_list"),
        ("lake/gold/peers/_delta_log/00000000000000000004.json", "lake/gold/peers/_delta_log"),
        ("elsewhere/list.csv", "list"),
    ],
)
def test_a_files_name_leaves_out_where_the_home_is_and_what_changes_with_day_and_run(path: str, name: str) -> None:
    assert name_of(Path("/srv/home") / path) == name


def test_a_file_is_begun_drafted_and_put_in_place(tmp_path: Path, passed: list[str]) -> None:
    write_json(tmp_path / "manifests" / "runs" / "2026-06-30.json", {})
    delete_file(tmp_path / "manifests" / "runs" / "2026-06-30.json")
    assert passed == [f"{moment}:manifests/runs" for moment in ("before", "drafted", "after", "before", "after")]


def test_a_table_is_made_and_then_written(tmp_path: Path, passed: list[str]) -> None:
    lake, rows = Lake(tmp_path), arrow_schema(scoring.PEERS).empty_table()
    lake.replace_arrow(rows, scoring.PEERS, "as_of = '2026-06-30'")
    lake.replace_arrow(rows, scoring.PEERS, "as_of = '2026-06-30'")
    write = ["before:gold.peers", "after:gold.peers"]
    assert passed == ["before:empty gold.peers", "after:empty gold.peers", *write, *write]


def test_a_write_that_fails_is_not_passed(tmp_path: Path, passed: list[str]) -> None:
    (tmp_path / "manifests").write_text("a file where a folder should be")
    with pytest.raises(OSError, match="manifests"):
        write_json(tmp_path / "manifests" / "runs" / "2026-06-30.json", {})
    assert passed == ["before:manifests/runs"]


WRITE = """
import sys
from pathlib import Path
from jobs.foundation.files import write_json
write_json(Path(sys.argv[1]) / "manifests" / "runs" / "2026-06-30.json", {})
"""


def write_with_fault(module: list[str]) -> int:
    environment = {**os.environ, "STEELYARD_FAULT": "drafted:manifests/runs"}
    return subprocess.run([sys.executable, *module], cwd=ROOT, env=environment, check=False).returncode


def test_the_variable_that_tests_use_does_nothing_to_steelyard(tmp_path: Path) -> None:
    assert write_with_fault(["-c", WRITE, str(tmp_path)]) == 0
    assert (tmp_path / "manifests" / "runs" / "2026-06-30.json").is_file()


def test_no_module_of_ours_listens() -> None:
    listening = [
        path.relative_to(ROOT).as_posix()
        for folder in ("jobs", "models", "expectations", "simulation", "dags")
        for path in (ROOT / folder).rglob("*.py")
        if "fault_points.watch" in (text := path.read_text(encoding="utf-8")) or "import watch" in text
    ]
    assert listening == []


VICTIM = f"""
import sys
from pathlib import Path
from jobs.foundation import fault_points
from tests.crash.victim import die_at
fault_points.watch(die_at("drafted:manifests/runs#2"))
{WRITE}
{WRITE}
"""


def test_a_victim_dies_at_the_nth_passing_and_leaves_the_old_file(tmp_path: Path) -> None:
    assert write_with_fault(["-c", VICTIM, str(tmp_path)]) == -signal.SIGKILL
    names = sorted(path.name for path in (tmp_path / "manifests" / "runs").iterdir())
    assert names[0].startswith(".2026-06-30.json.")
    assert names[1:] == ["2026-06-30.json"]
