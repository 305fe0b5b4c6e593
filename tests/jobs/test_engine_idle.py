"""An engine that is asked nothing while a model is fitted answers afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = "SAIL_SPARK__SESSION_TIMEOUT_SECS"
LONGEST_FIT_SECONDS = 24 * 3600
ASKED_AGAIN = f"""
import os, time
from jobs.engine.session import open_session
session = open_session("sail")
assert session.range(3).count() == 3
time.sleep(3)
print(os.environ["{TIMEOUT}"], session.range(3).count())
"""


def ask_again(**settings: str) -> subprocess.CompletedProcess[str]:
    """Ask, rest for three seconds, and ask again, in a process of its own: Sail reads its settings once."""
    unset = {name: value for name, value in os.environ.items() if name not in (TIMEOUT, "STEELYARD_ENGINE")}
    command = [sys.executable, "-c", ASKED_AGAIN]
    return subprocess.run(command, cwd=ROOT, env=unset | settings, capture_output=True, text=True, timeout=120, check=False)


def test_sail_ends_a_session_after_the_time_that_is_set() -> None:
    assert "is not running" in ask_again(**{TIMEOUT: "1"}).stderr


def test_it_is_set_to_more_than_any_model_is_fitted_for() -> None:
    seconds, count = ask_again().stdout.split()
    assert count == "3"
    assert int(seconds) >= LONGEST_FIT_SECONDS
