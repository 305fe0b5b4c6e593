"""Of two runs of one day at once, one does the day and the other says so. ``make test-crash`` runs these."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jobs.foundation.errors import Busy
from tests.crash.forks import ROOT, environment
from tests.crash.sequences import RUNS
from tests.crash.undisturbed import Undisturbed

SEQUENCES = RUNS
QUICKLY = tuple(sequence for sequence in RUNS if sequence.finished is None)
"""A home that is not there yet, and one that is."""


@pytest.mark.timeout(1200)
def test_of_two_at_once_one_does_it_and_the_other_says_who(undisturbed: Undisturbed, tmp_path: Path) -> None:
    home = undisturbed.copy_start(tmp_path / "home")

    both = [begin(undisturbed, home) for _ in range(2)]
    said = [process.communicate()[0] for process in both]

    assert sorted(process.returncode for process in both) == [0, Busy.exit_code], said
    (refused,) = (words for words, process in zip(said, both, strict=True) if process.returncode)
    assert "another run is writing here" in refused
    assert "Traceback" not in refused
    assert undisturbed.differing(home) == []


def begin(undisturbed: Undisturbed, home: Path) -> subprocess.Popen[str]:
    """A process of its own that gives the command."""
    return subprocess.Popen(
        [sys.executable, "-m", "jobs.cli", *(str(word) for word in undisturbed.command(home))],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
