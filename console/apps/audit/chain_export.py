"""The chain out of the database, on its way into a file; that it is taken is on record before it leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from console.apps.audit import spool
from console.apps.audit.chain import append, read_head
from console.apps.audit.chain_file import PERSONAL, lines_of
from console.apps.audit.events import event_facts
from console.apps.audit.hashes import FIELDS
from console.apps.audit.models import AuditEvent, Kind


def chain_lines(actor: Any, *, is_whole: bool) -> Iterator[str]:
    """The lines of the file: all events up to the one that says that it was taken.

    Args:
        actor: who takes it, a user or :data:`console.apps.audit.events.SYSTEM`.
        is_whole: whether what tells of a person is shown too.
    """
    spool.flush()
    append([event_facts(Kind.EXPORTED, actor, detail={"what": "chain", "kept_back": [] if is_whole else list(PERSONAL)})])
    head = read_head()
    events = AuditEvent.objects.filter(number__lte=head.number).order_by("number")
    rows = events.values("number", "previous_hash", "hash", *FIELDS).iterator(2000)
    return lines_of(rows, (head.number, head.hash), is_whole=is_whole)
