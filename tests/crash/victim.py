"""A process that can be killed at a named point, and a process that forks such processes.

``STEELYARD_FAULT='after:silver.filing#2' python -m tests.crash.victim run --profile …`` does what ``steelyard run`` does, and dies
by SIGKILL when it passes that point the second time. ``steelyard`` itself never reads the variable.

``python -m tests.crash.victim --forks`` loads every library once, then forks a process for each line of JSON on standard input, so
that a kill does not cost the seconds of loading. It forks before an engine is started, whose threads a fork would lose.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Collection
from importlib import import_module
from pathlib import Path
from typing import Any

from jobs.cli import main
from jobs.foundation import fault_points

FAULT_VARIABLE = "STEELYARD_FAULT"
LOADED = (
    "great_expectations", "pysail.spark", "sklearn.ensemble", "expectations.gate", "jobs.report.export_list",
    "jobs.report.terminal", "jobs.run_day", "models.storage",
)  # fmt: skip
"""What a day loads; importing none of it starts an engine."""


def die_at(fault: str) -> Callable[[str], None]:
    """A watcher that ends the process, unasked and untidied, at ``point`` or at its nth time, ``point#nth``."""
    name, _, nth = fault.partition("#")
    passed: Counter[str] = Counter()

    def watcher(point: str) -> None:
        passed[point] += 1
        if point == name and passed[point] == int(nth or 1):
            os.kill(os.getpid(), signal.SIGKILL)

    return watcher


def copy_at_each(home: Path, to: Path) -> Callable[[str], None]:
    """A watcher that copies the home at each point, into ``to/<number>``, and lists the points in ``to/points.json``.

    The copy is what a process killed there would leave on the disk: between two writes there is no other writer.
    """
    passed: list[str] = []

    def watcher(point: str) -> None:
        shutil.copytree(home, to / str(len(passed)))
        passed.append(point)
        (to / "points.json").write_text(json.dumps(passed))

    return watcher


def run(commands: list[list[str]], ends: Collection[int] = (0,)) -> int:
    """Give commands one after another; the exit code of the first that ends otherwise than it may, 0 when none does."""
    for command in commands:
        code = 0
        try:
            main(command)
        except SystemExit as end:
            code = int(end.code or 0)
        if code not in ends:
            return code
    return 0


def _child(task: dict[str, Any]) -> int:
    said = os.open(task["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(said, 1)
    os.dup2(said, 2)
    if task["fault"]:
        fault_points.watch(die_at(task["fault"]))
    if task["record"]:
        fault_points.watch(copy_at_each(*map(Path, task["record"])))
    return run(task["commands"], task["ends"])


def fork_for_each_line() -> None:
    """Answer each task with two lines: the process that does it, and how it ended (negative: by which signal)."""
    for name in LOADED:
        import_module(name)
    for line in sys.stdin:
        task = json.loads(line)
        process = os.fork()
        if process == 0:
            os.setpgid(0, 0)
            code = 70
            try:
                code = _child(task)
            finally:
                os._exit(code)
        os.setpgid(process, process)
        sys.stdout.write(f"{process}\n")
        sys.stdout.flush()
        _, status = os.waitpid(process, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1:] == ["--forks"]:
        fork_for_each_line()
    else:
        if fault := os.environ.get(FAULT_VARIABLE):
            fault_points.watch(die_at(fault))
        main(sys.argv[1:])
