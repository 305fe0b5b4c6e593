"""The hash chain: each event's hash covers the one before, so a changed, missing or inserted event shows."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from console.apps.audit.events import EventFacts, event_facts
from console.apps.audit.hashes import FIELDS, GENESIS, digests_of, hash_of, legacy_hash
from console.apps.audit.models import AuditEvent

_LOCK = 0x57EE1
"""The key of the writer's advisory lock in PostgreSQL. In SQLite the transaction itself is the lock."""


@dataclass(frozen=True)
class Head:
    """An event's number and hash; of the newest event unless stated otherwise."""

    number: int
    hash: str


@dataclass(frozen=True)
class Break:
    """A place where the chain is broken, and why."""

    number: int
    why: str


def record_event(kind: str, actor: Any, **about: Any) -> None:
    """Append the event of what ``actor`` did, with the facts of :func:`event_facts`."""
    append([event_facts(kind, actor, **about)])


def append(events: Iterable[EventFacts]) -> Head:
    """Append events to the chain, all or none, within the caller's transaction if there is one; return the newest event.

    An event whose ``uid`` is in the chain already is skipped: the spool may deliver it twice.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        unique = list({facts.uid: facts for facts in events}.values())
        stored = set()
        for at in range(0, len(unique), 500):
            uids = [facts.uid for facts in unique[at : at + 500]]
            stored |= set(AuditEvent.objects.filter(uid__in=uids).values_list("uid", flat=True))
        head = read_head()
        rows = []
        for facts in unique:
            if facts.uid in stored:
                continue
            number = head.number + 1
            fields = asdict(facts)
            digest = hash_of(number, head.hash, digests_of(fields))
            rows.append(AuditEvent(number=number, previous_hash=head.hash, hash=digest, **fields))
            head = Head(number, digest)
        AuditEvent.objects.bulk_create(rows, batch_size=500)
        transaction.on_commit(partial(_note, head, settings.FOLDER.audit_head))
    return head


def _note(head: Head, path: Path) -> None:
    """Write the head beside the database, which may be on another machine.

    A noted event that the database no longer has stays noted, since it shows that the chain was cut short or rewritten. All heads
    have one length, so one write replaces another without a moment in which the file is empty.
    """
    noted = noted_head()
    is_next = noted is None or (noted.number < head.number and head_at(noted.number) == noted)
    if head.number and is_next:
        with suppress(OSError):  # the event is stored; the next one writes the note again
            file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.write(file, f"{head.number:020}:{head.hash}\n".encode())
            finally:
                os.close(file)


def noted_head() -> Head | None:
    """The head that was noted beside the database; None if there is no note."""
    try:
        number, _, digest = settings.FOLDER.audit_head.read_text(encoding="ascii").strip().partition(":")
        return Head(int(number), digest)
    except (OSError, ValueError):
        return None


def read_head() -> Head:
    """The newest event; number 0 if there is none."""
    last = AuditEvent.objects.order_by("-number").values_list("number", "hash").first()
    return Head(*last) if last else Head(0, GENESIS)


def head_at(number: int) -> Head:
    """The event of a number, with the genesis hash for number 0 and for a missing event."""
    hashes = AuditEvent.objects.filter(number=number).values_list("hash", flat=True)
    return Head(number, hashes.first() or GENESIS)


def find_breaks(known: Iterable[Head] = (), after: Head = Head(0, GENESIS)) -> Iterator[Break]:
    """Verify the chain; yield its breaks in order.

    Args:
        known: events whose hashes were noted elsewhere. Only they reveal a chain that was cut at its end or rewritten from some
            event on: such a chain is consistent in itself.
        after: the event after which verification begins; its hash is trusted.
    """
    noted = {head.number: head.hash for head in known}
    expected, previous = after.number + 1, after.hash
    for event in AuditEvent.objects.filter(number__gt=after.number).order_by("number").iterator(2000):
        fields = {name: getattr(event, name) for name in FIELDS}
        if event.number != expected:
            yield Break(expected, f"the next event has number {event.number}: the events between are missing")
        if event.previous_hash != previous:
            yield Break(event.number, "it does not follow the event before it")
        place = event.number, event.previous_hash
        if event.hash not in (hash_of(*place, digests_of(fields)), legacy_hash(*place, fields)):
            yield Break(event.number, "its content does not match its hash")
        if noted.pop(event.number, event.hash) != event.hash:
            yield Break(event.number, "its hash differs from the one noted earlier")
        expected, previous = event.number + 1, event.hash
    for number in sorted(noted):
        yield Break(number, "it was noted earlier and is missing")
