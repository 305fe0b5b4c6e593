"""Export the chain from the database. The audit records the export before the first line leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from console.apps.audit import spool
from console.apps.audit.chain import read_head, record_event
from console.apps.audit.chain_file import PERSONAL, lines_of
from console.apps.audit.hashes import FIELDS
from console.apps.audit.models import AuditEvent, Kind


def chain_lines(actor: Any, *, is_whole: bool) -> Iterator[str]:
    """The lines of the chain file, up to the event that records the export. If ``is_whole``, they have the personal fields."""
    spool.flush()
    record_event(Kind.EXPORTED, actor, detail={"what": "chain", "kept_back": [] if is_whole else list(PERSONAL)})
    head = read_head()
    events = AuditEvent.objects.filter(number__lte=head.number).order_by("number")
    rows = events.values("number", "previous_hash", "hash", *FIELDS).iterator(2000)
    return lines_of(rows, (head.number, head.hash), is_whole=is_whole)
