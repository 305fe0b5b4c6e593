"""Airflow's services for a deployment, as they run in production, and what its database says."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from airflow_deployment import AIRFLOW, Deployment


class RunningAirflow:
    """Airflow's services for one deployment, each in its own process group."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.services: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        for name in ("api-server", "dag-processor", "scheduler", "triggerer"):
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

    def backfill(self, sources: Sequence[str], day: date, conf: Mapping[str, str]) -> None:
        """Backfill a day of these sources with the conf, as Airflow's page does."""
        dates = dict.fromkeys(("from_date", "to_date"), f"{day}T00:00:00Z")
        for source in sources:
            body = {"dag_id": f"ingest_{source}", **dates, "dag_run_conf": dict(conf), "max_active_runs": 1}
            self.wait_until(
                partial(self.is_backfilled, body, day), what=f"the backfill of {source} for {day} is created", seconds=120
            )

    def is_backfilled(self, body: dict[str, object], day: date) -> bool:
        """Ask for a backfill. Airflow refuses it with a 5xx when another of its services writes SQLite at the same moment."""
        try:
            self.post("/api/v2/backfills", body)
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise AssertionError(f"{error}: {error.read().decode(errors='replace')}\n{self.tails()}") from error
            wanted = f"dag_id = '{body['dag_id']}' AND from_date LIKE '{day}%'"
            if self.ask(f"SELECT id FROM dag_run WHERE backfill_id IN (SELECT id FROM backfill WHERE {wanted})"):
                return True
            self.change(f"DELETE FROM backfill WHERE {wanted}")  # it has no run, and would forbid the next one
            return False
        return True

    def answers(self) -> bool:
        """Whether Airflow's API can be asked."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", int(self.deployment.environment["AIRFLOW__API__PORT"]))) == 0

    def post(self, path: str, body: dict[str, object]) -> None:
        """Send a request to Airflow's API, as an administrator."""
        address = f"http://127.0.0.1:{self.deployment.environment['AIRFLOW__API__PORT']}"
        with urllib.request.urlopen(f"{address}/auth/token", timeout=60) as answer:
            token = json.load(answer)["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(address + path, data=json.dumps(body).encode(), headers=headers)
        with urllib.request.urlopen(request, timeout=60):
            pass

    def log_of(self, name: str) -> Path:
        return self.deployment.folder / f"{name}.out"

    def ask(self, sql: str) -> list[tuple[str, ...]]:
        """Rows of the deployment's database, read without a lock."""
        database = self.deployment.folder / "airflow" / "airflow.db"
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5) as connection:
            return connection.execute(sql).fetchall()

    def change(self, sql: str) -> None:
        """Change the deployment's database, where an operator would use Airflow's pages."""
        with sqlite3.connect(self.deployment.folder / "airflow" / "airflow.db", timeout=60) as connection:
            connection.execute(sql)

    def first_backfill(self, sources: Sequence[str], day: date, conf: Mapping[str, str]) -> None:
        """Backfill a day of a deployment that never ran. Airflow then schedules yesterday too: here an operator fails these runs.

        No task that writes the lake starts before.
        """
        self.change("UPDATE slot_pool SET slots = 0 WHERE pool = 'lake_writes'")
        self.backfill(sources, day, conf)
        scheduled = "SELECT count(*) FROM dag_run WHERE run_type = 'scheduled' AND dag_id LIKE 'ingest_%'"
        self.wait_until(lambda: self.ask(scheduled) == [(len(sources),)], what="yesterday's runs are created", seconds=180)
        self.change("UPDATE dag_run SET state = 'failed' WHERE run_type = 'scheduled' AND dag_id LIKE 'ingest_%'")
        self.change("UPDATE slot_pool SET slots = 1 WHERE pool = 'lake_writes'")

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
