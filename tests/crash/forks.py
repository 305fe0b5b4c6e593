"""Processes that run commands and may be killed, forked from one that has loaded every library."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from jobs.steps.target_list import TIE_KEY_VARIABLE

ROOT = Path(__file__).resolve().parents[2]
KILLED = -signal.SIGKILL


def environment() -> dict[str, str]:
    """This process's, without a key of this machine by which the list would be ordered."""
    return {name: value for name, value in os.environ.items() if name != TIE_KEY_VARIABLE}


class Forks:
    """One process after another, each in a process group of its own."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._origin = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.victim", "--forks"],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Forks:
        self.run()  # Answered when the libraries are loaded, whose time is then no command's.
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._origin.stdin
        self._origin.stdin.close()
        self._origin.wait(60)

    def run(
        self,
        *commands: Sequence[object],
        fault: str = "",
        kill_after: float | None = None,
        record: tuple[Path, Path] | None = None,
        ends: Collection[int] = (0,),
    ) -> int:
        """Give commands one after another in a new process; how it ended, a negative number for a signal.

        Args:
            commands: the words after ``steelyard``.
            fault: the point at which the process ends itself.
            kill_after: the seconds after which the process and all that it started are killed, wherever they are.
            record: a home, and the folder that gets a copy of it at every point.
            ends: the exit codes that a command may end with; 0 stands for all of them.
        """
        assert self._origin.stdin
        task = {
            "commands": [[str(word) for word in command] for command in commands],
            "fault": fault,
            "record": record and [str(path) for path in record],
            "log": str(self.log),
            "ends": list(ends),
        }
        self._origin.stdin.write(json.dumps(task) + "\n")
        self._origin.stdin.flush()
        process = self._answer()
        if kill_after is not None:
            time.sleep(kill_after)
            with suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)
        return self._answer()

    def said(self) -> str:
        """The end of what the processes said, for a message."""
        return self.log.read_text(encoding="utf-8")[-3000:] if self.log.is_file() else ""

    def _answer(self) -> int:
        assert self._origin.stdout
        line = self._origin.stdout.readline()
        if not line:
            raise RuntimeError(f"the process that forks has ended:\n{self.said()}")
        return int(line)
