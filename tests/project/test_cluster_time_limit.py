"""A test on the cluster that hangs ends the run, and says what ran too long and what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFTEST = """
from pathlib import Path
from tests.cluster import time_limit
from tests.cluster.time_limit import LOGS, pytest_runtest_makereport
time_limit.LONGEST_MINUTES = 0.05
def pytest_configure(config):
    config.stash[LOGS] = Path("/logs")
def pytest_collection_modifyitems(items):
    for item in items:
        time_limit.add_limit(item)
"""
HANGS = """
import time
def test_that_hangs(): time.sleep(60)
def test_that_would_hang_too(): time.sleep(60)
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["alone", "in a worker"])
def test_what_hangs_is_named_and_nothing_is_begun_after_it(
    tmp_path: Path, workers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STEELYARD_CLUSTER_ENTITIES", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / "test_hangs.py").write_text(HANGS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", *workers, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode != 0
    assert "test_hangs.py::test_that_hangs took longer than 0.05 minutes and was stopped" in done.stdout
    assert "read the ends of /logs/*.log" in done.stdout
    assert "1 failed" in done.stdout
    assert "test_that_would_hang_too" not in done.stdout
