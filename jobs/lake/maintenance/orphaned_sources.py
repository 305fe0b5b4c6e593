"""Orphaned sources: they have rows in silver, and so in lists, but no mapping in the profile. Count them, or delete their rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from expectations.contracts.contract import Contract
from expectations.contracts.lineage import SOURCE
from expectations.contracts.quarantine import COMBINED, quarantine_of
from expectations.contracts.registry import BRONZE, SILVER
from jobs.foundation.files import delete_file
from jobs.lake.batches import BatchBook
from jobs.lake.tables import LakeTables, arrow_schema


def forget_source(lake: LakeTables, source: str) -> None:
    """Delete a source's book of batches, then its rows; retained table versions still hold them.

    Only the holder of the home's lock may call this. The book goes first: no step uses rows without a book, so the call can be
    repeated after a crash, and a source that is mapped again is ingested from its first delivery. Silver goes last, because its
    rows show that the source still has to be deleted.
    """
    delete_file(BatchBook(lake.home, source).path)
    for contract in tables_with(lake, source):
        lake.replace_arrow(arrow_schema(contract).empty_table(), contract, f"{SOURCE} = '{source}'")


def tables_with(lake: LakeTables, source: str) -> list[Contract]:
    """The tables that hold rows of a source."""
    tables = (quarantine_of(source), COMBINED, *BRONZE.values(), *SILVER.values())
    return [table for table in tables if any(part.get(SOURCE, source) == source for part in lake.partitions(table))]


def is_known(lake: LakeTables, source: str) -> bool:
    """Whether a source has rows or a book; False for a text that cannot be a file name."""
    is_name = bool(source) and Path(source).name == source
    return is_name and (bool(tables_with(lake, source)) or BatchBook(lake.home, source).path.exists())


NOT_MAPPED = "not mapped"
"""The verdict of an orphaned source in a run manifest."""


def count_orphaned_rows(lake: LakeTables, mapped: Iterable[str]) -> dict[str, int]:
    """The number of silver rows of each source that is not mapped, by name."""
    found: Counter[str] = Counter()
    for table in SILVER.values():
        for source in {part[SOURCE] for part in lake.partitions(table)} - set(mapped):
            found[source] += lake.arrow(table, columns=[str(SOURCE)], where=f"{SOURCE} = '{source}'").num_rows
    return dict(sorted(found.items()))
