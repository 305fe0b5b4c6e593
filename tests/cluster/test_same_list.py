"""A day on a Spark cluster gives the rows that it gives on Sail: from files to list, and from features to list for many."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from expectations.contracts import silver
from expectations.contracts.scoring import RISK_LIST
from expectations.contracts.tables import GOLD
from jobs.runtime.lake import Lake
from tests.cluster.conftest import WAYS, Run
from tests.cluster.homes import differences
from tests.day.town import PROFILE, SOURCES, TODAY

pytestmark = pytest.mark.cluster
ENTITIES_VARIABLE = "STEELYARD_CLUSTER_ENTITIES"
ENTITIES = 5_000
"""How many invented entities are brought to a list; ``make test-cluster-full`` asks for 100,000, both ways."""
WHERE = f"as_of = '{TODAY}'"


def day_of(home: Path, profile: object, sources: Path) -> list[object]:
    """The command that runs a whole day."""
    return ["-m", "jobs.cli", "run", "--profile", profile, "--sources", sources, "--home", home, "--as-of", TODAY]


@pytest.fixture(scope="session")
def town_on_sail(run_on: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the small town's day, on Sail."""
    home = tmp_path_factory.mktemp("town") / "home"
    run_on("sail", *day_of(home, PROFILE, SOURCES))
    return home


def test_the_towns_day_is_the_same_from_files_to_list(run_on: Run, way: str, town_on_sail: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    run_on(way, *day_of(home, PROFILE, SOURCES))
    assert differences(town_on_sail, home, [*silver.BRONZE.values(), *silver.OF.values(), silver.LINK]) == []
    assert differences(town_on_sail, home, GOLD, where=WHERE) == []


def test_a_home_changes_engines_and_nothing_is_taken_in_again(run_on: Run, town_on_sail: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(town_on_sail, home)
    before = {table.name: Lake(home).version(table) for table in silver.BRONZE.values()}
    run_on("connect", *day_of(home, PROFILE, SOURCES))
    assert {table.name: Lake(home).version(table) for table in silver.BRONZE.values()} == before
    assert differences(town_on_sail, home, GOLD, where=WHERE) == []


def test_the_indicators_are_those_of_plain_python(run_on: Run, way: str) -> None:
    said = run_on(way, "-m", "pytest", "-p", "no:cacheprovider", "tests/features/test_oracle.py")
    passed = re.search(r"(\d+) passed", said)
    assert passed is not None
    assert int(passed[1]) > 100
    assert "skipped" not in said


@pytest.fixture(scope="session")
def world_on_sail(run_on: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of an invented world's day, on Sail."""
    folder = tmp_path_factory.mktemp("world")
    entities = os.environ.get(ENTITIES_VARIABLE, ENTITIES)
    run_on("sail", "-m", "jobs.cli", "generate", "--entities", entities, "--as-of", TODAY, "--out", folder / "world")
    run_on("sail", *day_of(folder / "home", "cn", folder / "world" / "sources"))
    return folder / "home"


@pytest.mark.parametrize("by", WAYS if ENTITIES_VARIABLE in os.environ else WAYS[:1])
def test_many_entities_have_the_same_features_scores_and_ranks(run_on: Run, by: str, world_on_sail: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(world_on_sail, home)
    for step in ("link", "features", "score", "target"):
        run_on(by, "-m", "jobs.cli", step, "--profile", "cn", "--home", home, "--as-of", TODAY)
    assert Lake(home).version(RISK_LIST) != Lake(world_on_sail).version(RISK_LIST), "the list was not made again"
    assert differences(world_on_sail, home, [silver.LINK, *GOLD], where=WHERE) == []
