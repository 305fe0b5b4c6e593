"""What all our tasks have in common: how often they are tried again, who is told, and that only one writes the lake at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from steelyard_dags.failure import tell_webhook
from steelyard_dags.settings import Settings

LAKE_WRITES = "lake_writes"
"""A pool of one slot: `airflow pools set lake_writes 1 "one writer of the lake at a time"`."""
READS_ONLY = "default_pool"
"""Airflow's own pool, for what writes nothing to the lake and so has to wait for nobody."""


def task_defaults(
    settings: Settings, *, owner: str = "steelyard", longest: timedelta = timedelta(hours=2), urgency: int = 1
) -> dict[str, Any]:
    """The ``default_args`` of a DAG. Of tasks that wait for the lake, the more urgent goes first."""
    return {
        "owner": owner,
        "pool": LAKE_WRITES,
        "priority_weight": urgency,
        "weight_rule": "absolute",
        "retries": settings.retries,
        "retry_delay": settings.retry_delay,
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(hours=1),
        "execution_timeout": longest,
        "on_failure_callback": tell_webhook,
        "do_xcom_push": False,
        "time_zone": settings.time_zone,
    }


def run_options(settings: Settings) -> list[str]:
    """Where a verb of the day finds the profile and the lake."""
    return ["--profile", str(settings.folder), "--home", str(settings.home)]
