"""The spool: views and searches wait as lines of a file, so that no page waits for the lock of the chain's writer.

A line is written before the response leaves and goes into the chain after it, together with others. If a process is killed, its
lines stay in the file, or in the file that it was flushing, and the next flush appends them. A line is never appended twice.
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
appended = Signal()
"""Sent with ``events`` when they are in the chain. After a crash they are sent again, so receivers must be idempotent."""


def put(facts: EventFacts) -> None:
    """Write an event to the spool. When this returns, the event is on the disk."""
    folder = _folder()
    with _lock(folder, "append.lock"), (folder / WAITING).open("ab+") as file:
        # A process that was killed while writing leaves half a line: start a new line, or this one is lost too.
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(facts.as_json().encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def is_due() -> bool:
    """Whether the first line has waited long enough, or there are many lines.

    The file's modification time would not do: it is the time of the last line, which is always recent on a busy site.
    """
    try:
        with (_folder() / WAITING).open("rb") as file:
            first, size = file.readline(), os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        return False
    facts = _facts_in(first)
    if facts is None:  # half a line, or a line of another version: flushing moves it away
        return size > 0
    return size >= LINES or (clock.now() - datetime.fromisoformat(facts.at)).total_seconds() >= SECONDS


def flush(*, wait: bool = True) -> int:
    """Append the waiting events to the chain and return their number. One process at a time does this.

    Unless ``wait``, return 0 while another process is flushing.
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
            appended.send_robust(sender=None, events=events)
        _move_unreadable(taken)
        for path in taken:
            path.unlink()
        return len(events)


def waiting() -> Iterator[EventFacts]:
    """The events that are not in the chain yet, oldest first, except those that another process is appending now."""
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


def _move_unreadable(taken: list[Path]) -> None:
    """Move lines that are no events to a file of their own, for people to look at: half a line whose writer was killed (its page
    never left), or a line of another version of the console (its page did)."""
    lines = [line for path in taken for line in path.read_bytes().splitlines() if line and _facts_in(line) is None]
    if lines:
        logging.getLogger("console.apps.audit").error(
            "%d lines of the audit's spool are not events; they are now in %s", len(lines), UNREAD
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
