"""Make days in their order: a list is not made by itself for a day older than the newest one that has a list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from steelyard_dags.as_of import as_of_day

if TYPE_CHECKING:
    from airflow.sdk import Context


class InOrder(BaseOperator):
    """Refuse a day that never had a list if a later day has one, unless somebody triggered the run by hand.

    Args:
        home: the home, whose manifests of runs say which days have a list.
        time_zone: the profile's time zone; the default is that in the DAG's ``default_args``.
    """

    def __init__(self, *, home: Path, time_zone: str = "", **kwargs: Any) -> None:
        super().__init__(**{"task_id": "in_order", **kwargs})
        self.home, self.time_zone = str(home), time_zone

    def execute(self, context: Context) -> None:
        """Compare the run's day with the newest that has a list.

        Raises:
            AirflowFailException: the run has no day, or its day is refused.
        """
        run = context["dag_run"]
        day = as_of_day(run, self.time_zone)
        listed = days_with_a_list(Path(self.home))
        if listed and day < max(listed) and day not in listed and run.run_type != "manual":
            raise AirflowFailException(
                f"{day} has no list, but {max(listed)} has one, and days are made in their order. If {day} needs a list too, run:"
                f""" airflow dags trigger daily_risk --conf '{{"as_of": "{day}"}}'"""
            )


def days_with_a_list(home: Path) -> set[str]:
    """The days that have a list, as ISO dates."""
    return {path.stem for path in (home / "manifests" / "runs").glob("????-??-??.json")}
