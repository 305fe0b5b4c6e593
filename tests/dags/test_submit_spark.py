"""A step handed to Apache Spark: to a standalone cluster by spark-submit, and to its Connect server."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from steelyard_dags.command import RunningCommand
from steelyard_dags.settings import read_submit
from steelyard_dags.steps import NEEDS_ENGINE
from steelyard_dags.submit import call_for

from jobs.runtime.apache_spark import jar_settings
from tests.cluster.spark_cluster import APPLICATION, Cluster, run_cluster
from tests.day.town import PROFILE, SOURCES, TODAY, Town

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with run_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Town:
    ran = Town(tmp_path_factory.mktemp("town") / "home", SOURCES, spark)
    ran.run()
    return ran


def run_step(verb: str, home: Path, *more: str) -> tuple[int, str]:
    """Call a step as the DAGs do, by what the environment says; its exit code and its last lines."""
    words = [verb, "--profile", str(PROFILE), "--home", str(home), "--as-of", str(TODAY), *more]
    call = call_for(words, name=f"steelyard {verb}", needs_engine=NEEDS_ENGINE[verb], submit=read_submit())
    return RunningCommand(call.command, call.environment).follow(lambda _: None)


def versions(home: Path) -> int:
    return DeltaTable(str(home / "lake" / "gold" / "risk_list")).version()


@pytest.fixture(params=["spark-submit", "connect"])
def way(request: pytest.FixtureRequest, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> str:
    settings = {**jar_settings(), **APPLICATION, "spark.driver.host": "127.0.0.1"}
    options = shlex.join(word for key, value in settings.items() for word in ("--conf", f"{key}={value}"))
    chosen = str(request.param)
    monkeypatch.setenv("STEELYARD_SUBMIT", chosen)
    monkeypatch.setenv("STEELYARD_ENGINE", cluster.connect if chosen == "connect" else cluster.master)
    monkeypatch.setenv("STEELYARD_SUBMIT_OPTIONS", options)
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    return chosen


@pytest.mark.usefixtures("way")
def test_a_step_runs_on_the_cluster_and_makes_the_same_list(town: Town) -> None:
    columns = ["list_rank", "entity_id"]
    before, listed = versions(town.home), DeltaTable(str(town.home / "lake" / "gold" / "risk_list")).to_pandas()
    exit_code, last = run_step("target", town.home)
    assert exit_code == 0, last
    assert versions(town.home) > before
    again = DeltaTable(str(town.home / "lake" / "gold" / "risk_list")).to_pandas()
    assert again[columns].sort_values(columns).values.tolist() == listed[columns].sort_values(columns).values.tolist()


@pytest.mark.usefixtures("way")
def test_a_step_that_fails_there_keeps_its_exit_code_and_its_last_words(tmp_path: Path) -> None:
    exit_code, last = run_step("features", tmp_path / "empty")
    assert exit_code == 4
    assert "next:" in last
