"""A day on a Spark cluster gives the same rows as on Sail: from files to list, and from silver to list for many entities."""

from __future__ import annotations

import os
import random
import re
import shutil
from pathlib import Path

import pytest

from expectations.contracts import silver
from expectations.contracts.quarantine import quarantine_of
from expectations.contracts.registry import BRONZE, GOLD, SILVER
from expectations.contracts.scoring import RISK_LIST
from expectations.contracts.state import STATE
from jobs.engine.lake import Lake
from tests.cluster.conftest import FLAWS, WAYS, Run, add_flaws, day_of
from tests.cluster.homes import differences
from tests.cluster.time_limit import ENTITIES_VARIABLE
from tests.day.deliveries import add_not_yet_known, rearrange
from tests.day.town import PROFILE, SOURCES, TODAY
from tests.made_once import made_once

pytestmark = pytest.mark.cluster
ENTITIES = 5_000
"""Number of simulated entities; ``make test-cluster-full`` uses 100,000, in both ways."""
WHERE = f"as_of = '{TODAY}'"


def test_the_towns_day_is_the_same_from_files_to_list(
    run_on: Run, way: str, town_on_sail: Path, town_sources: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    run_on(way, *day_of(home, PROFILE, town_sources))
    taken_in = [*BRONZE.values(), *map(quarantine_of, FLAWS), *SILVER.values(), silver.LINK, *STATE]
    assert differences(town_on_sail, home, taken_in) == []
    assert differences(town_on_sail, home, GOLD, where=WHERE) == []


def test_order_duplicates_split_files_and_future_records_change_nothing(run_on: Run, town_on_sail: Path, tmp_path: Path) -> None:
    sources, home = tmp_path / "sources", tmp_path / "home"
    shutil.copytree(SOURCES, sources)
    add_not_yet_known(sources)
    rearrange(sources, random.Random(1))
    add_flaws(sources)
    run_on("connect", *day_of(home, PROFILE, sources))
    assert differences(town_on_sail, home, GOLD, where=WHERE) == []


def test_a_change_of_engine_ingests_nothing_again(run_on: Run, town_on_sail: Path, town_sources: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(town_on_sail, home)
    before = {table.name: Lake(home).version(table) for table in BRONZE.values()}
    for source in ("shops", "returns", "complaints", "visits"):
        words = ["--profile", PROFILE, "--source", source, "--sources", town_sources, "--home", home, "--as-of", TODAY]
        run_on("connect", "jobs.cli", "ingest", *words)
    assert {table.name: Lake(home).version(table) for table in BRONZE.values()} == before
    run_on("connect", "jobs.cli", "link", "--profile", PROFILE, "--home", home, "--as-of", TODAY)
    assert differences(town_on_sail, home, [silver.LINK], where=WHERE) == []


def test_the_indicators_are_those_of_plain_python(run_on: Run, way: str) -> None:
    output = run_on(way, "pytest", "-p", "no:cacheprovider", "tests/jobs/transforms/test_oracle.py")
    passed = re.search(r"(\d+) passed", output)
    assert passed is not None
    assert int(passed[1]) > 100
    assert "skipped" not in output


@pytest.fixture(scope="session")
def world_on_sail(run_on: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a simulated world's day on Sail. Copy it, do not change it."""
    entities = os.environ.get(ENTITIES_VARIABLE, ENTITIES)

    def make(folder: Path) -> None:
        run_on("sail", "jobs.cli", "generate", "--entities", entities, "--as-of", TODAY, "--out", folder / "world")
        run_on("sail", *day_of(folder / "home", "cn", folder / "world" / "sources"))

    return made_once("world_on_sail", make, tmp_path_factory) / "home"


@pytest.mark.parametrize("by", WAYS if ENTITIES_VARIABLE in os.environ else WAYS[:1])
def test_many_entities_have_the_same_features_scores_and_ranks(run_on: Run, by: str, world_on_sail: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(world_on_sail, home)
    # Remove Sail's state, so that Spark computes it from silver.
    for folder in ("lake/state", "manifests/state"):
        shutil.rmtree(home / folder)
    for step in ("link", "features", "score", "target"):
        run_on(by, "jobs.cli", step, "--profile", "cn", "--home", home, "--as-of", TODAY)
    assert Lake(home).version(RISK_LIST) != Lake(world_on_sail).version(RISK_LIST), "the list was not made again"
    assert differences(world_on_sail, home, [silver.LINK, *STATE, *GOLD], where=WHERE) == []
