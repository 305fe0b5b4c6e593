"""Wait until a source's delivery is there, or its cut-off has passed. While it waits, the task holds no worker and no pool."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.providers.standard.triggers.temporal import DateTimeTrigger
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from steelyard_dags.as_of import as_of_day
from steelyard_dags.settings import DELIVERED_ON, Source

if TYPE_CHECKING:
    from airflow.sdk import Context

PAUSE = timedelta(minutes=1)
"""Between two looks. Files that changed within this time may still be copied."""


class WaitForDelivery(BaseOperator):
    """Wait for the day's delivery of a source until its cut-off on the next day.

    Args:
        source: the source.
        sources_folder: the folder where deliveries arrive.
        time_zone: the profile's time zone; the default is that in the DAG's ``default_args``.
    """

    template_fields: Sequence[str] = ("cut_off",)  # shown on the task's page

    def __init__(self, *, source: Source, sources_folder: Path, time_zone: str = "", **kwargs: Any) -> None:
        super().__init__(**{"task_id": "wait", **kwargs})
        self.cut_off = source.cut_off.isoformat("minutes")
        self.source, self.files, self.every_days = source.name, source.files, source.every_days
        self.sources_folder, self.time_zone = str(sources_folder), time_zone

    def execute(self, context: Context) -> None:
        """Look for the delivery, and look again after a pause."""
        self.look(context)

    def look(self, context: Context, event: Any = None) -> None:
        """End if the wait is over; else wait for the next look.

        Raises:
            AirflowFailException: the run has no day, or a cut-off that is no instant.
        """
        del event  # the moment at which the trigger fired
        run = context["dag_run"]
        day = date.fromisoformat(as_of_day(run, self.time_zone))
        now, ends = datetime.now(UTC), own_cut_off(run.conf or {}) or end_of_wait(day, self.cut_off, self.time_zone)
        folder = Path(self.sources_folder)
        if is_there(folder, self.files, day, now):
            self.log.info("the delivery of %s for %s is there", self.source, day)
        elif not is_due(folder, self.files, day, self.every_days):
            self.log.info("no delivery of %s is due for %s", self.source, day)
        elif now >= ends:
            self.log.warning("the delivery of %s for %s is not there at its cut-off, %s", self.source, day, ends.isoformat())
        else:
            self.log.info("the delivery of %s for %s is not there; its cut-off is %s", self.source, day, ends.isoformat())
            self.defer(trigger=DateTimeTrigger(moment=min(ends, now + PAUSE)), method_name="look")


def own_cut_off(conf: Mapping[str, Any]) -> datetime | None:
    """The cut-off that the conf of a run gives instead of its source's.

    Raises:
        AirflowFailException: it is not an instant.
    """
    said = conf.get("cut_off")
    if said is None:
        return None
    try:
        instant = datetime.fromisoformat(said)
    except (TypeError, ValueError):
        instant = None
    if instant is None or instant.tzinfo is None:
        raise AirflowFailException(f"the run's cut_off is {said!r}; write an instant with its offset, as in 2026-07-01T12:00+08:00")
    return instant.astimezone(UTC)


def end_of_wait(day: date, cut_off: str, time_zone: str) -> datetime:
    """The cut-off of a day's delivery: that time of the next day in the profile's time zone."""
    there = datetime.combine(day + timedelta(days=1), time.fromisoformat(cut_off), ZoneInfo(time_zone))
    return there.astimezone(UTC)


def is_due(folder: Path, files: str, day: date, every_days: int) -> bool:
    """Whether a delivery is expected by the day: none came on the ``every_days - 1`` days before it."""
    return not any(files_of(folder, files, day - timedelta(days=ago)) for ago in range(1, every_days))


def is_there(folder: Path, files: str, day: date, now: datetime) -> bool:
    """Whether files of the day's delivery are there, and none of them changed just before ``now``."""
    found = files_of(folder, files, day)
    return bool(found) and max(path.stat().st_mtime for path in found) <= (now - PAUSE).timestamp()


def files_of(folder: Path, files: str, day: date) -> list[Path]:
    """The files of a source's delivery of a day."""
    pattern = re.sub(r"\*\*+", "*", files).replace(DELIVERED_ON, day.isoformat())
    return [path for path in folder.glob(pattern) if path.is_file()]
