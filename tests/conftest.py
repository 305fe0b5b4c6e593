"""Fixtures that several tests share: one engine session for the whole run, where the real data is, and a finished day."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.engine.session import open_session
from tests.grade import assign_classes
from tests.made_once import made_once
from tests.order import run_order

ROOT = Path(__file__).resolve().parents[1]


KINDS = {
    "unit": ("models", "jobs/transforms", "jobs/foundation", "jobs/texts", "jobs/profile"),
    "integration": ("benchmarks", "console", "expectations", "fuzz", "jobs", "project", "report", "simulation"),
    "acceptance": ("cluster", "crash", "dags", "day", "examples", "notebooks", "replay"),
}
"""The kinds of tests and the folders that hold them; the first kind that names a test's folder counts."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its kind, and put the files that take longest first."""
    for item in items:
        folder = item.path.parent.relative_to(ROOT / "tests").as_posix() + "/"
        kinds = (kind for kind, folders in KINDS.items() if folder.startswith(tuple(f"{one}/" for one in folders)))
        item.add_marker(next(kinds))
    items.sort(key=lambda item: run_order(item.path.relative_to(ROOT / "tests").as_posix()))


@pytest.fixture(scope="session")
def spark() -> SparkSession:
    """One session for all tests, on the engine that STEELYARD_ENGINE names (Sail by default)."""
    return open_session()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; a test that needs it is skipped where it is absent, but never on CI."""
    folder = Path(os.environ.get("STEELYARD_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        message = f"no real data at {folder}: set STEELYARD_REAL_DATA to its folder"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return folder


@dataclass(frozen=True)
class FinishedDay:
    """A small invented world and its finished day; tests read it, and copy the home before they change anything."""

    world: Path
    home: Path
    as_of: date
    profile: str

    @property
    def sources(self) -> Path:
        """The folder that the sources deliver into."""
        return self.world / "sources"


def change_policy(profile: Path, *changes: tuple[str, str]) -> None:
    """Put other texts in the place of some that stand in a profile's settings."""
    path = profile / "profile.toml"
    policy = path.read_text(encoding="utf-8")
    for was, becomes in changes:
        assert was in policy, was
        policy = policy.replace(was, becomes)
    path.write_text(policy, encoding="utf-8")


@pytest.fixture(scope="session")
def finished_day(tmp_path_factory: pytest.TempPathFactory) -> FinishedDay:
    """1,500 entities over 15 months, and the list of their last day, made once by the command line for all tests."""
    return _day_in(made_once("finished_day", _finish_day, tmp_path_factory))


@pytest.fixture(scope="session")
def graded_day(finished_day: FinishedDay, tmp_path_factory: pytest.TempPathFactory) -> FinishedDay:
    """The finished day with everybody in the class of their points, as if a model had assigned it: a rule assigns none."""

    def make(folder: Path) -> None:
        shutil.copytree(finished_day.home, folder / "home")
        assign_classes(folder / "home", finished_day.profile, finished_day.as_of)

    return replace(finished_day, home=made_once("graded_day", make, tmp_path_factory) / "home")


def _day_in(folder: Path) -> FinishedDay:
    return FinishedDay(folder / "world", folder / "home", date(2026, 6, 30), str(folder / "profile"))


def _finish_day(folder: Path) -> None:
    """The profile is cn, but with six cohorts to learn from, so that it takes less time."""
    day = _day_in(folder)
    shutil.copytree(ROOT / "config" / "cn", day.profile)
    change_policy(Path(day.profile), ("cohorts = 12", "cohorts = 6"))
    generate = ["generate", "--entities", "1500", "--months", "15", "--seed", "3", "--out", str(day.world)]
    run = ["run", "--profile", day.profile, "--sources", str(day.sources), "--home", str(day.home), "--as-of", str(day.as_of)]
    for words in (generate, run):
        done = subprocess.run([sys.executable, "-m", "jobs.cli", *words], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.fail(f"steelyard {words[0]} ended with {done.returncode}:\n{done.stderr[-3000:]}")
