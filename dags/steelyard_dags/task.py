"""The operator of all tasks: it calls the command line for the run's day."""

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
"""The verbs that DAGs call, and whether they open an engine; only those that do run on a cluster."""


class SteelyardTask(BaseOperator):
    """Run ``steelyard VERB OPTIONS --as-of DAY`` in the mode of ``STEELYARD_SUBMIT``.

    Args:
        verb: the verb, which is also the default task id.
        options: other options; ``{as_of}`` in an option is replaced by the run's day.
        time_zone: the profile's time zone; the default is that in the DAG's ``default_args``.
        is_optional: whether exit code 4 (input missing) skips the task instead of failing it.

    Raises:
        ValueError: there is no time zone.
    """

    template_fields: Sequence[str] = ("verb", "options")  # shown on the task's page

    def __init__(self, *, verb: str, options: Sequence[str], time_zone: str = "", is_optional: bool = False, **kwargs: Any) -> None:
        super().__init__(**{"task_id": verb, **kwargs})
        if not time_zone:
            raise ValueError(f"the task {verb} has no time zone: pass task_defaults(...) as the DAG's default_args")
        self.verb = verb
        self.options = list(options)
        self.time_zone = time_zone
        self.needs_engine = NEEDS_ENGINE[verb]
        self.is_optional = is_optional
        self._running: RunningCommand | None = None

    def execute(self, context: Context) -> None:
        """Run the command. On success the events of the outlets get the day as their partition key.

        Raises:
            AirflowFailException: it failed and a retry cannot help.
            AirflowSkipException: the task is optional and an input is missing.
            AirflowException: it failed and may be retried.
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
        if context["dag_run"].partition_key is None:  # else Airflow sets the run's partition key
            for asset in self.outlets:
                context["outlet_events"][asset].add_partitions(day)

    def on_kill(self) -> None:
        """Stop the command when Airflow stops the task."""
        if self._running is not None:
            self._running.stop()

    def _run(self, call: Call) -> tuple[int, str]:
        self.log.info("$ %s", call.shown())
        self._running = RunningCommand(call.command, call.environment)
        return self._running.follow(lambda line: self.log.info("%s", line))
