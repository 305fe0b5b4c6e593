"""What a run says while it works: a live line on a terminal, one JSON line a stage otherwise.

What libraries tell their logs alone, kept for the details of a fault.

The engine's client says of an answer that it could not read only that it could not; why, it tells its log, which nobody reads.
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

_TALKERS = ("grpc",)
"""Loggers of libraries that keep to themselves: with no handler but one that does nothing."""
_KEPT = 20


class _Kept(logging.Handler):
    """The last messages that were logged, as text: a record would hold on to what was in use."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        self.told: deque[str] = deque(maxlen=_KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(Exception):  # a message that cannot be written must not fail the call that it is about
            self.told.append(self.format(record))


_kept = _Kept()


def install_library_log_buffer() -> None:
    """Keep from now on what libraries log as a warning or worse; listening twice is listening once."""
    for name in _TALKERS:
        logging.getLogger(name).addHandler(_kept)


def buffered_library_logs() -> str:
    """The last of it, the oldest first; nothing when nothing was logged."""
    return "\n".join(_kept.told)


_console = Console(stderr=True)


@dataclass
class Stage:
    """A stage in progress; what it found is added with :meth:`note`."""

    name: str
    facts: dict[str, Any] = field(default_factory=dict)

    def note(self, **facts: Any) -> None:
        """Add facts that the closing line shows, such as ``rows=12``."""
        self.facts.update(facts)


@contextmanager
def stage(name: str, **facts: Any) -> Iterator[Stage]:
    """Announce a stage, and when it ends or fails say so, how long it took and what it found."""
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
    # ru_maxrss is the most this process ever held, in KiB on Linux.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if _console.is_terminal:
        mark = ("✗", "red") if has_failed else ("✓", "green")
        _console.print(Text.assemble(mark, " ", _words(current), " ", (f"{seconds:.1f} s", "dim")))
    else:
        line = {"stage": current.name, "seconds": round(seconds, 3), "peak_mib": peak, **current.facts}
        _write({**line, "failed": True} if has_failed else line)


def warn(what: str, **facts: Any) -> None:
    """Say something that a person should look at, without stopping."""
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
    """A bar on a terminal, a JSON line a step otherwise; give what is worked on to the function."""
    if _console.is_terminal:
        # Names come from data: a column that reads markup would take a bracket in one for a style, or for a mistake.
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
    """Write the traceback of the error being handled, and what libraries logged before it, to a file of its own; give the file."""
    with NamedTemporaryFile("w", prefix="steelyard-", suffix=".log", delete=False, encoding="utf-8") as file:
        file.write(traceback.format_exc())
        if said := buffered_library_logs():
            file.write(f"\nlogged before, the oldest first:\n{said}\n")
    return Path(file.name)
