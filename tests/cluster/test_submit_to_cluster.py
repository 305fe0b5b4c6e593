"""Steps run on a standalone cluster by spark-submit, and on its Connect server."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest
from deltalake import DeltaTable
from steelyard_dags.command import RunningCommand
from steelyard_dags.settings import read_submit
from steelyard_dags.submit import call_for
from steelyard_dags.task import NEEDS_ENGINE

from jobs.engine.apache_spark import jar_settings
from tests.cluster.spark_cluster import APPLICATION, Cluster
from tests.day.town import PROFILE, TODAY

pytestmark = pytest.mark.cluster


def run_step(verb: str, home: Path, *more: str) -> tuple[int, str]:
    """Run a step as the DAGs do, with the settings of the environment; return exit code and last lines."""
    words = [verb, "--profile", str(PROFILE), "--home", str(home), "--as-of", str(TODAY), *more]
    call = call_for(words, name=f"steelyard {verb}", needs_engine=NEEDS_ENGINE[verb], submit=read_submit())
    return RunningCommand(call.command, call.environment).follow(lambda _: None)


def versions(home: Path) -> int:
    return DeltaTable(str(home / "lake" / "gold" / "risk_list")).version()


def ranks(home: Path) -> list[list[object]]:
    listed = DeltaTable(str(home / "lake" / "gold" / "risk_list")).to_pandas()
    return sorted(listed[["list_rank", "entity_id"]].values.tolist())


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
def test_a_step_runs_on_the_cluster_and_makes_the_same_list(town_on_sail: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(town_on_sail, home)
    before, listed = versions(home), ranks(home)
    exit_code, last = run_step("target", home)
    assert exit_code == 0, last
    assert versions(home) > before
    assert ranks(home) == listed


@pytest.mark.usefixtures("way")
def test_a_failed_step_keeps_its_exit_code_and_last_lines(tmp_path: Path) -> None:
    exit_code, last = run_step("features", tmp_path / "empty")
    assert exit_code == 4
    assert "next:" in last
