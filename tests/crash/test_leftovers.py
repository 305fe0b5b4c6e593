"""What a killed run left behind is taken away by the next writer, and nothing else is."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from jobs.foundation.files import draft_path
from jobs.foundation.locks import hold_folder_lock, hold_home_lock
from jobs.foundation.paths import LOCK, SCRATCH


@pytest.fixture
def dead() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    return path


def test_intermediate_files_and_drafts_of_the_dead_go(tmp_path: Path, dead: int) -> None:
    left = [
        put(tmp_path / SCRATCH / "ingest-tax" / "raw" / "rows.parquet"),
        put(draft_path(tmp_path / "manifests" / "runs" / "2026-06-30.json", dead)),
        put(draft_path(tmp_path / "models" / "2026-06-30-0123456789ab" / "model.json", dead)),
        put(draft_path(tmp_path / "reports" / "list.html", dead)),
    ]
    put(tmp_path / LOCK)
    with hold_home_lock(tmp_path):
        assert [path for path in left if path.exists()] == []


def test_files_tables_and_what_another_is_just_exporting_stay(tmp_path: Path, dead: int) -> None:
    kept = [
        put(tmp_path / LOCK),
        put(tmp_path / "manifests" / "runs" / "2026-06-30.json"),
        put(tmp_path / "landing" / "tax" / "2026-06-30" / "returns.csv"),
        put(tmp_path / "models" / f".theirs.{dead}"),
        put(draft_path(tmp_path / "reports" / "list.html", os.getpid())),
        put(tmp_path / "reports" / ".hidden"),
        put(tmp_path / "lake" / "gold" / "peers" / f".x.{dead}"),
        put(tmp_path / "mine" / f".x.{dead}"),
    ]
    with hold_home_lock(tmp_path):
        assert [path for path in kept if not path.exists()] == []


def test_nothing_is_taken_from_a_folder_that_was_no_home(tmp_path: Path, dead: int) -> None:
    kept = [
        put(tmp_path / "landing" / "tax" / "returns.csv"),
        put(tmp_path / SCRATCH / "rows.parquet"),
        put(draft_path(tmp_path / "models" / "model.json", dead)),
    ]
    with hold_home_lock(tmp_path):
        assert [path for path in kept if not path.exists()] == []


def test_holding_a_folder_takes_nothing_from_it(tmp_path: Path) -> None:
    kept = [put(tmp_path / LOCK), put(tmp_path / SCRATCH / "rows.parquet")]
    with hold_folder_lock(tmp_path):
        assert [path.read_text() for path in kept] == ["x", "x"]
