"""Which day a run is about."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

HOW_TO_NAME_A_DAY = """trigger it with a day, as in --conf '{"as_of": "2026-06-30"}'"""


class NoDayError(Exception):
    """A run that names no day to work on."""


def as_of_day(dag_run: Any, time_zone: str) -> str:
    """The run's day as an ISO date: its partition key, else ``as_of`` of its conf, else the day its schedule covers.

    Only a run that a timetable made has a schedule's day: a run made by hand must name its own, lest it work on the wrong one.

    Raises:
        NoDayError: no day is named, or it is no ISO date.
    """
    named = dag_run.partition_key or (dag_run.conf or {}).get("as_of")
    if named is None and dag_run.run_type in ("scheduled", "backfill") and dag_run.data_interval_start is not None:
        named = dag_run.data_interval_start.astimezone(ZoneInfo(time_zone)).date().isoformat()
    if named is None:
        raise NoDayError(f"this run names no day to work on; {HOW_TO_NAME_A_DAY}")
    try:
        is_iso_date = date.fromisoformat(named).isoformat() == named
    except (TypeError, ValueError):
        is_iso_date = False
    if not is_iso_date:
        raise NoDayError(f"the day to work on is {named!r}, which is no date; {HOW_TO_NAME_A_DAY}")
    return str(named)
