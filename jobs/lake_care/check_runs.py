"""Can every finished day still be read as its run left it?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from jobs.lake_care.findings import Finding, fail, ok, some
from jobs.lake_care.tables import is_whole, tables_of
from jobs.runtime.lake import Lake, table_name
from jobs.runtime.manifest import finished_days


def check_runs(lake: Lake, since: date) -> Iterator[Finding]:
    """The table versions that each day's manifest names, of the days whose versions are kept."""
    there = {table_name(contract): contract for contract in tables_of(lake)}
    whole: dict[tuple[str, int], bool] = {}
    for day, tables in finished_days(lake.home).items():
        if day < since:
            continue
        lost = []
        for name, version in tables.items():
            if version is None:
                continue
            if (name, version) not in whole:
                whole[name, version] = name in there and is_whole(lake, there[name], version)
            if not whole[name, version]:
                lost.append(f"version {version} of {name}")
        if lost:
            yield fail(
                f"run {day}",
                "versions",
                f"it rests on what is gone: {some(lost)}",
                "bring the files back from a backup, or run the day again",
            )
        else:
            yield ok(f"run {day}", "versions", f"all {len(tables)} tables can be read as the run left them")
