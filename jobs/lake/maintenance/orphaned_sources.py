"""Take a source's rows out of the lake, where the profile maps it no more.

Sources that a profile maps no more: what they delivered stays in silver, and so in lists, until it is taken out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from expectations.contracts.contract import Contract
from expectations.contracts.lineage import SOURCE
from expectations.contracts.quarantine import quarantine_of
from expectations.contracts.registry import BRONZE, SILVER
from jobs.foundation.files import delete_file
from jobs.lake.batches import BatchBook
from jobs.lake.tables import LakeTables, arrow_schema


def forget_source(lake: LakeTables, source: str) -> None:
    """Forget its book of batches, then its rows; versions of tables that kept days name still hold them.

    Only the home's one writer may call this. The book goes first: nothing builds on rows that no book vouches for, so after a crash
    the same call goes on, and a source that is mapped again is taken in from its first delivery. Silver goes last: by its rows a
    day's list tells that a source is still to be forgotten.
    """
    delete_file(BatchBook(lake.home, source).path)
    for contract in tables_with(lake, source):
        lake.replace_arrow(arrow_schema(contract).empty_table(), contract, f"{SOURCE} = '{source}'")


def tables_with(lake: LakeTables, source: str) -> list[Contract]:
    """The tables that hold rows of a source; of one that was always stopped or turned away, silver is none of them."""
    tables = (quarantine_of(source), *BRONZE.values(), *SILVER.values())
    return [table for table in tables if any(part.get(SOURCE, source) == source for part in lake.partitions(table))]


def is_known(lake: LakeTables, source: str) -> bool:
    """Whether there is anything of a source; of what is no name of a file there is nothing."""
    is_name = bool(source) and Path(source).name == source
    return is_name and (bool(tables_with(lake, source)) or BatchBook(lake.home, source).path.exists())


NOT_MAPPED = "not mapped"
"""What a run's manifest says of such a source, in the place of a verdict."""


def count_orphaned_rows(lake: LakeTables, mapped: Iterable[str]) -> dict[str, int]:
    """The number of rows in silver of each source that is not among those mapped, by name in order."""
    found: Counter[str] = Counter()
    for table in SILVER.values():
        for source in {part[SOURCE] for part in lake.partitions(table)} - set(mapped):
            found[source] += lake.arrow(table, columns=[str(SOURCE)], where=f"{SOURCE} = '{source}'").num_rows
    return dict(sorted(found.items()))
