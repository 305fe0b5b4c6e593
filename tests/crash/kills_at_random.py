"""Killed at any moment and given again, a command leaves what it leaves undisturbed. ``make test-crash`` runs these.

The points are around writes; these moments are anywhere: within a commit, a query, the start of the engine. They are drawn from a
seed, but where in the work a moment falls is the machine's affair.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from tests.crash.forks import KILLED, Forks
from tests.crash.undisturbed import Undisturbed

KILLS = {
    "first-day": 2, "second-day": 2, "training": 1, "upkeep": 1, "restore": 1, "migration": 1, "forgetting": 1, "backup": 1,
    "refused": 1,
}  # fmt: skip
"""How many a part, by sequence: eleven, so that all parts are more than a hundred."""
PARTS, QUICK_PARTS = 10, 1


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All parts, or one when it has to be done in minutes."""
    metafunc.parametrize("part", range(QUICK_PARTS if metafunc.config.getoption("--quick") else PARTS))


@pytest.mark.timeout(1200)
def test_a_command_killed_at_any_moment_and_given_again_leaves_what_it_leaves_undisturbed(
    part: int, undisturbed: Undisturbed, forks: Forks, tmp_path: Path
) -> None:
    draw = random.Random(f"{undisturbed.sequence.name} {part}")
    moments = {}
    for number in range(KILLS[undisturbed.sequence.name]):
        home = tmp_path / str(number)
        moments[home] = kill_at_some_moment(undisturbed, home, forks, draw)
        assert undisturbed.differing_finished(home) == []

    again = [undisturbed.command(home) for home in moments]
    assert forks.run(*again, ends=undisturbed.sequence.ends) == 0, forks.said()

    found = {seconds: undisturbed.differing(home) for home, seconds in moments.items()}
    assert {seconds: names for seconds, names in found.items() if names} == {}


def kill_at_some_moment(undisturbed: Undisturbed, home: Path, forks: Forks, draw: random.Random) -> float:
    """Make a home in which a process was killed; after how many seconds. If it had ended by then, an earlier moment is drawn."""
    latest = undisturbed.seconds
    while True:
        seconds = draw.uniform(0, latest)
        undisturbed.copy_start(home)
        ended = forks.run(undisturbed.command(home), kill_after=seconds, ends=undisturbed.sequence.ends)
        if ended == KILLED:
            return seconds
        assert ended == 0, forks.said()
        latest = seconds
        shutil.rmtree(home)
