"""The one kind of task there is: it calls the command line for the run's day."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from steelyard_dags.as_of import NoDayError, as_of_day
from steelyard_dags.command import FINAL, NOTHING_TO_DO, CommandMissingError, RunningCommand, find_command, meaning_of

if TYPE_CHECKING:
    from airflow.sdk import Context


class SteelyardTask(BaseOperator):
    """Run ``steelyard VERB OPTIONS --as-of DAY``.

    Args:
        verb: the verb, which is also the task's id unless one is given.
        options: its other options; ``{as_of}`` in one of them becomes the run's day.
        time_zone: the profile's, in which a day is a day.
        is_optional: with nothing to work on (exit code 4) the task is skipped, rather than failed.
    """

    template_fields: Sequence[str] = ("verb", "options")  # shown on the task's page

    def __init__(self, *, verb: str, options: Sequence[str], time_zone: str, is_optional: bool = False, **kwargs: Any) -> None:
        super().__init__(**{"task_id": verb, **kwargs})
        self.verb = verb
        self.options = list(options)
        self.time_zone = time_zone
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
            exit_code, last_lines = self._run([*find_command(), self.verb, *options, "--as-of", day])
        except (NoDayError, CommandMissingError) as error:
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

    def _run(self, command: list[str]) -> tuple[int, str]:
        self.log.info("$ %s", shlex.join(command))
        self._running = RunningCommand(command)
        return self._running.follow(lambda line: self.log.info("%s", line))
