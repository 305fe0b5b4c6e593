"""The Airflow demo with a fake command line and an existing world."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from airflow_deployment import ROOT, make_deployment, verbs_for

WORLD = {"entities": 10, "months": 3, "seed": 7, "as_of": "2026-06-30"}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, database: Path):
    return make_deployment(tmp_path_factory.mktemp("demo"), database)


@pytest.fixture(scope="module")
def failed_demo(deployment) -> subprocess.CompletedProcess[str]:
    (deployment.folder / "world.json").write_text(json.dumps(WORLD), encoding="utf-8")
    manifest = deployment.folder / "home" / "manifests" / "sources" / "registration" / "2026-06-30.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"verdict": "passed", "batches": [{"kept": 9, "quarantined": 1}]}), encoding="utf-8")
    options = {"--folder": deployment.folder, "--profile": "town", **{f"--{name.replace('_', '-')}": WORLD[name] for name in WORLD}}
    return subprocess.run(
        [sys.executable, "-m", "simulation.airflow_demo", *(str(word) for option in options.items() for word in option)],
        env={**deployment.environment, "FAIL_VERB": "score", "FAIL_CODE": "70"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_registrations_run_first_then_other_sources_training_and_the_list(failed_demo, deployment) -> None:
    assert failed_demo.returncode == 1
    source = ["ingest", "gate", "conform", "settle"]
    ingested = [*source, *source, "outcomes", *source]
    assert verbs_for(deployment.calls(), "2026-06-30") == [*ingested, "link", "train", "link", "features", "train", "score"]
    first = next(call for call in deployment.calls() if "--source" in call)
    assert "registration" in first


def test_each_task_prints_a_line_and_airflow_writes_only_to_the_log(failed_demo, deployment) -> None:
    shown = failed_demo.stdout.splitlines()
    *tasks, first, second, next_source = [line.split()[0] for line in shown[2:9]]
    assert tasks == [f"ingest_registration.{task}" for task in ("wait", "ingest", "gate", "conform")]
    assert {first, second} == {"ingest_registration.conformed", "ingest_registration.settle"}, "both follow conform, in any order"
    assert next_source == "ingest_complaint.wait"
    assert "passed: 9 rows kept, 1 quarantined" in failed_demo.stdout
    assert failed_demo.stderr == ""
    assert "[DAG TEST]" not in failed_demo.stdout
    assert "[DAG TEST]" in (deployment.folder / "airflow.log").read_text(encoding="utf-8")


def test_a_failure_shows_the_last_lines_and_the_next_step(failed_demo, deployment) -> None:
    assert "daily_risk failed for 2026-06-30. score: steelyard score ended with exit code 70" in failed_demo.stdout
    assert "worked on score" in failed_demo.stdout
    assert "Next: run `steelyard doctor`" in failed_demo.stdout
    assert str(deployment.folder / "airflow.log") in failed_demo.stdout
