"""The newest file of each of a generated world's sources, damaged in every way: the day is made and reports it."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from expectations.contracts import scoring
from jobs.foundation.files import read_json
from jobs.lake.manifests import source_manifest_path
from jobs.profile.load_profile import load_profile
from simulation.generate import generate_world
from tests.day import damage, parquet_damage
from tests.day.damage import Damage
from tests.day.town import Town, gold_files, manifests

pytestmark = pytest.mark.long

BEFORE, AFTER = date(2026, 6, 19), date(2026, 6, 20)
"""On the second day every source delivers."""
SOURCES = ("registration", "tax", "complaint", "inspection")
WAYS = ("truncate", "garble", "encode_otherwise", "empty", "keep_header", "swap_columns", "lengthen", "remove")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Town:
    """A world, and a home in which the day before was run on sound files."""
    folder = tmp_path_factory.mktemp("world")
    generate_world(entities=3000, months=12, seed=4, out=folder / "world", as_of=date(2026, 6, 30))
    town = Town(folder / "home", folder / "world" / "sources", spark, load_profile("cn").folder)
    assert _run(town, BEFORE).returncode == 0
    return town


@pytest.fixture(scope="module")
def undisturbed(sound: Town, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The verdict of each source on the day, where nothing is damaged."""
    town = sound.copy(tmp_path_factory.mktemp("undisturbed"))
    assert _run(town, AFTER).returncode == 0
    return {source: read_json(source_manifest_path(town.home, source, AFTER))["verdict"] for source in SOURCES}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("source", SOURCES)
def test_a_damaged_file_is_explained_and_the_day_continues(
    sound: Town, undisturbed: dict[str, str], tmp_path: Path, source: str, way: str
) -> None:
    town = sound.copy(tmp_path)
    (path,) = sorted((town.sources / source / AFTER.isoformat()).iterdir())
    _way(path, way)(path)
    name = path.relative_to(town.sources).as_posix()
    before = manifests(town, BEFORE), gold_files(town, BEFORE)

    done = _run(town, AFTER)

    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    found = {name: read_json(source_manifest_path(town.home, name, AFTER)) for name in SOURCES}
    for other in set(SOURCES) - {source}:
        assert found[other]["verdict"] == undisturbed[other]
    assert len(town.rows(scoring.RISK_LIST, AFTER)), "the day has its list"
    assert (manifests(town, BEFORE), gold_files(town, BEFORE)) == before, "the day before is whole"
    # The damage is reported: by quarantined records with their file, by the source's verdict, or by a warning that names the file.
    set_aside = [place for place in town.quarantined(source, AFTER) if place[0] == name]
    verdict, why = found[source]["verdict"], found[source]["why"]
    if way == "remove":
        # A source that need not deliver every day misses nothing yet.
        assert verdict in ("missing", "unchanged")
        assert str(BEFORE) in why or verdict == "missing"
    elif way in ("garble", "encode_otherwise", "swap_columns"):
        assert verdict == "stopped", why
        assert str(AFTER) in why
    else:
        assert set_aside or verdict == "stopped" or path.name in done.stderr, (verdict, why, done.stderr)


def _way(path: Path, way: str) -> Damage:
    kinds = (parquet_damage, damage) if path.suffix == ".parquet" else (damage,)
    return next(getattr(kind, way) for kind in kinds if hasattr(kind, way))


def _run(town: Town, as_of: date) -> subprocess.CompletedProcess[str]:
    """A day by the command line, in a process of its own: thirty days in one would keep the engine's memory of all."""
    command = ["run", "--profile", "cn", "--sources", town.sources, "--home", town.home, "--as-of", as_of, "--top", 0]
    return subprocess.run(
        [sys.executable, "-m", "jobs.cli", *map(str, command)], capture_output=True, text=True, check=False, timeout=600
    )
