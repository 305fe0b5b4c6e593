"""Run a command and measure wall time, processor time and memory of its whole process tree."""

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

SAMPLE_SECONDS = 0.2
"""Interval between samples of the process tree. For a single process the kernel also gives the exact peak."""
MIB = 1024 * 1024


@dataclass
class Measurement:
    """The measurement of one command.

    Attributes:
        wall_seconds: from start to end, including the start of the interpreter and imports.
        cpu_seconds: user and system time of the process tree.
        peak_mib: peak memory of the process tree; shared pages count once.
        exit_code: negative if a signal ended the command.
        stages: the stages that it logged, one JSON object each.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_mib: float
    exit_code: int
    stages: list[dict[str, Any]] = field(default_factory=list)


def add_sequential(first: Measurement, second: Measurement) -> Measurement:
    """The sum of two commands that ran one after the other, with the exit code of the second."""
    return Measurement(
        first.wall_seconds + second.wall_seconds,
        first.cpu_seconds + second.cpu_seconds,
        max(first.peak_mib, second.peak_mib),
        second.exit_code,
        [*first.stages, *second.stages],
    )


def measure(command: Sequence[str], *, log: Path, environment: Mapping[str, str], cores: int, folder: Path) -> Measurement:
    """Run a command to its end and measure it.

    Call this from a small process. A new process starts as a copy of its parent, and the kernel counts that memory in the peak.

    Args:
        log: file for both output streams.
        environment: variables added to those of this process.
        cores: number of processors that the command may use.
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
        monitor = _ProcessMonitor(process.pid)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        monitor.end()
        process.returncode = os.waitstatus_to_exitcode(status)
    # The kernel counts the process and the children that were waited for; its peak is that of the largest process.
    cpu = max(used.ru_utime + used.ru_stime, monitor.cpu_seconds)
    return Measurement(wall, cpu, max(used.ru_maxrss / 1024, monitor.peak_mib), process.returncode, stages_of(log))


def stages_of(log: Path) -> list[dict[str, Any]]:
    """The finished stages in a log, in order."""
    stages = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith('{"stage"'):
            with contextlib.suppress(json.JSONDecodeError):
                stage = json.loads(line)
                if "seconds" in stage:
                    stages.append(stage)
    return stages


class _ProcessMonitor:
    """Samples a process tree in a thread until ``end`` is called.

    The kernel's sum leaves out processes without a waiting parent, such as a JVM. Their time comes from the last sample.
    """

    def __init__(self, pid: int) -> None:
        self.peak_mib = 0.0
        self._root = psutil.Process(pid)
        self._cpu: dict[int, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample_often, daemon=True)
        self._thread.start()

    @property
    def cpu_seconds(self) -> float:
        return sum(self._cpu.values())

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _sample_often(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            with contextlib.suppress(psutil.Error):
                self._sample()

    def _sample(self) -> None:
        tree = [self._root, *self._root.children(recursive=True)]
        held = 0
        for process in tree:
            with contextlib.suppress(psutil.Error):
                # The proportional set size (PSS) is slow to read, and a single process shares no pages.
                held += process.memory_full_info().pss if len(tree) > 1 else process.memory_info().rss
                times = process.cpu_times()
                self._cpu[process.pid] = times.user + times.system
        self.peak_mib = max(self.peak_mib, held / MIB)
