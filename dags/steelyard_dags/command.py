"""Find, run and stop the command line, and describe its exit codes."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

NOTHING_TO_DO = 4
FINAL = {
    2: "the configuration or the options are invalid",
    3: "the source was stopped",
    NOTHING_TO_DO: "an input is missing",
    5: "the record counts do not match",
    7: "the replay differs from the published list",
    8: "the day cannot be replayed: its data, model or code is missing or changed",
    9: "a table or a backup is damaged",
    10: "the evaluated model used information from the future",
}
"""Exit codes that a retry cannot change, and their meaning."""
PASSING = {6: "another run is writing the lake", 69: "the engine does not answer"}
SECONDS_TO_STOP = 20
LAST_LINES = 15


class CommandMissingError(Exception):
    """The command does not exist or cannot be started."""


def find_command(environment: Mapping[str, str] = os.environ, interpreter: str = sys.executable) -> list[str]:
    """Return ``STEELYARD_COMMAND``, else ``steelyard`` beside the interpreter, else the one on PATH.

    Raises:
        CommandMissingError: there is none.
    """
    if command := environment.get("STEELYARD_COMMAND"):
        return shlex.split(command)
    beside = Path(interpreter).with_name("steelyard")
    found = str(beside) if beside.is_file() else shutil.which("steelyard", path=environment.get("PATH", os.defpath))
    if found is None:
        raise CommandMissingError(
            f"there is no steelyard beside {interpreter} or on PATH: set STEELYARD_COMMAND to the command on this worker"
        )
    return [found]


def meaning_of(exit_code: int) -> str:
    """The meaning of an exit code."""
    return FINAL.get(exit_code) or PASSING.get(exit_code) or "it crashed"


class RunningCommand:
    """A running command in its own process group, so that its child processes end with it."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start the command with additional environment variables.

        Raises:
            CommandMissingError: it cannot be started.
        """
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
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
            )
        except OSError as error:
            raise CommandMissingError(
                f"{command[0]} cannot be started: {error}; check STEELYARD_COMMAND and STEELYARD_SPARK_SUBMIT"
            ) from error

    def follow(self, log_line: Callable[[str], None]) -> tuple[int, str]:
        """Log each line as it comes, and return the exit code and the last lines. On an error the command is stopped."""
        last_lines: deque[str] = deque(maxlen=LAST_LINES)
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                last_lines.append(line.rstrip())
                log_line(line.rstrip())
            return self._process.wait(), "\n".join(last_lines)
        finally:
            self.stop()
            self._process.stdout.close()

    def stop(self) -> None:
        """Stop the command if it runs: SIGTERM, then SIGKILL."""
        if self._process.poll() is not None:
            return
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
