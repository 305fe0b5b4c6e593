"""Compare manifests and lists with their cut-offs and deadlines, and report once what is overdue."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from steelyard_dags.in_order import days_with_a_list
from steelyard_dags.settings import Settings
from steelyard_dags.webhook import overdue_message, post

if TYPE_CHECKING:
    from airflow.sdk import Context

SETTLED_WITHIN = timedelta(minutes=30)
"""How long after its cut-off a source must be settled: the sources of a day are taken in one after the other."""
SEEN = "seen"
"""The XCom of what is overdue, which the next run does not report again, and of the first day of the list and of each source."""
LIST_DAG = "daily_risk"


class OverdueError(AirflowFailException):
    """Something is overdue that an earlier run has reported."""


class ListWatch(BaseOperator):
    """Fail while a source or a list is overdue. Only what is newly overdue is posted to the webhook."""

    def __init__(self, *, settings: Settings, **kwargs: Any) -> None:
        super().__init__(**{"task_id": "watch", **kwargs, "retries": 0, "on_failure_callback": notify_if_new})
        self.settings = settings
        self.time_zone = settings.time_zone

    def execute(self, context: Context) -> None:
        """Look at the newest day whose deadline has passed.

        Raises:
            AirflowFailException: something is newly overdue.
            OverdueError: something is still overdue.
        """
        now, task = datetime.now(UTC), context["ti"]
        # Without a map index Airflow gives a list of the values of all earlier runs.
        seen = task.xcom_pull(task_ids=self.task_id, key=SEEN, map_indexes=-1, include_prior_dates=True) or {}
        first_days = days_first_seen(self.settings, seen.get("first_days", {}), now)
        found = overdue(self.settings, first_days, now)
        task.xcom_push(key=SEEN, value={"first_days": first_days, "overdue": found})
        if new := [each for each in found if each not in seen.get("overdue", [])]:
            raise AirflowFailException("; ".join(new))
        if found:
            raise OverdueError("reported before: " + "; ".join(found))
        self.log.info("nothing is overdue")


def notify_if_new(context: Context) -> None:
    """Post the message about a failed watch, unless it repeats what is known."""
    if not isinstance(context.get("exception"), OverdueError):
        post(lambda: overdue_message(context))


def days_first_seen(settings: Settings, seen: dict[str, str], now: datetime) -> dict[str, str]:
    """The first day that is expected of the list and of each source: the local day of the first look at it."""
    today = str(now.astimezone(ZoneInfo(settings.time_zone)).date())
    return {name: seen.get(name, today) for name in (LIST_DAG, *(source.name for source in settings.sources))}


def overdue(settings: Settings, first_days: dict[str, str], now: datetime) -> list[str]:
    """What is expected at ``now`` and is not there: the list, then each source's manifest."""
    found = []
    day = newest_due(settings.list_deadline, settings.time_zone, now)
    if first_days[LIST_DAG] <= str(day) and str(day) not in days_with_a_list(settings.home):
        found.append(f"there is no list for {day} after its deadline: look at the DAG {LIST_DAG}")
    for source in settings.sources:
        folder = settings.home / "manifests" / "sources" / source.name
        day = newest_due(source.cut_off, settings.time_zone, now - SETTLED_WITHIN)
        if source.delivered_by and not folder.is_dir():
            continue  # it has delivered nothing yet
        if first_days[source.name] <= str(day) and not (folder / f"{day}.json").is_file():
            found.append(f"{source.name} is not settled for {day} after its cut-off: look at the DAG ingest_{source.name}")
    return found


def newest_due(at: time, time_zone: str, now: datetime) -> date:
    """The newest day that should be done at ``now``, if a day is due at a time of the next day."""
    there = now.astimezone(ZoneInfo(time_zone))
    return there.date() - timedelta(days=1 if there.time() >= at else 2)
