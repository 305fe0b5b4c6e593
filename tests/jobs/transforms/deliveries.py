"""Rows of silver with the deliveries that brought them, as conforming leaves both."""

from __future__ import annotations

from collections import defaultdict

from expectations.contracts import silver
from jobs.engine.lake import Lake
from jobs.lake.batches import Batch, BatchBook
from tests.jobs.transforms.tables import frame


def deliver(lake: Lake, table: str, source: str, rows: list[dict], conformed: str = "sound") -> None:
    """Put the rows of a table of silver into the lake in place of all it held, and their deliveries into the source's book."""
    lake.replace(frame(lake.session, table, rows), {"entity": silver.ENTITY, "filing": silver.FILING}[table], "true")
    known = defaultdict(list)
    for row in rows:
        known[row["delivered_on"]].append(row["known_at"].isoformat(sep=" "))
    book = BatchBook(lake.home, source)
    book.batches = {
        day: Batch(day, "chain", [], gated=conformed, conformed=f"{conformed}:usable:", known_from=min(at), known_until=max(at))
        for day, at in known.items()
    }
    book.save()
