"""The day of a DAG run."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk.exceptions import AirflowFailException

NEXT_STEP = """trigger it with a day, as in --conf '{"as_of": "2026-06-30"}'"""


class NoDayError(AirflowFailException):
    """The run has no valid day."""


def as_of_day(dag_run: Any, time_zone: str) -> str:
    """Return the run's day as an ISO date: its partition key, else ``as_of`` of its conf, else the day of its schedule.

    Only scheduled runs and backfills use the schedule's day. A manual run must give its day, so that it never uses a wrong one.

    Raises:
        NoDayError: there is no day, or it is not an ISO date.
    """
    day = dag_run.partition_key or (dag_run.conf or {}).get("as_of")
    if day is None and dag_run.run_type in ("scheduled", "backfill") and dag_run.data_interval_start is not None:
        day = dag_run.data_interval_start.astimezone(ZoneInfo(time_zone)).date().isoformat()
    if day is None:
        raise NoDayError(f"this run has no day; {NEXT_STEP}")
    try:
        is_iso_date = date.fromisoformat(day).isoformat() == day
    except (TypeError, ValueError):
        is_iso_date = False
    if not is_iso_date:
        raise NoDayError(f"the run's day is {day!r}, which is not an ISO date; {NEXT_STEP}")
    return str(day)
