"""Views and searches on their way to the chain: a line each in a file, so that no page waits for the writer's lock.

A line is written before the response leaves, and goes into the chain after it, with others. A process that is killed leaves its
lines in the file, or in one that was being taken in; whoever flushes next takes them in. A line taken in twice stands once.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.dispatch import Signal

from console.apps.audit.chain import append
from console.apps.audit.events import EventFacts
from console.core import clock

WAITING = "waiting.jsonl"
TAKEN = "taken-*.jsonl"
UNREAD = "unread.jsonl"
SECONDS = 2.0
"""How long a line may wait while requests come."""
LINES = 64 * 1024
"""Bytes that wait at most before a flush."""
taken_in = Signal()
"""Sent with ``events`` when they are in the chain. A process that dies in between sends them again: receivers must bear it."""


def put(facts: EventFacts) -> None:
    """Keep an event until the next flush; it is in the file, whatever becomes of this process, when this returns."""
    folder = _folder()
    with _lock(folder, "append.lock"), (folder / WAITING).open("ab+") as file:
        # A process that was killed while it wrote leaves half a line: the next one begins anew, or it would be lost with that.
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(facts.as_json().encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def is_due() -> bool:
    """Whether the first line has waited long enough, or there are many.

    The file's own times say when the last was added, which where pages are asked for all the time is never long ago.
    """
    try:
        with (_folder() / WAITING).open("rb") as file:
            first, size = file.readline(), os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        return False
    facts = _facts_in(first)
    if facts is None:  # half a line, or one of another version: whoever flushes sets it aside
        return size > 0
    return size >= LINES or (clock.now() - datetime.fromisoformat(facts.at)).total_seconds() >= SECONDS


def flush(*, wait: bool = True) -> int:
    """Take what waits into the chain; give how many lines there were. One process at a time does it.

    Args:
        wait: for another that is at it; otherwise leave it to that one and give 0.
    """
    folder = _folder()
    with _lock(folder, "flush.lock", wait=wait) as is_ours:
        if not is_ours:
            return 0
        with _lock(folder, "append.lock"):
            if (folder / WAITING).exists():
                (folder / WAITING).rename(folder / f"taken-{time.time_ns()}-{uuid.uuid4().hex[:8]}.jsonl")
        taken = sorted(folder.glob(TAKEN))
        events = [facts for path in taken for facts in _read(path)]
        if events:
            append(events)
            taken_in.send_robust(sender=None, events=events)
        _set_aside(taken)
        for path in taken:
            path.unlink()
        return len(events)


def waiting() -> Iterator[EventFacts]:
    """The events that are not in the chain yet, as far as another process does not take them in just now; the oldest first."""
    folder = _folder()
    for path in (*sorted(folder.glob(TAKEN)), folder / WAITING):
        try:
            yield from _read(path)
        except FileNotFoundError:
            continue


def _read(path: Path) -> Iterator[EventFacts]:
    for line in path.read_bytes().splitlines():
        facts = _facts_in(line)
        if facts is not None:
            yield facts


def _set_aside(taken: list[Path]) -> None:
    """Keep the lines that are no events in a file of their own, for people to look at: half a line whose writer was killed, whose
    page never left, or a line of another version of the console, whose page did."""
    lines = [line for path in taken for line in path.read_bytes().splitlines() if line and _facts_in(line) is None]
    if lines:
        logging.getLogger("console.apps.audit").error(
            "%d lines of the audit's spool are no events; they are kept in %s", len(lines), UNREAD
        )
        with (_folder() / UNREAD).open("ab") as file:
            file.write(b"\n".join(lines) + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _facts_in(line: bytes) -> EventFacts | None:
    try:
        return EventFacts(**json.loads(line))
    except (ValueError, TypeError):
        return None


def _folder() -> Path:
    folder: Path = settings.FOLDER.spool
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


@contextmanager
def _lock(folder: Path, name: str, *, wait: bool = True) -> Iterator[bool]:
    with (folder / name).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
