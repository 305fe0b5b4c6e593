"""The console under load on PostgreSQL, in small: as tests/benchmarks/test_console.py has it with files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.console.kinds import KINDS
from benchmarks.postgresql_server import find_programs
from tests.conftest import ROOT

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


@pytest.mark.skipif(find_programs() is None, reason="there is no PostgreSQL server here")
def test_people_work_while_a_day_is_published_and_no_list_is_half(tmp_path: Path) -> None:
    size = ("--entities", "2000", "--listed", "150", "--cases", "40", "--requests", "1", "--users", "4", "--minutes", "0.1")
    words = ["--database", "postgresql", *size, "--cache", str(tmp_path), "--result", str(tmp_path / "console.json")]

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.console", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (tmp_path / "console.json").exists(), done.stderr[-3000:]
    found = json.loads((tmp_path / "console.json").read_text(encoding="utf-8"))["postgresql"]
    assert {row["kind"] for row in found["pages"]} == set(KINDS)
    assert sum(row["failed"] for row in found["pages"]) == 0
    assert found["crowd"]["faults"] == 0, found["crowd"]["first_faults"]
    assert len(found["crowd"]["lists_by_day"]) == 2
    assert found["audit"]["breaks"] == 0
