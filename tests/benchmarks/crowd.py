"""The console's benchmark in small, as both databases are tried by it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.console.kinds import KINDS
from benchmarks.console.made_up import DAYS
from tests.conftest import ROOT


def assert_people_work_while_a_day_is_published(database: str, folder: Path) -> None:
    """A few people read and decide while a day is published: nothing fails, no list is of two days, and the audit is whole."""
    size = ("--entities", "2000", "--listed", "150", "--cases", "40", "--requests", "1", "--users", "4", "--minutes", "0.1")
    words = ["--database", database, *size, "--cache", str(folder), "--result", str(folder / "console.json")]

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.console", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (folder / "console.json").exists(), done.stderr[-3000:]
    found = json.loads((folder / "console.json").read_text(encoding="utf-8"))[database]
    assert {row["kind"] for row in found["pages"]} == set(KINDS)
    assert sum(row["failed"] for row in found["pages"]) == 0
    assert found["crowd"]["faults"] == 0, found["crowd"]["first_faults"]
    # The day before it as well, and an older one where somebody asked for it by the filter of days.
    assert {str(day) for day in DAYS[1:]} <= set(found["crowd"]["lists_by_day"])
    assert found["audit"]["breaks"] == 0
    assert found["audit"]["events"] > len(found["pages"])
