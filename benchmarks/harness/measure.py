"""Run a command in a process of its own and tell what it took: time, processor, memory, of it and all that it started."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

EVERY_SECONDS = 0.2
"""Between looks at the processes; the peak of a single process is known to the kernel besides, and exact."""
MIB = 1024 * 1024


@dataclass
class Measured:
    """What a command took.

    Attributes:
        wall_seconds: from its start to its end, an interpreter's start and imports included.
        cpu_seconds: user and system time of the whole tree of processes.
        peak_mib: the most memory that the tree held at once; pages that processes share are counted once.
        exit_code: negative when a signal ended it.
        stages: the stages that it told of on standard error, one JSON object each.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_mib: float
    exit_code: int
    stages: list[dict[str, Any]] = field(default_factory=list)


def one_after_the_other(first: Measured, then: Measured) -> Measured:
    """What two commands took together, of which the second was run after the first; its exit code is the second's."""
    return Measured(
        first.wall_seconds + then.wall_seconds,
        first.cpu_seconds + then.cpu_seconds,
        max(first.peak_mib, then.peak_mib),
        then.exit_code,
        [*first.stages, *then.stages],
    )


def measure(command: Sequence[str], *, log: Path, environment: Mapping[str, str], cores: int, folder: Path) -> Measured:
    """Run a command to its end.

    To be called from a small process: until a command is loaded its process is a copy of the caller's, and the kernel counts
    the caller's memory as its own.

    Args:
        command: the program and its arguments.
        log: the file that its output goes to, both streams.
        environment: variables set besides the caller's own.
        cores: how many processors it may use; the first of those that this process may.
        folder: the working folder.
    """
    allowed = set(sorted(os.sched_getaffinity(0))[:cores])
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **environment},
            preexec_fn=lambda: os.sched_setaffinity(0, allowed),
        )
        watch = _Watch(process.pid)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        watch.end()
        process.returncode = os.waitstatus_to_exitcode(status)
    # The kernel's figures are of the process and of those below it that were waited for; its peak is that of the largest.
    cpu = max(used.ru_utime + used.ru_stime, watch.cpu_seconds)
    return Measured(wall, cpu, max(used.ru_maxrss / 1024, watch.peak_mib), process.returncode, stages_of(log))


def stages_of(log: Path) -> list[dict[str, Any]]:
    """The stages that a log tells of, in their order."""
    found = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith('{"stage"'):
            with contextlib.suppress(json.JSONDecodeError):
                stage = json.loads(line)
                if "seconds" in stage:
                    found.append(stage)
    return found


class _Watch:
    """Looks at a process and all below it, until told to end.

    A process that nobody waits for (a JVM) is missing from what the kernel adds up; its time is taken from the last look.
    """

    def __init__(self, pid: int) -> None:
        self.peak_mib = 0.0
        self._root = psutil.Process(pid)
        self._cpu: dict[int, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_often, daemon=True)
        self._thread.start()

    @property
    def cpu_seconds(self) -> float:
        return sum(self._cpu.values())

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _look_often(self) -> None:
        while not self._ended.wait(EVERY_SECONDS):
            with contextlib.suppress(psutil.Error):
                self._look()

    def _look(self) -> None:
        tree = [self._root, *self._root.children(recursive=True)]
        held = 0
        for process in tree:
            with contextlib.suppress(psutil.Error):
                # Adding up each process's share of its pages takes long; one alone shares none.
                held += process.memory_full_info().pss if len(tree) > 1 else process.memory_info().rss
                times = process.cpu_times()
                self._cpu[process.pid] = times.user + times.system
        self.peak_mib = max(self.peak_mib, held / MIB)
