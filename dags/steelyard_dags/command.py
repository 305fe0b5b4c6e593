"""A task that calls the command line: it finds it, runs it, passes its words on to the task's log, and reads its exit code."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from steelyard_dags.as_of import as_of_day

if TYPE_CHECKING:
    from airflow.sdk import Context

NOTHING_TO_DO = 4
FINAL = {
    2: "the configuration or the options cannot be used",
    NOTHING_TO_DO: "there was nothing to work on",
    5: "the counts do not add up",
}
"""Exit codes that a retry cannot change."""
PASSING = {6: "another run is writing the lake"}
SECONDS_TO_STOP = 20
LINES_KEPT = 15


def find_command() -> list[str]:
    """``STEELYARD_COMMAND``, else ``steelyard`` beside the running interpreter, else the one on PATH.

    Raises:
        AirflowFailException: there is none.
    """
    if named := os.environ.get("STEELYARD_COMMAND"):
        return shlex.split(named)
    beside = Path(sys.executable).with_name("steelyard")
    found = str(beside) if beside.is_file() else shutil.which("steelyard")
    if found is None:
        raise AirflowFailException(
            f"there is no steelyard beside {sys.executable} nor on PATH; set STEELYARD_COMMAND to the command on this worker"
        )
    return [found]


class SteelyardTask(BaseOperator):
    """Run ``steelyard VERB OPTIONS --as-of DAY``.

    Args:
        verb: the verb, which is also the task's id unless one is given.
        options: its other options; ``{as_of}`` in one of them becomes the run's day.
        time_zone: the profile's, in which a day is a day.
        is_optional: with nothing to work on (exit code 4) the task is skipped, rather than failed.
    """

    template_fields: Sequence[str] = ("verb", "options")

    def __init__(self, *, verb: str, options: Sequence[str], time_zone: str, is_optional: bool = False, **kwargs: Any) -> None:
        super().__init__(**{"task_id": verb, **kwargs})
        self.verb = verb
        self.options = list(options)
        self.time_zone = time_zone
        self.is_optional = is_optional
        self._process: subprocess.Popen[str] | None = None

    def execute(self, context: Context) -> None:
        """Run the command; when it succeeds, the outlets' events carry the day as their partition key."""
        day = as_of_day(context["dag_run"], self.time_zone)
        options = [option.replace("{as_of}", day) for option in self.options]
        self._run([*find_command(), self.verb, *options, "--as-of", day])
        if context["dag_run"].partition_key is None:  # else Airflow gives the events the run's own
            for asset in self.outlets:
                context["outlet_events"][asset].add_partitions(day)

    def on_kill(self) -> None:
        """End the command, and whatever it started, with the task."""
        if self._process is None or self._process.poll() is not None:
            return
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _run(self, command: list[str]) -> None:
        self.log.info("$ %s", shlex.join(command))
        last_lines: deque[str] = deque(maxlen=LINES_KEPT)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        except OSError as error:
            raise AirflowFailException(f"{command[0]} cannot be run: {error}; see STEELYARD_COMMAND") from error
        try:
            assert self._process.stdout is not None
            for line in self._process.stdout:
                last_lines.append(line.rstrip())
                self.log.info("%s", line.rstrip())
            exit_code = self._process.wait()
        finally:
            self.on_kill()
        self._judge(exit_code, "\n".join(last_lines))

    def _judge(self, exit_code: int, last_lines: str) -> None:
        if exit_code == 0:
            return
        if exit_code == NOTHING_TO_DO and self.is_optional:
            raise AirflowSkipException(f"steelyard {self.verb}: {FINAL[NOTHING_TO_DO]}\n{last_lines}")
        meaning = FINAL.get(exit_code) or PASSING.get(exit_code) or "it crashed"
        message = f"steelyard {self.verb} ended with exit code {exit_code}: {meaning}\n{last_lines}"
        raise AirflowFailException(message) if exit_code in FINAL else AirflowException(message)
