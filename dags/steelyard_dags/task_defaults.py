"""Default arguments of all tasks: retries, notification of failures, and a pool for writing the lake."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from steelyard_dags.settings import Settings
from steelyard_dags.webhook import notify_webhook

LAKE_WRITES = "lake_writes"
"""A pool with one slot: `airflow pools set lake_writes 1 "one writer of the lake at a time"`."""
READS_ONLY = "default_pool"
"""Airflow's default pool, for tasks that do not write the lake."""


def task_defaults(
    settings: Settings, *, owner: str = "steelyard", longest: timedelta = timedelta(hours=2), priority: int = 1
) -> dict[str, Any]:
    """The ``default_args`` of a DAG. Waiting tasks with a higher priority get the lake first."""
    return {
        "owner": owner,
        "pool": LAKE_WRITES,
        "priority_weight": priority,
        "weight_rule": "absolute",
        "retries": settings.retries,
        "retry_delay": settings.retry_delay,
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(hours=1),
        "execution_timeout": longest,
        "on_failure_callback": notify_webhook,
        "do_xcom_push": False,
        "time_zone": settings.time_zone,
    }


def run_options(settings: Settings) -> list[str]:
    """The options for profile and home."""
    return ["--profile", str(settings.folder), "--home", str(settings.home)]
