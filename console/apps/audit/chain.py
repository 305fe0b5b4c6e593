"""The chain: each event's hash covers the one before, so that none can be changed, left out or put in between unseen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from django.db import connection, transaction

from console.apps.audit.events import EventFacts
from console.apps.audit.hashes import FIELDS, GENESIS, digests_of, hash_at_first, hash_of
from console.apps.audit.models import AuditEvent

_LOCK = 0x57EE1
"""The number of the one writer's lock in PostgreSQL. In SQLite the transaction itself is that lock."""


@dataclass(frozen=True)
class Head:
    """The newest event."""

    number: int
    hash: str


@dataclass(frozen=True)
class Break:
    """Where the chain is not what was written, and how it is seen."""

    number: int
    why: str


def append(events: Iterable[EventFacts]) -> Head:
    """Put events at the end of the chain, all or none; with the caller's own rows when within its transaction.

    An event whose ``uid`` is there already is left out, so that what was read twice from the spool stands once.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        wanted = list({facts.uid: facts for facts in events}.values())
        there = set()
        for at in range(0, len(wanted), 500):
            uids = [facts.uid for facts in wanted[at : at + 500]]
            there |= set(AuditEvent.objects.filter(uid__in=uids).values_list("uid", flat=True))
        head = read_head()
        rows = []
        for facts in wanted:
            if facts.uid in there:
                continue
            number = head.number + 1
            says = asdict(facts)
            digest = hash_of(number, head.hash, digests_of(says))
            rows.append(AuditEvent(number=number, previous_hash=head.hash, hash=digest, **says))
            head = Head(number, digest)
        AuditEvent.objects.bulk_create(rows, batch_size=500)
    return head


def read_head() -> Head:
    """The newest event's number and hash; number 0 before the first."""
    last = AuditEvent.objects.order_by("-number").values_list("number", "hash").first()
    return Head(*last) if last else Head(0, GENESIS)


def head_at(number: int) -> Head:
    """The event of a number; what is before the first for 0, and where it is gone."""
    hashes = AuditEvent.objects.filter(number=number).values_list("hash", flat=True)
    return Head(number, hashes.first() or GENESIS)


def find_breaks(known: Iterable[Head] = (), after: Head = Head(0, GENESIS)) -> Iterator[Break]:
    """Where the chain breaks, in order; none when it is whole.

    Args:
        known: events noted elsewhere earlier. A chain that was cut short at its end, or made anew from some event on, is whole in
            itself: only such a note tells.
        after: the event behind which the reckoning begins; its hash is believed.
    """
    noted = {head.number: head.hash for head in known}
    expected, previous = after.number + 1, after.hash
    for event in AuditEvent.objects.filter(number__gt=after.number).order_by("number").iterator(2000):
        says = {name: getattr(event, name) for name in FIELDS}
        if event.number != expected:
            yield Break(expected, f"the next event has number {event.number}: what was between is gone")
        if event.previous_hash != previous:
            yield Break(event.number, "it does not follow the event before it")
        place = event.number, event.previous_hash
        if event.hash not in (hash_of(*place, digests_of(says)), hash_at_first(*place, says)):
            yield Break(event.number, "it is not as it was written")
        if noted.pop(event.number, event.hash) != event.hash:
            yield Break(event.number, "its hash is another than the one noted earlier")
        expected, previous = event.number + 1, event.hash
    for number in sorted(noted):
        yield Break(number, "it was noted earlier and is gone")
