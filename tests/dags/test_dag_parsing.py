"""How Airflow parses the DAGs in an environment without the project's packages."""

from __future__ import annotations

from typing import Any

import pytest
from airflow_deployment import make_deployment, run_script

EVERY_DAG = {
    *("daily_risk", "ingest_complaint", "ingest_console_results", "ingest_penalty", "ingest_registration"),
    *("list_watch", "maintain_lake", "replay_run", "train_model"),
}
READ_ONLY = ("conformed", "in_order", "outcomes", "publish", "replay", "wait", "watch")
"""The tasks that do not write the lake."""


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
    assert found["files"] == ["daily_risk.py", "ingest.py", "list_watch.py", "maintain_lake.py", "replay_run.py", "train_model.py"]


def test_every_dag_has_tags_docs_with_triage_and_runs_one_day_at_a_time(found: dict[str, Any]) -> None:
    for dag_id, dag in found["dags"].items():
        assert {"steelyard", "town"} <= set(dag["tags"]), dag_id
        assert "### Triage" in dag["doc"], dag_id
        assert (dag["catchup"], dag["max_active_runs"]) == (False, 1), dag_id
        assert dag["serializes"], dag_id


def test_every_task_has_owner_pool_retries_time_limit_and_failure_callback(found: dict[str, Any]) -> None:
    owners = {
        **dict.fromkeys(("ingest_complaint", "ingest_registration"), "市场监督管理局"),
        "ingest_console_results": "inspection department",
    }
    for dag_id, dag in found["dags"].items():
        for task_id, task in dag["tasks"].items():
            assert task["owner"] == owners.get(dag_id, "steelyard"), (dag_id, task_id)
            pool = "default_pool" if task_id in READ_ONLY else "lake_writes"
            is_watch = task_id == "watch"  # it looks again in five minutes, and posts only what is new
            assert (task["pool"], task["pool_slots"], task["retries"]) == (pool, 1, 0 if is_watch else 2), (dag_id, task_id)
            assert 0 < task["seconds"] <= 6 * 3600, (dag_id, task_id)
            assert task["on_failure"] == ["notify_if_new" if is_watch else "notify_webhook"], (dag_id, task_id)


def test_a_source_is_ingested_gated_conformed_and_always_settled(found: dict[str, Any]) -> None:
    ingest = found["dags"]["ingest_registration"]
    assert {task_id: task["upstream"] for task_id, task in ingest["tasks"].items()} == {
        "wait": [],
        "ingest": ["wait"],
        "gate": ["ingest"],
        "conform": ["gate"],
        "conformed": ["conform"],
        "settle": ["conform"],
    }
    assert ingest["tasks"]["settle"]["trigger_rule"] == "all_done"
    is_any_teardown = any(task["is_teardown"] for task in ingest["tasks"].values())
    assert not is_any_teardown, "a teardown runs even in a run that an operator marked as failed"
    assert ingest["tasks"]["settle"]["outlets"] == ["steelyard_town_registration_settled"]
    assert (ingest["timetable"], ingest["time_zone"]) == ("CronPartitionTimetable", "Asia/Shanghai")


def test_tasks_link_to_report_manifest_and_check_results(found: dict[str, Any]) -> None:
    links = {
        (dag_id, task_id): task["links"]
        for dag_id in ("ingest_registration", "daily_risk")
        for task_id, task in found["dags"][dag_id]["tasks"].items()
        if task["links"]
    }
    assert links == {
        ("ingest_registration", "gate"): ["Data Docs"],
        ("ingest_registration", "settle"): ["Manifest", "Data Docs"],
        ("daily_risk", "target"): ["Manifest"],
        ("daily_risk", "export"): ["Report", "Manifest"],
    }


def test_the_risk_list_waits_for_every_source(found: dict[str, Any]) -> None:
    risk = found["dags"]["daily_risk"]
    assert risk["timetable"] == "PartitionedAssetTimetable"
    assert risk["assets"] == [
        f"steelyard_town_{source}_settled" for source in ("complaint", "console_results", "penalty", "registration")
    ]
    assert {task_id: task["upstream"] for task_id, task in risk["tasks"].items()} == {
        "in_order": [],
        "link": ["in_order"],
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


def test_the_schedule_does_not_depend_on_what_a_run_writes(found: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    deployment = make_deployment(tmp_path_factory.mktemp("console"))
    (deployment.home / "console").mkdir(parents=True)

    dags = run_script(deployment, "parse_dags.py")["dags"]

    before = [name for name in found["dags"]["daily_risk"]["assets"] if "penalty" not in name]
    assert dags["daily_risk"]["assets"] == before
    assert set(dags) == EVERY_DAG - {"ingest_penalty"}


def test_the_results_of_the_console_are_delivered_before_they_are_ingested(found: dict[str, Any]) -> None:
    console = found["dags"]["ingest_console_results"]
    assert {task_id: task["upstream"] for task_id, task in console["tasks"].items()} == {
        "outcomes": [],
        "ingest": ["outcomes"],
        "gate": ["ingest"],
        "conform": ["gate"],
        "conformed": ["conform"],
        "settle": ["conform"],
    }
    assert console["is_paused_upon_creation"] is False  # daily_risk waits for it in every deployment
    assert found["dags"]["ingest_registration"]["is_paused_upon_creation"] is None
