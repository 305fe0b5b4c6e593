"""How Airflow parses the DAGs in an environment without the project's packages."""

from __future__ import annotations

from typing import Any

import pytest
from airflow_deployment import make_deployment, run_script

EVERY_DAG = {
    *("daily_risk", "ingest_complaint", "ingest_penalty", "ingest_registration"),
    *("maintain_lake", "replay_run", "train_model"),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    deployment = make_deployment(tmp_path_factory.mktemp("parsing"))
    (deployment.folder / "config" / "town" / "sources" / "penalty.toml").write_text('contract = "penalty', encoding="utf-8")
    return run_script(deployment, "parse_dags.py", STEELYARD_RETRIES="2")


def test_every_dag_parses_without_the_projects_packages(found: dict[str, Any]) -> None:
    assert found["import_errors"] == {}
    assert set(found["dags"]) == EVERY_DAG
    assert found["blocked"] == []


def test_parsing_imports_nothing_heavy(found: dict[str, Any]) -> None:
    assert found["heavy"] == []


def test_shared_modules_are_not_dag_files(found: dict[str, Any]) -> None:
    assert found["files"] == ["daily_risk.py", "ingest.py", "maintain_lake.py", "replay_run.py", "train_model.py"]


def test_every_dag_has_tags_docs_with_triage_and_runs_one_day_at_a_time(found: dict[str, Any]) -> None:
    for dag_id, dag in found["dags"].items():
        assert {"steelyard", "town"} <= set(dag["tags"]), dag_id
        assert "### Triage" in dag["doc"], dag_id
        assert (dag["catchup"], dag["max_active_runs"]) == (False, 1), dag_id
        assert dag["serializes"], dag_id


def test_every_task_has_owner_pool_retries_time_limit_and_failure_callback(found: dict[str, Any]) -> None:
    owners = {"ingest_complaint": "市场监督管理局", "ingest_registration": "市场监督管理局"}
    for dag_id, dag in found["dags"].items():
        for task_id, task in dag["tasks"].items():
            assert task["owner"] == owners.get(dag_id, "steelyard"), (dag_id, task_id)
            pool = "default_pool" if task_id in ("replay", "publish") else "lake_writes"  # they do not write the lake
            assert (task["pool"], task["pool_slots"], task["retries"]) == (pool, 1, 2), (dag_id, task_id)
            assert 0 < task["seconds"] <= 6 * 3600, (dag_id, task_id)
            assert task["on_failure"] == ["notify_webhook"], (dag_id, task_id)


def test_a_source_is_ingested_gated_conformed_and_always_settled(found: dict[str, Any]) -> None:
    ingest = found["dags"]["ingest_registration"]
    assert {task_id: task["upstream"] for task_id, task in ingest["tasks"].items()} == {
        "ingest": [],
        "gate": ["ingest"],
        "conform": ["gate"],
        "settle": ["conform"],
    }
    assert {task_id for task_id, task in ingest["tasks"].items() if task["is_teardown"]} == {"settle"}
    assert ingest["tasks"]["settle"]["outlets"] == ["steelyard_town_registration_settled"]
    assert (ingest["timetable"], ingest["time_zone"]) == ("CronPartitionTimetable", "Asia/Shanghai")


def test_the_risk_list_waits_for_every_source(found: dict[str, Any]) -> None:
    risk = found["dags"]["daily_risk"]
    assert risk["timetable"] == "PartitionedAssetTimetable"
    assert risk["assets"] == [f"steelyard_town_{source}_settled" for source in ("complaint", "penalty", "registration")]
    assert {task_id: task["upstream"] for task_id, task in risk["tasks"].items()} == {
        "link": [],
        "features": ["link"],
        "train": ["features"],
        "score": ["train"],
        "target": ["score"],
        "export": ["target"],
        "publish": ["export"],
    }


def test_a_source_with_an_invalid_mapping_still_has_a_dag(found: dict[str, Any]) -> None:
    broken = found["dags"]["ingest_penalty"]
    assert "penalty.toml is not valid TOML" in broken["doc"]
    assert broken["tasks"]["settle"]["outlets"] == ["steelyard_town_penalty_settled"]


def test_a_published_console_adds_its_source(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    deployment = make_deployment(tmp_path_factory.mktemp("console"))
    (deployment.home / "console").mkdir(parents=True)

    dags = run_script(deployment, "parse_dags.py")["dags"]

    tasks = dags["ingest_console_results"]["tasks"]
    assert {task_id: task["upstream"] for task_id, task in tasks.items()} == {
        "outcomes": [],
        "ingest": ["outcomes"],
        "gate": ["ingest"],
        "conform": ["gate"],
        "settle": ["conform"],
    }
    assert tasks["outcomes"]["pool"] == "default_pool"
    assert "steelyard_town_console_results_settled" in dags["daily_risk"]["assets"]
