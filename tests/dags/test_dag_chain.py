"""The chain of assets with Airflow's scheduler, DAG processor and API server."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from airflow_deployment import AIRFLOW, SOURCES, Deployment, make_deployment, verbs_for

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]  # minutes of processor time, mostly Airflow's

LISTS = "SELECT partition_key, state FROM dag_run WHERE dag_id = 'daily_risk' AND partition_key < '2026-07' ORDER BY partition_key"
SECONDS_TO_START = 180  # 10 on an idle machine of two cores
SECONDS_TO_FINISH = 300  # 30 there
INGEST = ["ingest", "gate", "conform", "settle"]
RISK = ["link", "features", "train", "score", "target", "export", "publish"]


class RunningAirflow:
    """Airflow's services for one deployment, each in its own process group."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.services: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        for name in ("api-server", "dag-processor", "scheduler"):
            with self.log_of(name).open("wb") as log:
                self.services[name] = subprocess.Popen(
                    [str(AIRFLOW), name],
                    env=self.deployment.environment,
                    cwd=self.deployment.folder,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )

    def stop(self) -> None:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            for service in self.services.values():
                try:
                    os.killpg(service.pid, sign)
                except ProcessLookupError:
                    continue
            for service in self.services.values():
                try:
                    service.wait(10)
                except subprocess.TimeoutExpired:
                    continue

    def backfill(self, source: str) -> None:
        self.deployment.airflow(
            *("backfill", "create", "--dag-id", f"ingest_{source}", "--max-active-runs", "1"),
            *("--from-date", "2026-06-29", "--to-date", "2026-06-30"),
        )

    def log_of(self, name: str) -> Path:
        return self.deployment.folder / f"{name}.out"

    def ask(self, sql: str) -> list[tuple[str, ...]]:
        """Rows of the deployment's database, read without a lock."""
        database = self.deployment.folder / "airflow" / "airflow.db"
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5) as connection:
            return connection.execute(sql).fetchall()

    def wait_until(self, is_done: Callable[[], bool], *, what: str, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            dead = [name for name, service in self.services.items() if service.poll() is not None]
            assert not dead, f"{dead} ended while waiting for {what}\n{self.tails()}"
            try:
                if is_done():
                    return
            except sqlite3.OperationalError:  # the database is busy: try again
                pass
            time.sleep(0.5)
        pytest.fail(f"not within {seconds:.0f} s: {what}\n{self.tails()}")

    def tails(self) -> str:
        runs = self.ask("SELECT dag_id, run_type, state, partition_key FROM dag_run")
        return f"{runs}\n" + "\n".join(
            f"--- {name}\n{self.log_of(name).read_text(errors='replace')[-1500:]}" for name in self.services
        )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, database: Path) -> Iterator[RunningAirflow]:
    deployment = make_deployment(tmp_path_factory.mktemp("chain"), database)
    airflow = RunningAirflow(deployment)
    try:
        airflow.start()
        airflow.wait_until(
            lambda: len(airflow.ask("SELECT dag_id FROM serialized_dag")) >= len(SOURCES) + 4,
            what="the DAGs are parsed",
            seconds=SECONDS_TO_START,
        )
        yield airflow
    finally:
        airflow.stop()


def test_backfills_of_all_sources_make_the_list_of_each_day(running: RunningAirflow) -> None:
    with ThreadPoolExecutor() as pool:  # at once, since each takes seconds to start
        list(pool.map(running.backfill, SOURCES))
    running.wait_until(
        lambda: running.ask(LISTS) == [("2026-06-29", "success"), ("2026-06-30", "success")],
        what="daily_risk ran for both days",
        seconds=SECONDS_TO_FINISH,
    )
    for as_of in ("2026-06-29", "2026-06-30"):
        verbs = verbs_for(running.deployment.calls(), as_of)
        assert verbs[-len(RISK) :] == RISK
        assert sorted(verbs[: -len(RISK)]) == sorted(INGEST * len(SOURCES))


def test_days_of_a_source_are_ingested_in_order(running: RunningAirflow) -> None:
    calls = [call for call in running.deployment.calls() if "registration" in call and call[-1].startswith("2026-06")]
    assert [(call[0], call[-1]) for call in calls] == [(verb, day) for day in ("2026-06-29", "2026-06-30") for verb in INGEST]
