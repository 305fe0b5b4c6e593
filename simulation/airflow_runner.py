"""Airflow's own runner on its embedded database, for the demo: each DAG in turn, in this process, and word of every task.

The settings of Airflow are read when it is imported, so all imports of it are inside the functions.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Protocol

POOL = "lake_writes"


class Watcher(Protocol):
    """Who is told of tasks."""

    def began(self, dag_id: str, task_id: str) -> None:
        """A task began."""

    def ended(self, dag_id: str, task_id: str, state: str, seconds: float, error: str) -> None:
        """A task ended; the state is success, skipped or failed."""


def airflow_environment(folder: Path, dags: Path) -> dict[str, str]:
    """Settings for an Airflow of its own in ``folder``: nothing of the user's is read, and nothing is sent anywhere."""
    return {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__METRICS__STATSD_ON": "False",
        "AIRFLOW__TRACES__OTEL_ON": "False",
    }


def prepare_database() -> None:
    """Make Airflow's tables, or bring them up to date, and the pool that lets one task write the lake at a time."""
    from airflow.models.pool import Pool
    from airflow.utils import db

    db.initdb()
    Pool.create_or_update_pool(POOL, slots=1, description="one writer of the lake at a time", include_deferred=False)


def load_dags(folder: Path) -> dict[str, Any]:
    """The DAGs of a folder by id.

    Raises:
        RuntimeError: one cannot be parsed; the message says why.
    """
    from airflow.dag_processing.dagbag import BundleDagBag

    bag = BundleDagBag(folder, bundle_path=folder, bundle_name="dags-folder")
    if bag.import_errors:
        raise RuntimeError("\n".join(message.strip().splitlines()[-1] for message in bag.import_errors.values()))
    return dict(bag.dags)


def in_demo_order(dags: dict[str, Any]) -> list[str]:
    """Registrations, since other sources are checked against them, the other sources, training, and the day's list."""
    sources = sorted(
        (dag for dag in dags.values() if "ingest" in dag.tags), key=lambda dag: ("registration" not in dag.tags, dag.dag_id)
    )
    return [*(dag.dag_id for dag in sources), "train_model", "daily_risk"]


def run_dag(dag: Any, as_of: str, watcher: Watcher) -> str:
    """Run a DAG for a day; the state of its run, success or failed."""
    from airflow.sdk.listener import get_listener_manager

    listeners = get_listener_manager()
    listener = _listener(watcher)
    listeners.pm.register(listener)
    try:
        return str(dag.test(run_conf={"as_of": as_of}).state)
    finally:
        listeners.pm.unregister(listener)


def _listener(watcher: Watcher) -> object:
    """Airflow tells listeners by the names of their methods and parameters."""
    from airflow.listeners import hookimpl

    began_at: dict[tuple[str, str], float] = {}

    def tell_end(task: Any, state: str, error: object = "") -> None:
        seconds = time.monotonic() - began_at.get((task.dag_id, task.task_id), time.monotonic())
        watcher.ended(task.dag_id, task.task_id, state, seconds, str(error or ""))

    class Listener:
        @hookimpl
        def on_task_instance_running(self, task_instance: Any) -> None:
            began_at[task_instance.dag_id, task_instance.task_id] = time.monotonic()
            watcher.began(task_instance.dag_id, task_instance.task_id)

        @hookimpl
        def on_task_instance_success(self, task_instance: Any) -> None:
            tell_end(task_instance, "success")

        @hookimpl
        def on_task_instance_skipped(self, task_instance: Any) -> None:
            tell_end(task_instance, "skipped")

        @hookimpl
        def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
            tell_end(task_instance, "failed", error)

    return Listener()
