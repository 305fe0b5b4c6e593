"""The one kind of task there is: it calls the command line for the run's day.

Which verbs the DAGs call, and which of them open an engine: only those are worth sending to a cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from steelyard_dags.as_of import NoDayError, as_of_day
from steelyard_dags.command import FINAL, NOTHING_TO_DO, CommandMissingError, RunningCommand, meaning_of
from steelyard_dags.settings import SettingsError, read_submit
from steelyard_dags.submit import Call, call_for

if TYPE_CHECKING:
    from airflow.sdk import Context


class SteelyardTask(BaseOperator):
    """Run ``steelyard VERB OPTIONS --as-of DAY``, where ``STEELYARD_SUBMIT`` says.

    Args:
        verb: the verb, which is also the task's id unless one is given.
        options: its other options; ``{as_of}`` in one of them becomes the run's day.
        time_zone: the profile's, in which a day is a day; from the DAG's ``default_args`` unless it is given.
        is_optional: with nothing to work on (exit code 4) the task is skipped, rather than failed.

    Raises:
        ValueError: neither names a time zone.
    """

    template_fields: Sequence[str] = ("verb", "options")  # shown on the task's page

    def __init__(self, *, verb: str, options: Sequence[str], time_zone: str = "", is_optional: bool = False, **kwargs: Any) -> None:
        super().__init__(**{"task_id": verb, **kwargs})
        if not time_zone:
            raise ValueError(f"the task {verb} has no time zone: let the DAG's default_args hold one, as task_habits gives it")
        self.verb = verb
        self.options = list(options)
        self.time_zone = time_zone
        self.needs_engine = NEEDS_ENGINE[verb]
        self.is_optional = is_optional
        self._running: RunningCommand | None = None

    def execute(self, context: Context) -> None:
        """Run the command; when it succeeds, the outlets' events carry the day as their partition key.

        Raises:
            AirflowFailException: trying again would not help.
            AirflowSkipException: an optional task had nothing to work on.
            AirflowException: it may be tried again.
        """
        try:
            day = as_of_day(context["dag_run"], self.time_zone)
            options = [option.replace("{as_of}", day) for option in self.options]
            words = [self.verb, *options, "--as-of", day]
            call = call_for(words, name=f"steelyard {self.verb} {day}", needs_engine=self.needs_engine, submit=read_submit())
            exit_code, last_lines = self._run(call)
        except (NoDayError, CommandMissingError, SettingsError) as error:
            raise AirflowFailException(str(error)) from error
        if exit_code != 0:
            message = f"steelyard {self.verb} ended with exit code {exit_code}: {meaning_of(exit_code)}\n{last_lines}"
            if exit_code == NOTHING_TO_DO and self.is_optional:
                raise AirflowSkipException(message)
            raise AirflowFailException(message) if exit_code in FINAL else AirflowException(message)
        if context["dag_run"].partition_key is None:  # else Airflow gives the events the run's own
            for asset in self.outlets:
                context["outlet_events"][asset].add_partitions(day)

    def on_kill(self) -> None:
        """End the command with the task."""
        if self._running is not None:
            self._running.stop()

    def _run(self, call: Call) -> tuple[int, str]:
        self.log.info("$ %s", call.shown())
        self._running = RunningCommand(call.command, call.environment)
        return self._running.follow(lambda line: self.log.info("%s", line))


NEEDS_ENGINE = {
    "ingest": True,
    "gate": True,
    "conform": True,
    "settle": False,
    "link": True,
    "features": True,
    "train": True,
    "score": False,
    "target": True,
    "export": False,
    "publish": False,
    "outcomes": False,
    "lake": False,
    "replay": True,
}
