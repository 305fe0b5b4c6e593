"""Run DAGs one after another in this process, with Airflow's test runner and embedded database.

Airflow reads its settings when it is imported, so the functions import it.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Protocol

POOL = "lake_writes"


class Watcher(Protocol):
    """Receives the start and end of every task."""

    def began(self, dag_id: str, task_id: str) -> None:
        """Called when a task starts."""

    def ended(self, dag_id: str, task_id: str, state: str, seconds: float, error: str) -> None:
        """Called when a task ends; the state is success, skipped or failed."""


def airflow_environment(folder: Path, dags: Path) -> dict[str, str]:
    """Environment of a separate Airflow in ``folder``: it reads no user settings and sends no metrics."""
    return {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__METRICS__STATSD_ON": "False",
        "AIRFLOW__TRACES__OTEL_ON": "False",
    }


def prepare_database() -> None:
    """Create or migrate Airflow's tables, and the pool that lets one task at a time write the lake."""
    from airflow.models.pool import Pool
    from airflow.utils import db

    db.initdb()
    Pool.create_or_update_pool(POOL, slots=1, description="one writer of the lake at a time", include_deferred=False)


def load_dags(folder: Path) -> dict[str, Any]:
    """Return the DAGs of a folder by id.

    Raises:
        RuntimeError: a DAG cannot be parsed; the message gives the reason.
    """
    from airflow.dag_processing.dagbag import BundleDagBag

    bag = BundleDagBag(folder, bundle_path=folder, bundle_name="dags-folder")
    if bag.import_errors:
        raise RuntimeError("\n".join(message.strip().splitlines()[-1] for message in bag.import_errors.values()))
    return dict(bag.dags)


def in_demo_order(dags: dict[str, Any]) -> list[str]:
    """DAG ids in order: registrations (other sources are checked against them), other sources, training, daily list."""
    sources = sorted(
        (dag for dag in dags.values() if "ingest" in dag.tags), key=lambda dag: ("registration" not in dag.tags, dag.dag_id)
    )
    return [*(dag.dag_id for dag in sources), "train_model", "daily_risk"]


def run_dag(dag: Any, as_of: str, watcher: Watcher) -> str:
    """Run a DAG for a day and return the state of the run: success or failed."""
    from airflow.sdk.listener import get_listener_manager

    listeners = get_listener_manager()
    listener = _listener(watcher)
    listeners.pm.register(listener)
    try:
        return str(dag.test(run_conf={"as_of": as_of}).state)
    finally:
        listeners.pm.unregister(listener)


def _listener(watcher: Watcher) -> object:
    """A listener for Airflow, which finds hooks by the names of methods and parameters."""
    from airflow.listeners import hookimpl

    began_at: dict[tuple[str, str], float] = {}

    def report_end(task: Any, state: str, error: object = "") -> None:
        seconds = time.monotonic() - began_at.get((task.dag_id, task.task_id), time.monotonic())
        watcher.ended(task.dag_id, task.task_id, state, seconds, str(error or ""))

    class Listener:
        @hookimpl
        def on_task_instance_running(self, task_instance: Any) -> None:
            began_at[task_instance.dag_id, task_instance.task_id] = time.monotonic()
            watcher.began(task_instance.dag_id, task_instance.task_id)

        @hookimpl
        def on_task_instance_success(self, task_instance: Any) -> None:
            report_end(task_instance, "success")

        @hookimpl
        def on_task_instance_skipped(self, task_instance: Any) -> None:
            report_end(task_instance, "skipped")

        @hookimpl
        def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
            report_end(task_instance, "failed", error)

    return Listener()
