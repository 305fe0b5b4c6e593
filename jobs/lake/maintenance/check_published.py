"""Do the newest tables still hold the lists that finished days published?

Who reads a finished day reads the versions that its run left, so rows that were changed since show only once maintenance has let
those versions go, and by then nothing can tell what the rows were.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from datetime import date

from deltalake import DeltaTable

from expectations.contracts import scoring
from expectations.contracts.contract import Contract
from expectations.contracts.lineage import AS_OF
from jobs.engine.lake import Lake, table_name
from jobs.foundation.errors import first_line
from jobs.lake.maintenance.findings import Finding, fail, ok
from jobs.lake.maintenance.partitions import is_same_in
from jobs.lake.maintenance.tables import is_whole, open_table, tables_of
from jobs.lake.manifests import finished_days
from jobs.lake.table_version import is_current

PUBLISHED = (scoring.RISK_LIST, scoring.REASONS)
"""What people act on, written by the command that closes a day. Of other tables of gold old days are trimmed."""


def check_published(lake: Lake, since: date, unsound: Set[str]) -> Iterator[Finding]:
    """The lists and reasons of the finished days from ``since`` on, against what their runs left.

    Left out is what was told already, of a table that is not sound or of a run whose versions are gone, and days of before a
    migration, which writes every row anew.
    """
    there = {table_name(contract) for contract in tables_of(lake)} - unsound
    newest = [(contract, open_table(lake, contract)) for contract in PUBLISHED if table_name(contract) in there]
    days = finished_days(lake.home)
    for day, versions in days.items():
        for contract, now in newest:
            version = versions.get(table_name(contract))
            left = _left(lake, contract, version) if day >= since and version is not None else None
            if left is not None:
                yield _compare(contract, left, now, day, max(days))


def _left(lake: Lake, contract: Contract, version: int) -> DeltaTable | None:
    """What a run left of a table, where it can be read and has the columns of today."""
    if not is_whole(lake, contract, version):
        return None
    left = open_table(lake, contract, version)
    return left if is_current(left, contract) else None


def _compare(contract: Contract, left: DeltaTable, now: DeltaTable, day: date, last: date) -> Finding:
    try:
        is_same = is_same_in(left, now, contract, ((str(AS_OF), day),))
    except Exception as error:  # Delta's library has no error of its own for a file whose bytes are spoilt
        return fail(
            f"day {day}",
            contract.name,
            f"what its run left of {table_name(contract)} cannot be read: {first_line(error)}",
            "bring the files back from a backup, or run the day again",
        )
    if not is_same:
        return fail(
            f"day {day}",
            contract.name,
            f"{table_name(contract)} holds other rows of it than its run left",
            f"find out who changed them, or which run died; `steelyard lake restore --as-of-run {last}` brings back what the "
            "newest run left; where that holds them too, run the day again",
        )
    return ok(f"day {day}", contract.name, f"{table_name(contract)} holds the rows that its run left")
