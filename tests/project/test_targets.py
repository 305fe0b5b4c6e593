"""What is left out of one target of make is run by another, and each says what it does."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

from tests.conftest import KINDS
from tests.order import LONGEST_FIRST

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PYTEST = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]


def test_help_shows_each_target() -> None:
    targets = set(re.findall(r"^\.PHONY: (\S+)", MAKEFILE, re.MULTILINE))
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert {"test", "test-slow"} <= targets
    assert targets - set(re.findall(r"^  make (\S+) +\S", shown, re.MULTILINE)) == set()


def test_a_mark_that_leaves_a_test_out_has_a_target_that_runs_it() -> None:
    left_out = set(re.findall(r"not (\w+)", PYTEST["addopts"]))

    assert left_out == {marker.partition(":")[0] for marker in PYTEST["markers"]} - set(KINDS)
    assert {mark for mark in left_out if f"-m {mark}" not in MAKEFILE} == set()


def test_files_that_go_first_are_there() -> None:
    assert [name for name in LONGEST_FIRST if not (ROOT / "tests" / name).is_file()] == []
