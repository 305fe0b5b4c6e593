"""Check that the rows of silver are those that the batch books record.

They disagree while a source's steps have not all finished, as after a correction, a crash or a restore. The day continues with the
rows that are there, but a table made from them must not count as made from the deliveries that the books name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from expectations.contracts.lineage import DELIVERED_ON, SOURCE
from expectations.contracts.registry import SILVER
from jobs.engine.lake import Lake
from jobs.lake.batches import Batch, BatchBook
from jobs.lake.write_intents import unfinished_steps

Deliveries = Mapping[str, Mapping[str, Batch]]
"""The deliveries with rows in each silver table, by the contract's name and then by ``source/day``."""


def consistent_deliveries(lake: Lake, mapped: Iterable[str]) -> Deliveries | None:
    """The deliveries with rows in silver; None when silver has rows that no book records, or lacks rows that one records.

    Args:
        mapped: the names of the profile's sources. A source without a mapping that has rows in silver counts too.
    """
    in_silver = {name: _deliveries(lake.partitions(table)) for name, table in SILVER.items()}
    sources = {*mapped, *(source for found in in_silver.values() for source, _ in found)}
    if any(unfinished_steps(lake.home, source) for source in sources):
        return None
    books = {source: BatchBook(lake.home, source).batches for source in sources}
    if any(batch.is_usable and not batch.is_in_use for book in books.values() for batch in book.values()):
        return None
    if not all(day in books[source] and books[source][day].is_in_use for found in in_silver.values() for source, day in found):
        return None
    return {name: {f"{source}/{day}": books[source][day] for source, day in sorted(found)} for name, found in in_silver.items()}


def _deliveries(partitions: Iterable[Mapping[str, str]]) -> set[tuple[str, date]]:
    return {(part[SOURCE], date.fromisoformat(part[DELIVERED_ON])) for part in partitions}
