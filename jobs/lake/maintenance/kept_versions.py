"""Which versions of a table must stay readable: the newest, and those that a run of a day within time travel left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from datetime import date, timedelta
from itertools import chain
from pathlib import Path

from expectations.contracts.contract import Contract
from jobs.engine.lake import Lake, table_name
from jobs.incremental.versions_read import versions_noted
from jobs.lake.maintenance.table_log import readable_versions
from jobs.lake.maintenance.tables import open_table, sizes_of
from jobs.lake.manifests import runs_since


def first_day_kept(as_of: date, days: int) -> date:
    """The first of the last ``days`` days up to ``as_of``, which is one of them."""
    return as_of - timedelta(days=days - 1)


def named_versions(home: Path, since: date) -> Mapping[str, Set[int]]:
    """Of each table, by its name, the versions that runs of the days from ``since`` on left; none of a table that no run named.

    A run that was done again can still be asked for by its id.
    """
    left = [run.get("tables") or {} for run in runs_since(home, since)]
    # A day whose list is not closed yet: its next step reads what its features were built from.
    named: defaultdict[str, set[int]] = defaultdict(set)
    for name, version in chain.from_iterable(tables.items() for tables in (*left, *versions_noted(home, since))):
        if version is not None:
            named[name].add(version)
    return named


def kept_versions(lake: Lake, contract: Contract, named: Mapping[str, Set[int]]) -> list[int]:
    """The versions of a table that :func:`named_versions` gives, and the newest, in order.

    A version that cannot be read any more is none of them: nothing can be kept of it.
    """
    readable = readable_versions(lake.path(contract))
    newest = open_table(lake, contract).version()
    return sorted({newest, *(named.get(table_name(contract), set()) & readable)})


def files_needed(lake: Lake, contract: Contract, versions: Iterable[int]) -> set[str]:
    """The data files that these versions of a table are made of, by their path in its folder."""
    return {path for version in versions for path in sizes_of(open_table(lake, contract, version))}
