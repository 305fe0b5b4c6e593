"""The command line: where it is, how it is run and ended, and what its exit codes mean."""

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
    2: "the configuration or the options cannot be used",
    3: "the source was stopped",
    NOTHING_TO_DO: "there was nothing to work on",
    5: "the counts do not add up",
    7: "the day, done again from the same data, gives something else than what was published",
    8: "the day cannot be done again as it was: its data, model or code is gone, or is another now",
    9: "a table or a backup is not what it must be",
    10: "what was judged knew what it could not have known",
}
"""Exit codes that trying again cannot change, and what they mean."""
PASSING = {6: "another run is writing the lake", 69: "the engine does not answer"}
SECONDS_TO_STOP = 20
LINES_KEPT = 15


class CommandMissingError(Exception):
    """There is no command to call, or it cannot be started."""


def find_command(environment: Mapping[str, str] = os.environ, interpreter: str = sys.executable) -> list[str]:
    """``STEELYARD_COMMAND``, else ``steelyard`` beside the running interpreter, else the one on PATH.

    Raises:
        CommandMissingError: there is none.
    """
    if named := environment.get("STEELYARD_COMMAND"):
        return shlex.split(named)
    beside = Path(interpreter).with_name("steelyard")
    found = str(beside) if beside.is_file() else shutil.which("steelyard", path=environment.get("PATH", os.defpath))
    if found is None:
        raise CommandMissingError(
            f"no steelyard beside {interpreter} nor on PATH: set STEELYARD_COMMAND to the command on this worker"
        )
    return [found]


def meaning_of(exit_code: int) -> str:
    """An exit code in words."""
    return FINAL.get(exit_code) or PASSING.get(exit_code) or "it crashed"


class RunningCommand:
    """One call of the command line, in a process group of its own, so that whatever it starts ends with it."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start it, with more in its environment than the worker has.

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
                f"{command[0]} cannot be run: {error}; see STEELYARD_COMMAND and STEELYARD_SPARK_SUBMIT"
            ) from error

    def follow(self, tell: Callable[[str], None]) -> tuple[int, str]:
        """Tell each line as it comes; then the exit code and the last lines. However this ends, so does the command."""
        last_lines: deque[str] = deque(maxlen=LINES_KEPT)
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                last_lines.append(line.rstrip())
                tell(line.rstrip())
            return self._process.wait(), "\n".join(last_lines)
        finally:
            self.stop()
            self._process.stdout.close()

    def stop(self) -> None:
        """End it if it runs: asked first, then made to."""
        if self._process.poll() is not None:
            return
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
