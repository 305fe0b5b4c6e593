"""Whether the rows of silver are those that the books of batches speak of, and of which deliveries they are.

Books and silver are apart while the steps of a source have not all ended: a delivery was mended and its old rows are still
there; one was withdrawn and its rows not taken away yet; a step died between its table and its book, or its table was restored.
The day goes on with what is there, but what is made of it then says nothing of the deliveries that the books name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from expectations.contracts.lineage import DELIVERED_ON, SOURCE
from expectations.contracts.registry import SILVER
from jobs.engine.lake import Lake
from jobs.lake.batches import Batch, BatchBook
from jobs.lake.write_intents import unfinished_steps

Vouched = Mapping[str, Mapping[str, Batch]]
"""Of each contract's silver table, by the contract's name, the deliveries that have rows in it: ``source/day`` -> batch."""


def consistent_deliveries(lake: Lake, mapped: Iterable[str]) -> Vouched | None:
    """The deliveries that silver holds rows of; None when a row there, or one that is lacking, is not what a book says.

    Args:
        lake: the lake, as it is now.
        mapped: the names of the profile's sources. A source that is mapped no more and has rows in silver counts too.
    """
    there = {name: _deliveries(lake.partitions(table)) for name, table in SILVER.items()}
    sources = {*mapped, *(source for found in there.values() for source, _ in found)}
    if any(unfinished_steps(lake.home, source) for source in sources):
        return None
    books = {source: BatchBook(lake.home, source).batches for source in sources}
    if any(batch.is_usable and not batch.is_in_use for book in books.values() for batch in book.values()):
        return None
    if not all(day in books[source] and books[source][day].is_in_use for found in there.values() for source, day in found):
        return None
    return {name: {f"{source}/{day}": books[source][day] for source, day in sorted(found)} for name, found in there.items()}


def _deliveries(partitions: Iterable[Mapping[str, str]]) -> set[tuple[str, date]]:
    return {(part[SOURCE], date.fromisoformat(part[DELIVERED_ON])) for part in partitions}
