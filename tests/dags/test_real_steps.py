"""Real steps, called as the DAGs call them, on a small town's day."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from airflow_deployment import ROOT, make_deployment, run_script
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from steelyard_dags.command import NOTHING_TO_DO, RunningCommand
from steelyard_dags.settings import read_submit
from steelyard_dags.submit import call_for
from steelyard_dags.task import NEEDS_ENGINE

from jobs.cli import main
from tests.day.made_towns import town_after
from tests.day.town import PROFILE, SOURCES, TODAY, Town

BEFORE = {"ingest": (), "gate": ("ingest",), "conform": ("ingest", "gate")}
"""Steps that do nothing for a settled source, with the steps before them."""
ALONE = ("replay_run", "maintain_lake")
"""DAGs with one task that needs only a home."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Town:
    """The small town after its day."""
    return town_after(TODAY, session=spark, tmp_path_factory=tmp_path_factory)


def words_for(verb: str, home: Path) -> list[str]:
    """A step's arguments as in the DAGs."""
    source = ["--source", "returns", "--sources", str(SOURCES)]
    more = {
        **dict.fromkeys(("ingest", "gate", "conform", "settle"), source),
        "outcomes": ["--sources", str(SOURCES)],
        "export": ["--format", "csv", "--out", str(home / "list.csv")],
        "replay": ["--even-so"],  # or it would stop because of another engine before it opens one
    }
    first = {"export": ["export", "risk_list"], "lake": ["lake", "maintain"]}.get(verb, [verb])
    return [*first, "--profile", str(PROFILE), "--home", str(home), *more.get(verb, []), "--as-of", str(TODAY)]


@pytest.mark.parametrize("verb", sorted(NEEDS_ENGINE))
def test_a_step_opens_an_engine_only_if_the_dags_say_so(
    verb: str, town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    if verb in BEFORE:
        for step in BEFORE[verb]:
            with pytest.raises(SystemExit):
                main(words_for(step, home))
    else:
        shutil.copytree(town.home, home)
    monkeypatch.setenv("STEELYARD_ENGINE", "none-such")
    if verb in ("publish", "outcomes"):
        # In a separate process, since a process keeps the first site that it opens.
        monkeypatch.delenv("STEELYARD_CONSOLE_FOLDER", raising=False)
        if verb == "outcomes":
            before = subprocess.run([sys.executable, "-m", "jobs.cli", *words_for(verb, home)], check=False)
            assert before.returncode == NOTHING_TO_DO  # the DAG skips the task before the first publication
            (home / "console").mkdir()
        subprocess.run([sys.executable, "-m", "jobs.cli", *words_for(verb, home)], check=True)
        assert (home / "console" / "console.sqlite3").is_file()
        return
    with pytest.raises(SystemExit) as ended:
        main(words_for(verb, home))
    needs_engine = "the engine 'none-such' is unknown" in capsys.readouterr().err
    assert (ended.value.code, needs_engine) == ((2, True) if NEEDS_ENGINE[verb] else (0, False))


def test_a_step_runs_on_a_connect_service(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pysail.spark import SparkConnectServer

    # A copy, since the manifest will name another engine.
    home = tmp_path / "home"
    shutil.copytree(town.home, home)
    table = str(home / "lake" / "gold" / "risk_list")
    before = DeltaTable(table).version()
    server = SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    try:
        monkeypatch.setenv("STEELYARD_SUBMIT", "connect")
        monkeypatch.setenv("STEELYARD_ENGINE", "sc://{}:{}".format(*server.listening_address))
        call = call_for(words_for("target", home), name="n", needs_engine=NEEDS_ENGINE["target"], submit=read_submit())
        exit_code, last = RunningCommand(call.command, call.environment).follow(lambda _: None)
    finally:
        server.stop()
    assert exit_code == 0, last
    assert DeltaTable(table).version() > before


@pytest.fixture(scope="module")
def ran(town: Town, database: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Airflow runs the single-task DAGs with the real command on a copy of the town's home."""
    deployment = make_deployment(tmp_path_factory.mktemp("real"), database)
    shutil.copytree(town.home, deployment.home)
    return run_script(
        deployment,
        "run_dags.py",
        *(json.dumps({"name": dag, "dag": dag, "conf": {"as_of": str(TODAY)}, "environment": {}}) for dag in ALONE),
        STEELYARD_COMMAND=f"{sys.executable} -m jobs.cli",
        STEELYARD_CONFIG=str(PROFILE.parent),
        STEELYARD_PROFILE=PROFILE.name,
        PYTHONPATH=str(ROOT),
    )


@pytest.mark.slow
@pytest.mark.parametrize("dag", ALONE)
def test_a_single_task_dag_succeeds_on_a_real_home(dag: str, ran: dict[str, Any]) -> None:
    assert ran[dag]["run"] == "success"
    assert set(ran[dag]["tasks"].values()) == {"success"}
