"""One cluster and one PostgreSQL server for all tests of this folder, and commands on each engine, each in a process of its own.

A process holds one kind of session: PySpark cannot go from Sail's Connect to a classic master within one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobs.runtime.errors import ConfigError
from tests.cluster.postgresql import find_programs, run_postgresql
from tests.cluster.spark_cluster import Cluster, run_cluster

ROOT = Path(__file__).resolve().parents[2]
WAYS = ("classic", "connect")

Run = Callable[..., str]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A Spark master with two workers and a Connect server."""
    try:
        with run_cluster(tmp_path_factory.mktemp("cluster")) as running:
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
    """Leave a test out where a machine lacks what it needs, but never on CI."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """How a job comes to the cluster: with a driver of its own, or through the Connect server."""
    return str(request.param)


@pytest.fixture(scope="session")
def run_on(cluster: Cluster) -> Run:
    """Runs a program of Python on an engine, ``sail``, ``classic`` or ``connect``; gives what it wrote, fails when it fails."""

    def run(engine: str, *arguments: object, **more: str) -> str:
        environment = dict(os.environ) | {"STEELYARD_ENGINE": "sail"}
        if engine != "sail":
            environment = dict(cluster.environment) | {"STEELYARD_ENGINE": cluster.address(engine)}
        words = [sys.executable, *map(str, arguments)]
        done = subprocess.run(words, cwd=ROOT, env=environment | more, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.fail(f"on {engine}, {' '.join(words[1:])} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-4000:]}")
        return done.stdout

    return run
