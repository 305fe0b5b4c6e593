"""Take away the data files that no version needs which is kept (ADR 0010)."""

from __future__ import annotations

from expectations.contracts.contract import Contract
from jobs.engine.lake import Lake, table_name
from jobs.foundation.fault_points import around
from jobs.lake.maintenance.kept_versions import files_needed
from jobs.lake.maintenance.tables import files_on_disk, open_table


def vacuum(lake: Lake, contract: Contract, versions: list[int]) -> int:
    """Keep what ``versions`` of a table and its newest are made of; give how many bytes went.

    What is kept is told by versions alone. A file's age says nothing of who needs it, and asking for it would make the outcome
    hang on the clock; so the age from which Delta would remove is none. Only the home's one writer may call this, since a file
    that is written but not yet committed looks like one that nobody needs.
    """
    needed = files_needed(lake, contract, versions)
    spare = {path: size for path, size in files_on_disk(lake, contract).items() if path not in needed}
    if not spare:
        return 0  # Delta would write two commits to say that it did nothing
    with around(f"vacuumed {table_name(contract)}"):
        open_table(lake, contract).vacuum(
            retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True, keep_versions=versions
        )
    left = files_on_disk(lake, contract)
    return sum(size for path, size in spare.items() if path not in left)
