"""A small run of the console's benchmark, for both databases."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.console.kinds import KINDS
from benchmarks.console.made_up import DAYS
from tests.conftest import ROOT


def assert_people_work_while_a_day_is_published(database: str, folder: Path) -> None:
    """Let a few users work while a day is published: nothing fails, no list mixes two days, and the audit chain is intact."""
    size = ("--entities", "2000", "--listed", "150", "--cases", "40", "--requests", "1", "--users", "4", "--minutes", "0.1")
    options = ["--database", database, *size, "--cache", str(folder), "--result", str(folder / "console.json")]

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.console", *options], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (folder / "console.json").exists(), done.stderr[-3000:]
    result = json.loads((folder / "console.json").read_text(encoding="utf-8"))[database]
    assert {row["kind"] for row in result["pages"]} > {*KINDS, "filter: region", "filter: overdue"}
    assert sum(row["failed"] for row in result["pages"]) == 0
    assert result["crowd"]["faults"] == 0, result["crowd"]["first_faults"]
    # Also the day before, and an older one if the filter of days was used.
    assert {str(day) for day in DAYS[1:]} <= set(result["crowd"]["lists_by_day"])
    assert result["audit"]["breaks"] == 0
    assert result["audit"]["events"] > len(result["pages"])
