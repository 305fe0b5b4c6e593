"""Seven days of the small town from an empty home: Airflow's services, the real command, and a web server for the webhook."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow_deployment import ROOT, Deployment, make_deployment, verbs_for
from deltalake import DeltaTable
from running_airflow import RunningAirflow
from town_deliveries import AWAITED, DAYS, FIRST, LAST, LATE, MISSING, NOT_THERE, STOPPED, deliver, deliver_history, deliver_source
from webhook_receiver import Webhook, received

from tests.day.town import PROFILE

pytestmark = [pytest.mark.timeout(1800), pytest.mark.slow]  # minutes of processor time, mostly Airflow's

HERE = Path(__file__).resolve().parent
LISTS = f"SELECT partition_key, state FROM dag_run WHERE dag_id = 'daily_risk' AND partition_key <= '{LAST}' ORDER BY partition_key"
UNENDED = "SELECT count(*) FROM backfill WHERE completed_at IS NULL"  # a DAG has one backfill at a time
WAITING = "SELECT count(*) FROM task_instance WHERE task_id = 'wait' AND state = 'deferred' AND dag_id = 'ingest_complaints'"
CUT_OFF_AHEAD = timedelta(minutes=2)
REPORTED_WITHIN = 300
"""Seconds after its cut-off within which a source without new data is reported."""
SECONDS_TO_START = 180  # 10 on an idle machine of two cores
SECONDS_FOR_A_DAY = 240
EVERY_SOURCE = ("complaints", "console_results", "returns", "shops", "visits")
INGEST = ["ingest", "gate", "conform", "settle"]
RISK = ["link", "features", "train", "score", "target", "export", "publish"]


@dataclass(frozen=True)
class Week:
    """A deployment after its seven days, and the messages that it posted."""

    deployment: Deployment
    webhook: Webhook
    cut_offs: dict[date, datetime]

    def manifest(self, source: str, day: date) -> dict[str, Any]:
        """What the source's manifest of a day says."""
        path = self.deployment.home / "manifests" / "sources" / source / f"{day}.json"
        return dict(json.loads(path.read_text(encoding="utf-8")))

    def reports(self) -> list[tuple[str, str, str]]:
        """Day, source and verdict of each message about a source."""
        return sorted((one["as_of"], one["source"], one["verdict"]) for one in self.webhook.messages if "verdict" in one)


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory, database: Path) -> Iterator[Week]:
    made = make_deployment(tmp_path_factory.mktemp("week"), database)
    socket = made.folder / "steps"
    with received() as webhook:
        environment = {
            **made.environment,
            "PYTHONPATH": str(ROOT),
            "STEELYARD_COMMAND": f"{sys.executable} -SE {HERE / 'call_step.py'} {socket}",
            "STEELYARD_CONFIG": str(PROFILE.parent),
            "STEELYARD_PROFILE": PROFILE.name,
            "STEELYARD_WEBHOOK_URL": webhook.url,
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        }
        deployment = Deployment(made.folder, environment)
        steps = (sys.executable, str(HERE / "step_server.py"), str(socket), str(made.folder / "calls.txt"))
        with (made.folder / "steps.out").open("wb") as log:
            server = subprocess.Popen(steps, env=environment, cwd=made.folder, stdout=log, stderr=log)
        airflow = RunningAirflow(deployment)
        try:
            airflow.start()
            yield Week(deployment, webhook, _seven_days(airflow, made.folder / "deliveries"))
        finally:
            airflow.stop()
            server.terminate()
            server.wait(30)


def _seven_days(airflow: RunningAirflow, deliveries: Path) -> dict[date, datetime]:
    """Run the days one after the other, each with a cut-off minutes ahead, and return the cut-offs."""
    airflow.wait_until(
        lambda: len(airflow.ask("SELECT dag_id FROM serialized_dag")) >= len(EVERY_SOURCE) + 5 and airflow.answers(),
        what="the DAGs are parsed and the API answers",
        seconds=SECONDS_TO_START,
    )
    deliver_history(deliveries)
    cut_offs = {}
    for day in DAYS:
        deliver(deliveries, day)
        cut_offs[day] = datetime.now(UTC) + (5 if day == AWAITED else 1) * CUT_OFF_AHEAD
        backfill = airflow.first_backfill if day == FIRST else airflow.backfill
        backfill(EVERY_SOURCE, day, {"cut_off": cut_offs[day].isoformat()})
        if day == AWAITED:
            airflow.wait_until(lambda: airflow.ask(WAITING) == [(1,)], what="the day waits", seconds=SECONDS_TO_START)
            deliver_source(deliveries, NOT_THERE[AWAITED], AWAITED)
        airflow.wait_until(
            lambda day=day: airflow.ask(LISTS) == [(str(each), "success") for each in DAYS if each <= day],
            what=f"the list of {day} is made",
            seconds=SECONDS_FOR_A_DAY + CUT_OFF_AHEAD.total_seconds(),
        )
        airflow.wait_until(lambda: airflow.ask(UNENDED) == [(0,)], what="the backfills ended", seconds=SECONDS_TO_START)
        if day == LATE:
            deliver_source(deliveries, NOT_THERE[LATE], LATE)
    return cut_offs


def test_seven_days_from_an_empty_home_make_seven_lists_and_publish_them(week: Week) -> None:
    home = week.deployment.home
    rows = DeltaTable(str(home / "lake" / "gold" / "risk_list")).to_pyarrow_table(columns=["as_of"]).column("as_of").to_pylist()
    assert {day: rows.count(day) for day in rows} == dict.fromkeys(DAYS, 11)
    assert sorted(path.stem for path in (home / "manifests" / "runs").glob("*.json")) == list(map(str, DAYS))
    assert sorted(path.stem for path in (home / "reports").glob("*.html")) == [f"risk_list_{day}" for day in DAYS]
    with sqlite3.connect(home / "console" / "console.sqlite3") as console:
        published = console.execute("SELECT as_of, listed FROM ranking_publishedrun WHERE is_current ORDER BY as_of").fetchall()
    assert published == [(str(day), 11) for day in DAYS]


def test_a_stopped_a_missing_and_a_late_source_are_each_reported_once(week: Week) -> None:
    assert week.reports() == [
        (str(STOPPED), "shops", "stopped"),
        (str(MISSING), "complaints", "missing"),
        (str(LATE), "shops", "missing"),
        (str(DAYS[5]), "shops", "late"),
    ]
    texts = {one["as_of"]: one["text"] for one in week.webhook.messages}
    assert "shops is stopped for 2026-06-25: the delivery of 2026-06-25 may not be used" in texts[str(STOPPED)]
    assert "a delivery is expected every day; the last came on 2026-06-25" in texts[str(MISSING)]
    assert "the delivery of 2026-06-28 came after that day was settled" in texts[str(DAYS[5])]


def test_each_is_reported_within_five_minutes_of_its_cut_off(week: Week) -> None:
    for message in week.webhook.messages:
        if message.get("verdict") in ("stopped", "missing"):
            cut_off = week.cut_offs[date.fromisoformat(message["as_of"])].timestamp()
            assert message["received_at"] <= cut_off + REPORTED_WITHIN
            assert message["verdict"] == "stopped" or message["received_at"] >= cut_off, "it may still have come"


def test_a_delivery_that_comes_before_its_cut_off_is_used_on_its_day(week: Week) -> None:
    manifest = week.manifest("complaints", AWAITED)
    assert (manifest["verdict"], _deliveries(manifest)[-1]) == ("passed", AWAITED)


def test_no_day_between_the_backfilled_ones_and_today_is_overdue(week: Week) -> None:
    """These lists are of June, and Airflow schedules no day before it started."""
    assert [one for one in week.webhook.messages if "verdict" not in one] == []


def test_a_late_delivery_is_taken_in_on_the_next_day(week: Week) -> None:
    assert _deliveries(week.manifest("shops", LATE))[-1] == DAYS[3]
    next_day = week.manifest("shops", DAYS[5])
    assert (next_day["verdict"], _deliveries(next_day)[-2:]) == ("passed", [LATE, DAYS[5]])


def test_each_day_calls_every_step_of_every_source_and_then_those_of_the_list(week: Week) -> None:
    for day in DAYS:
        verbs = verbs_for(week.deployment.calls(), str(day))
        assert [verb for verb in verbs if verb in RISK] == RISK
        assert sorted(verb for verb in verbs if verb not in RISK) == sorted([*INGEST * len(EVERY_SOURCE), "outcomes"])


def test_days_of_a_source_are_ingested_in_order(week: Week) -> None:
    calls = [call for call in week.deployment.calls() if "shops" in call and call[-1].startswith("2026-06")]
    assert [(call[0], call[-1]) for call in calls] == [(verb, str(day)) for day in DAYS for verb in INGEST]


def _deliveries(manifest: dict[str, Any]) -> list[date]:
    return [date.fromisoformat(batch["delivered_on"]) for batch in manifest["batches"]]
