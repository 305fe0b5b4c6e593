"""Which versions of a table must stay readable: the newest, and those that a day's run left within the days of time travel."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from expectations.contracts.core import Contract
from jobs.lake_care.table_log import readable_versions
from jobs.lake_care.tables import open_table, sizes_of
from jobs.runtime.files import read_json
from jobs.runtime.lake import Lake, table_name
from jobs.runtime.manifest import run_manifest_path
from jobs.runtime.versions_read import versions_noted


def first_day_kept(as_of: date, days: int) -> date:
    """The first of the last ``days`` days up to ``as_of``, which is one of them."""
    return as_of - timedelta(days=days - 1)


def finished_days(home: Path) -> dict[date, dict[str, int | None]]:
    """Each day that has a run's manifest, in order, with the table versions that its run left."""
    found = sorted(run_manifest_path(home, date.min).parent.glob("????-??-??.json"))
    return {date.fromisoformat(path.stem): (read_json(path) or {}).get("tables") or {} for path in found}


def kept_versions(lake: Lake, contract: Contract, since: date) -> list[int]:
    """The versions of a table that days from ``since`` on need, and the newest, in order.

    A version that cannot be read any more is none of them: nothing can be kept of it.
    """
    named = {tables.get(table_name(contract)) for day, tables in finished_days(lake.home).items() if day >= since}
    # A day whose list is not closed yet: its next step reads what its features were built from.
    named |= {read.get(table_name(contract)) for read in versions_noted(lake.home, since)}
    readable = readable_versions(lake.path(contract))
    newest = open_table(lake, contract).version()
    return sorted({newest, *(version for version in named if version is not None and version in readable)})


def files_needed(lake: Lake, contract: Contract, versions: Iterable[int]) -> set[str]:
    """The data files that these versions of a table are made of, by their path in its folder."""
    return {path for version in versions for path in sizes_of(open_table(lake, contract, version))}
