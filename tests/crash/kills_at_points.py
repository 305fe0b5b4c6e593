"""Killed at any write and given again, a command leaves what it leaves undisturbed. ``make test-crash`` runs these.

Quickly, the home is copied at each point of one undisturbed run: that is what a process killed there leaves on the disk, which a
test holds against real kills. Points that leave the same disk are one. The step that passes the point is given again and must
leave what it left undisturbed, since all that follows is made from what is then on the disk: rows, files, and the rows at the
versions that notes name. Random kills go on to the end. Without ``--quick`` each point kills a process of its own; at one in
nineteen it is that of the whole command, which is given again.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jobs.foundation.fault_points import name_of
from jobs.foundation.paths import FILED, GX, SCRATCH
from tests.crash.care import CARE
from tests.crash.contents import Contents, contents, differing, tables
from tests.crash.forks import KILLED, Forks
from tests.crash.sequences import RUNS, as_params
from tests.crash.steps import Part
from tests.crash.undisturbed import Undisturbed

PARTS, QUICK_PARTS = 12, 4
WHOLE_EVERY = 19
"""Of so many points, one is tried with the whole command."""
POINTS_OF_CARE = {
    "upkeep": (
        "gold.features", "gold.scores", "gold.peers", "silver.link", "state.tax_sums", "state.register",
        "manifests/features", "manifests/links", "manifests/scores", "manifests/state/tax_sums", "manifests/state/register",
        "manifests/time_travel", "settings of gold.risk_list", "joined gold.features",
        "vacuumed gold.features", "lake/gold/risk_list/_delta_log", "lake/gold/risk_list/_delta_log/checkpoint",
        "lake/gold/risk_list/_delta_log/_last_checkpoint",
    ),
    "restore": (
        "manifests/features", "manifests/unfinished/complaints/conform", "manifests/withdrawn", "manifests/runs",
        "restored gold.features", "restored gold.risk_list", "restored silver.complaint",
    ),
    "migration": (
        "migrated bronze.complaint", "settings of bronze.complaint", "migrated silver.complaint", "settings of silver.complaint",
    ),
    "forgetting": ("manifests/batches/complaints", "quarantine.complaints", "bronze.complaint", "silver.complaint"),
    "backup": ("lake/gold/features/_delta_log", "manifests/runs", "manifests/runs/by_id", "backup"),
    "refused": ("silver.inspection", "put back silver.inspection", "manifests/unfinished/visits/conform"),
}  # fmt: skip
"""What each way of looking after tables writes."""
_OF_TRAINING = ("after:models/model", "before:models/in_use")
_OF_A_DAY = (
    "after:bronze.registration", "before:silver.entity", "drafted:manifests/batches/shops",
    "after:manifests/unfinished/returns/gate", *_OF_TRAINING, "after:gold.reasons", "drafted:manifests/runs",
    "after:manifests/runs",
)  # fmt: skip
REALLY = {
    "first-day": _OF_A_DAY,
    "second-day": _OF_A_DAY,
    "training": _OF_TRAINING,
    "upkeep": ("before:vacuumed gold.features", "after:lake/gold/risk_list/_delta_log/checkpoint"),
    "restore": ("after:restored gold.features",),
    "migration": ("after:migrated silver.complaint",),
    "forgetting": ("after:bronze.complaint",),
    "backup": ("after:manifests/runs", "before:backup"),
    "refused": ("before:put back silver.inspection",),
}
"""Points of many kinds, by sequence, at which the quick way kills for real."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Fewer parts when it has to be done in minutes: each starts an engine."""
    if "part" in metafunc.fixturenames:
        metafunc.parametrize("part", range(QUICK_PARTS if metafunc.config.getoption("--quick") else PARTS))


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("undisturbed", as_params(RUNS), indirect=True)
def test_every_table_and_file_is_written_at_points(undisturbed: Undisturbed) -> None:
    """All but the validation results and Data Docs: the gate writes them again, since it notes its deliveries after them."""
    passed = set(undisturbed.points)
    was = set(undisturbed.before.rglob("*"))
    made = [path for path in undisturbed.home.rglob("*") if undisturbed.before / path.relative_to(undisturbed.home) not in was]
    files = [path for path in made if path.is_file() and path.relative_to(undisturbed.home).parts[0] in {*FILED} - {GX}]
    named = {name_of(path) for path in files}
    if not was:
        named |= set(tables(undisturbed.home))
        named |= {f"empty {name}" for name in tables(undisturbed.home)}

    assert named
    assert {f"{moment}:{name}" for name in named for moment in ("before", "after")} - passed == set()


@pytest.mark.parametrize("undisturbed", as_params(CARE), indirect=True)
def test_every_commit_that_looking_after_tables_makes_is_at_points(undisturbed: Undisturbed) -> None:
    named = POINTS_OF_CARE[undisturbed.sequence.name]

    assert {f"{moment}:{name}" for name in named for moment in ("before", "after")} - set(undisturbed.points) == set()


def test_a_process_killed_at_a_point_leaves_what_the_copy_shows(undisturbed: Undisturbed, forks: Forks, tmp_path: Path) -> None:
    really = REALLY[undisturbed.sequence.name]
    assert set(really) - set(undisturbed.points) == set()
    for point in really:
        number = undisturbed.points.index(point)
        home = tmp_path / str(number)
        kill_at(undisturbed, number, undisturbed.step_at(number, home), forks, home)
        assert lasting(home) == lasting(undisturbed.copies / str(number)), point


@pytest.mark.timeout(1200)
def test_a_command_killed_at_a_point_and_given_again_leaves_what_it_leaves_undisturbed(
    part: int, undisturbed: Undisturbed, forks: Forks, tmp_path: Path, is_quick: bool
) -> None:
    numbers = undisturbed.distinct[part::QUICK_PARTS] if is_quick else range(len(undisturbed.points))[part::PARTS]
    again: dict[Path, Part] = {}
    for number in numbers:
        home = tmp_path / str(number)
        is_whole = not is_quick and number % WHOLE_EVERY == 0
        again[home] = undisturbed.whole_at(number, home) if is_whole else undisturbed.step_at(number, home)
        if is_quick:
            undisturbed.copy_at(number, home)
        else:
            kill_at(undisturbed, number, again[home], forks, home)
        assert undisturbed.differing_finished(home) == []

    assert forks.run(*(given.words for given in again.values()), ends=undisturbed.sequence.ends) == 0, forks.said()

    compared = undisturbed.sequence.compared
    found = {
        f"{home.name} {undisturbed.points[int(home.name)]}": differing(compared(home), undisturbed.done(given))
        for home, given in again.items()
    }
    assert {point: names for point, names in found.items() if names} == {}


def kill_at(undisturbed: Undisturbed, number: int, part: Part, forks: Forks, home: Path) -> None:
    """Make a home in which a process that did a part was killed at a point."""
    fault = undisturbed.copy_before(number, part, home)
    assert forks.run(part.words, fault=fault) == KILLED, f"{fault} was not passed:\n{forks.said()}"


def lasting(home: Path) -> Contents:
    """What a home holds, without intermediate files, whose names are random, and the process in a draft's name."""
    found = {re.sub(r"(/\..+)-\d+$", r"\1", name): value for name, value in contents(home).items()}
    return {name: value for name, value in found.items() if not name.startswith(f"{SCRATCH}/")}
