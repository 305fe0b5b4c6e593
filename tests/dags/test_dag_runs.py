"""Airflow runs every DAG; a script replaces the command line and records its calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow_deployment import Deployment, make_deployment, option, run_script, verbs_for
from webhook_receiver import Webhook, received


@pytest.fixture(scope="module")
def webhook() -> Iterator[Webhook]:
    with received() as webhook:
        yield webhook


def case(name: str, dag: str, conf: dict[str, str], **environment: str) -> str:
    return json.dumps({"name": name, "dag": dag, "conf": conf, "environment": environment})


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, database: Path) -> Deployment:
    return make_deployment(tmp_path_factory.mktemp("runs"), database)


@pytest.fixture(scope="module")
def ran(deployment: Deployment, webhook: Webhook) -> dict[str, Any]:
    """Run all cases in one process, since starting Airflow takes longer than a DAG. Each case has its own day."""
    posts = {"STEELYARD_WEBHOOK_URL": webhook.url}
    for as_of, verdict in (("2026-06-12", "stopped"), ("2026-06-13", "passed")):
        path = deployment.home / "manifests" / "sources" / "complaint" / f"{as_of}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        facts = {"verdict": verdict, "why": "20 rows are unreadable", "newest_delivery": "2026-06-11", "known_rows": 7}
        path.write_text(json.dumps(facts), encoding="utf-8")
    return run_script(
        deployment,
        "run_dags.py",
        case("ingest", "ingest_registration", {"as_of": "2026-06-01"}),
        case("risk", "daily_risk", {"as_of": "2026-06-02"}),
        case("train", "train_model", {"as_of": "2026-06-03"}),
        case("crash", "ingest_registration", {"as_of": "2026-06-04"}, FAIL_VERB="gate", FAIL_CODE="70", **posts),
        case("no_labels", "train_model", {"as_of": "2026-06-05"}, FAIL_VERB="train", FAIL_CODE="4"),
        case("nothing_to_link", "daily_risk", {"as_of": "2026-06-06"}, FAIL_VERB="link", FAIL_CODE="4"),
        case("no_day", "daily_risk", {}),
        case("maintain", "maintain_lake", {"as_of": "2026-06-07"}),
        case("replay", "replay_run", {"as_of": "2026-06-08"}),
        case("differs", "replay_run", {"as_of": "2026-06-09"}, FAIL_VERB="replay", FAIL_CODE="7", **posts),
        case("no_list", "replay_run", {"as_of": "2026-06-10"}, FAIL_VERB="replay", FAIL_CODE="4", **posts),
        case("stopped", "ingest_complaint", {"as_of": "2026-06-12"}, **posts),
        case("passed", "ingest_complaint", {"as_of": "2026-06-13"}, **posts),
        case("no_service", "train_model", {"as_of": "2026-06-11"}, STEELYARD_SUBMIT="connect"),
        case("first_look", "list_watch", {"as_of": "2026-06-13"}, **posts),
        case("looked_before", "", {"as_of": "2026-06-01"}),
        case("overdue", "list_watch", {"as_of": "2026-06-14"}, **posts),
        case("still_overdue", "list_watch", {"as_of": "2026-06-15"}, **posts),
        case("overdue_thrice", "list_watch", {"as_of": "2026-06-16"}, **posts),
        STEELYARD_RETRIES="1",
        STEELYARD_RETRY_SECONDS="0",
    )


def test_ingest_calls_each_verb_for_the_day(ran: dict[str, Any], deployment: Deployment) -> None:
    assert ran["ingest"]["run"] == "success"
    assert verbs_for(deployment.calls(), "2026-06-01") == ["ingest", "gate", "conform", "settle"]
    call = deployment.calls()[0]
    assert option(call, "--source") == "registration"
    assert option(call, "--profile") == str(deployment.folder / "config" / "town")
    assert option(call, "--sources") == str(deployment.folder / "deliveries")
    assert option(call, "--home") == str(deployment.home)


def test_a_manual_run_settles_its_source_and_the_list_waits_for_the_others(ran) -> None:
    assert ran["ingest"]["events"] == [["steelyard_town_registration_settled", "2026-06-01"]]
    assert ran["ingest"]["awaited"] == [["daily_risk", "2026-06-01"]]


def test_daily_risk_makes_the_list_and_the_page_of_the_day(ran: dict[str, Any], deployment: Deployment) -> None:
    assert ran["risk"]["run"] == "success"
    assert verbs_for(deployment.calls(), "2026-06-02") == ["link", "features", "train", "score", "target", "export", "publish"]
    export = next(call for call in deployment.calls() if call[0] == "export")
    assert export[1] == "risk_list"
    assert option(export, "--format") == "html"
    assert option(export, "--out") == f"{deployment.home}/reports/risk_list_2026-06-02.html"
    assert ran["risk"]["events"] == [["steelyard_town_risk_list", "2026-06-02"]]


def test_train_model_links_and_trains_as_of_the_day(ran: dict[str, Any], deployment: Deployment) -> None:
    assert ran["train"]["run"] == "success"
    assert verbs_for(deployment.calls(), "2026-06-03") == ["link", "train"]


def test_a_crash_fails_the_run_but_the_source_is_settled(ran: dict[str, Any], deployment: Deployment) -> None:
    assert ran["crash"] == {
        "run": "failed",
        "tasks": {
            "wait": "success",
            "ingest": "success",
            "gate": "failed",
            "conform": "upstream_failed",
            "conformed": "upstream_failed",
            "settle": "success",
        },
        "events": [["steelyard_town_registration_settled", "2026-06-04"]],
        "extras": [{}],
        "verdicts": [],
        "awaited": [["daily_risk", "2026-06-01"], ["daily_risk", "2026-06-04"]],
    }
    assert verbs_for(deployment.calls(), "2026-06-04") == ["ingest", "gate", "gate", "settle"]


def test_the_webhook_gets_one_message_about_a_crash(ran: dict[str, Any], webhook: Webhook) -> None:
    assert ran["crash"]["run"] == "failed"
    (message,) = [one for one in webhook.messages if one["dag_id"] == "ingest_registration"]
    assert (message["task_id"], message["as_of"]) == ("gate", "2026-06-04")
    assert "exit code 70: it crashed\nworked on gate" in message["error"]


def test_a_stopped_source_is_named_in_the_event_as_xcom_and_to_the_webhook(
    ran: dict[str, Any], deployment: Deployment, webhook: Webhook
) -> None:
    facts = {"verdict": "stopped", "why": "20 rows are unreadable", "newest_delivery": "2026-06-11", "known_rows": 7, "late": []}
    manifest = deployment.home / "manifests" / "sources" / "complaint" / "2026-06-12.json"
    assert ran["stopped"]["extras"] == [{**facts, "manifest": str(manifest)}]
    assert ran["stopped"]["verdicts"] == [facts]
    (message,) = [one for one in webhook.messages if one["dag_id"] == "ingest_complaint"]
    assert message["next_step"] == "look at Data Docs, then follow docs/how-to/handle-a-stopped-source.md"
    assert message["text"] == f"Steelyard: complaint is stopped for 2026-06-12: 20 rows are unreadable; {message['next_step']}"
    assert (message["source"], message["verdict"], message["as_of"]) == ("complaint", "stopped", "2026-06-12")


def test_a_source_that_passed_is_in_the_event_and_the_webhook_stays_silent(ran: dict[str, Any], webhook: Webhook) -> None:
    assert ran["passed"]["extras"][0]["verdict"] == "passed"
    assert [one for one in webhook.messages if one.get("as_of") == "2026-06-13"] == []


def test_missing_labels_skip_training_but_missing_links_fail_the_day(ran: dict[str, Any]) -> None:
    assert ran["no_labels"]["tasks"] == {"link": "success", "train": "skipped"}
    assert ran["no_labels"]["run"] == "success"
    assert ran["nothing_to_link"]["tasks"]["link"] == "failed"
    assert ran["nothing_to_link"]["run"] == "failed"


def test_maintenance_uses_the_home_and_the_profile(ran: dict[str, Any], deployment: Deployment) -> None:
    assert ran["maintain"]["run"] == "success"
    (call,) = [call for call in deployment.calls() if option(call, "--as-of") == "2026-06-07"]
    assert call[:2] == ["lake", "maintain"]
    assert option(call, "--home") == str(deployment.home)
    assert option(call, "--profile") == str(deployment.folder / "config" / "town")


def test_a_replay_with_the_same_list_succeeds(ran: dict[str, Any], deployment: Deployment) -> None:
    assert ran["replay"]["run"] == "success"
    assert verbs_for(deployment.calls(), "2026-06-08") == ["replay"]


def test_a_replay_that_differs_fails_without_retry_and_explains_it(
    ran: dict[str, Any], deployment: Deployment, webhook: Webhook
) -> None:
    assert ran["differs"]["tasks"] == {"replay": "failed"}
    assert verbs_for(deployment.calls(), "2026-06-09") == ["replay"]
    (message,) = [one for one in webhook.messages if one["dag_id"] == "replay_run"]
    assert message["text"].startswith("Steelyard: replay_run.replay failed for 2026-06-09: ")
    assert "the replay differs from the published list" in message["text"]


def test_a_replay_without_a_list_is_skipped(ran: dict[str, Any]) -> None:
    assert ran["no_list"]["tasks"] == {"replay": "skipped"}
    assert ran["no_list"]["run"] == "success"


def test_what_is_overdue_is_posted_once_and_the_watch_stays_red(ran: dict[str, Any], webhook: Webhook) -> None:
    assert ran["first_look"]["run"] == "success", "Airflow schedules no day before it"
    assert {ran[name]["run"] for name in ("overdue", "still_overdue", "overdue_thrice")} == {"failed"}
    (message,) = [one for one in webhook.messages if one["dag_id"] == "list_watch"]
    assert message["as_of"] is None, "the day of the run is not that of what is overdue"
    for overdue in ("complaint is not settled for", "registration is not settled for", "there is no list for"):
        assert overdue in message["error"]


def test_connect_mode_without_an_address_calls_nothing(ran: dict[str, Any], deployment: Deployment) -> None:
    assert ran["no_service"]["tasks"]["link"] == "failed"
    assert verbs_for(deployment.calls(), "2026-06-11") == []


def test_without_a_day_nothing_is_called(ran: dict[str, Any]) -> None:
    assert ran["no_day"]["run"] == "failed"
    assert ran["no_day"]["tasks"]["in_order"] == "failed"
    assert ran["no_day"]["events"] == []
