"""Take a source's rows out of the lake, where the profile maps it no more."""

from __future__ import annotations

from expectations.contracts.lineage import SOURCE
from expectations.contracts.quarantine import quarantine_of
from expectations.contracts.silver import BRONZE, OF
from jobs.runtime.batches import BatchBook
from jobs.runtime.files import forget
from jobs.runtime.lake import Lake, arrow_schema


def forget_source(lake: Lake, source: str) -> None:
    """Forget its book of batches, then its rows; versions of tables that kept days name still hold them.

    Only the home's one writer may call this. The book goes first: nothing builds on rows that no book vouches for, so after a crash
    the same call goes on, and a source that is mapped again is taken in from its first delivery. Silver goes last: by its rows it
    is known that a source is still to be forgotten.
    """
    forget(BatchBook(lake.home, source).path)
    for contract in (quarantine_of(source), *BRONZE.values(), *OF.values()):
        if any(part.get(SOURCE, source) == source for part in lake.partitions(contract)):
            lake.replace_arrow(arrow_schema(contract).empty_table(), contract, f"{SOURCE} = '{source}'")
