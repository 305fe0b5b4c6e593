"""Progress of a run, as live lines on a terminal or one JSON line per stage, and a buffer of third-party log messages.

The buffer explains engine faults: when the engine's client cannot read an answer, it writes the reason to its log only.
"""

from __future__ import annotations

import contextlib
import json
import logging
import resource
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

_BUFFERED_LOGGERS = ("grpc",)
"""Loggers of libraries that have no handler by default."""
_BUFFER_SIZE = 20


class _LogBuffer(logging.Handler):
    """The last messages as text; log records would keep references to live objects."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        self.messages: deque[str] = deque(maxlen=_BUFFER_SIZE)

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(Exception):  # a message that cannot be formatted must not fail the call that logs it
            self.messages.append(self.format(record))


_buffer = _LogBuffer()


def install_library_log_buffer() -> None:
    """Buffer warnings and errors logged by third-party libraries. Idempotent."""
    for name in _BUFFERED_LOGGERS:
        logging.getLogger(name).addHandler(_buffer)


def buffered_library_logs() -> str:
    """The last buffered messages, oldest first; empty when there are none."""
    return "\n".join(_buffer.messages)


_console = Console(stderr=True)


@dataclass
class Stage:
    """A stage in progress; :meth:`note` adds facts to it."""

    name: str
    facts: dict[str, Any] = field(default_factory=dict)

    def note(self, **facts: Any) -> None:
        """Add facts to the closing line, such as ``rows=12``."""
        self.facts.update(facts)


@contextmanager
def stage(name: str, **facts: Any) -> Iterator[Stage]:
    """Show a stage while it runs, and its duration and facts when it ends or fails."""
    current = Stage(name, dict(facts))
    began = time.monotonic()
    try:
        with _console.status(Text(_words(current))) if _console.is_terminal else nullcontext():
            yield current
    except BaseException:
        _finish(current, time.monotonic() - began, has_failed=True)
        raise
    _finish(current, time.monotonic() - began, has_failed=False)


def _finish(current: Stage, seconds: float, *, has_failed: bool) -> None:
    # ru_maxrss is the peak memory of this process, in KiB on Linux.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if _console.is_terminal:
        mark = ("✗", "red") if has_failed else ("✓", "green")
        _console.print(Text.assemble(mark, " ", _words(current), " ", (f"{seconds:.1f} s", "dim")))
    else:
        line = {"stage": current.name, "seconds": round(seconds, 3), "peak_mib": peak, **current.facts}
        _write({**line, "failed": True} if has_failed else line)


def warn(what: str, **facts: Any) -> None:
    """Show a warning and continue."""
    if _console.is_terminal:
        _console.print(Text.assemble(("!", "yellow"), " ", what))
    else:
        _write({"warning": what, **facts})


def _words(current: Stage) -> str:
    facts = " ".join(f"{key}={value}" for key, value in current.facts.items() if not isinstance(value, dict | list))
    return f"{current.name} {facts}".strip()


def _write(line: dict[str, Any]) -> None:
    sys.stderr.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
    sys.stderr.flush()


@contextmanager
def progress_of(name: str, total: int) -> Iterator[Callable[[object], None]]:
    """A progress bar on a terminal, else one JSON line per step; call the function with each item."""
    if _console.is_terminal:
        # Names come from data: without this, rich would read brackets in a name as markup.
        described = TextColumn("{task.description}", style="progress.description", markup=False)
        columns = (described, BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=_console, transient=True) as bar:
            task = bar.add_task(name, total=total)

            def advance(item: object) -> None:
                bar.update(task, description=f"{name} {item}")
                bar.advance(task)

            yield advance
        return
    yield lambda item: _write({"stage": name, "working_on": str(item)})


def keep_traceback() -> Path:
    """Write the traceback of the current error and the buffered log messages to a new file, and return its path."""
    with NamedTemporaryFile("w", prefix="steelyard-", suffix=".log", delete=False, encoding="utf-8") as file:
        file.write(traceback.format_exc())
        if said := buffered_library_logs():
            file.write(f"\nlogged before, the oldest first:\n{said}\n")
    return Path(file.name)
