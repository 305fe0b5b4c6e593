"""A Spark cluster and a PostgreSQL server for all tests of this folder, and a way to run programs on each engine.

A process can hold only one kind of session: PySpark cannot switch from Sail's Connect to a classic master. So each program runs in
its own process, except those with a driver on the cluster, which share one process and driver.

Planning takes most of the time and uses one core. With two pytest workers, each runs the tests of one way on its own cluster.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.harness.postgresql_server import find_programs, run_postgresql
from jobs.foundation.errors import ConfigError
from tests.cluster.engine_process import EngineProcess
from tests.cluster.spark_cluster import Cluster, run_cluster
from tests.cluster.time_limit import LOGS, add_limit, pytest_runtest_makereport
from tests.day.town import PROFILE, SOURCES, TODAY
from tests.made_once import made_once, shared_folder

__all__ = ["pytest_runtest_makereport"]
ROOT = Path(__file__).resolve().parents[2]
WAYS = ("classic", "connect")
FLAWS = {
    "shops": "S27,In The Red,open,grocer,south,27 Mill Lane,-1,0,2020-01-01,,P27,2026-06-30,new\n",
    "returns": "S03;2026-05;2026-06-09;many;4680;2948;1732;1732;0;90;1;7\n",
    "complaints": '{"no": "C19"\n',
}
"""Faulty records of the day, by source: quarantined at the gate, in mapping, in reading."""

Run = Callable[..., str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of a way on one worker, other tests with the faster way, and give each a time limit."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            parameters = getattr(getattr(item, "callspec", None), "params", {})
            item.add_marker(pytest.mark.xdist_group("classic" if "classic" in parameters.values() else "connect"))
            add_limit(item)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Cluster]:
    """A Spark master with two workers and a Connect server."""
    folder = tmp_path_factory.mktemp("cluster")
    pytestconfig.stash[LOGS] = folder
    try:
        with run_cluster(folder, shared_folder(tmp_path_factory) / "jars.lock") as running:
            yield running
    except ConfigError as error:
        _miss(str(error))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of an empty PostgreSQL database."""
    programs = find_programs()
    if programs is None:
        _miss("there is no PostgreSQL server here: as root on Debian or Ubuntu run `apt-get install -y postgresql`")
    else:
        with run_postgresql(programs) as address:
            yield address


def _miss(why: str) -> None:
    """Skip a test if the machine lacks a program; on CI, fail."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """How a job uses the cluster: with its own driver, or through the Connect server."""
    return str(request.param)


@pytest.fixture(scope="session")
def classic_driver(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    """A process with a driver on the cluster."""
    process = EngineProcess(tmp_path_factory.mktemp("classic"), _environment(cluster, "classic"), ROOT)
    yield process
    process.end()


def _environment(cluster: Cluster, engine: str) -> dict[str, str]:
    if engine == "sail":
        return dict(os.environ) | {"STEELYARD_ENGINE": "sail"}
    return dict(cluster.environment) | {"STEELYARD_ENGINE": cluster.address(engine)}


@pytest.fixture(scope="session")
def run_on(cluster: Cluster, request: pytest.FixtureRequest) -> Run:
    """Run ``python -m`` on the engine ``sail``, ``classic`` or ``connect`` and return its output; fail if it fails."""

    def run(engine: str, *arguments: object, **more: str) -> str:
        words = [str(word) for word in arguments]
        if engine == "classic":
            code, output = request.getfixturevalue("classic_driver").run(words, more)
        else:
            command = [sys.executable, "-m", *words]
            done = subprocess.run(
                command, cwd=ROOT, env=_environment(cluster, engine) | more, capture_output=True, text=True, check=False
            )
            code, output = done.returncode, done.stdout + done.stderr
        if code:
            pytest.fail(f"on {engine}, {' '.join(words)} ended with {code}:\n{output[-4000:]}")
        return output

    return run


def day_of(home: Path, profile: object, sources: Path) -> list[object]:
    """The command line of a whole day."""
    return ["jobs.cli", "run", "--profile", profile, "--sources", sources, "--home", home, "--as-of", TODAY]


def add_flaws(sources: Path) -> None:
    """Write the flaws into each source's delivery of the day."""
    for source, line in FLAWS.items():
        first, *_ = sorted((sources / source / str(TODAY)).iterdir())
        with first.open("a", encoding="utf-8") as file:
            file.write(line)


@pytest.fixture(scope="session")
def town_on_sail(run_on: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the small town's day on Sail, with its deliveries beside it. Copy it, do not change it."""

    def make(folder: Path) -> None:
        shutil.copytree(SOURCES, folder / "sources")
        add_flaws(folder / "sources")
        run_on("sail", *day_of(folder / "home", PROFILE, folder / "sources"))

    return made_once("town_on_sail", make, tmp_path_factory) / "home"


@pytest.fixture(scope="session")
def town_sources(town_on_sail: Path) -> Path:
    """The deliveries of the small town, with :data:`FLAWS`."""
    return town_on_sail.parent / "sources"
