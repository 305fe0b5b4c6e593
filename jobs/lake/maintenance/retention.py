"""Retention: which table versions, rows and data files stay, and deletion of the rest (ADR 0010).

Versions: the newest, and those of runs within time travel. State: the rows of the newest closed month. Features, scores, links and
peers' medians grow every day; after some weeks only month-ends, which training uses, and rows of listed entities stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

from expectations.contracts import scoring
from expectations.contracts.contract import Contract
from expectations.contracts.indicators import features_contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from jobs.foundation.fault_points import around
from jobs.foundation.files import delete_file, read_json
from jobs.lake.maintenance.table_files import files_on_disk, open_table, readable_versions, select, sizes_of
from jobs.lake.manifests import note_path, runs_since, versions_noted
from jobs.lake.tables import LakeTables, arrow_schema


def first_day_kept(as_of: date, days: int) -> date:
    """The first of the last ``days`` days up to and including ``as_of``."""
    return as_of - timedelta(days=days - 1)


def named_versions(home: Path, since: date) -> Mapping[str, Set[int]]:
    """For each table name, the versions that runs of the days from ``since`` on left, including runs that were repeated."""
    left = [run.get("tables") or {} for run in runs_since(home, since)]
    # For a day that is not closed yet: its next step reads the versions that its features were computed from.
    named: defaultdict[str, set[int]] = defaultdict(set)
    for name, version in chain.from_iterable(tables.items() for tables in (*left, *versions_noted(home, since))):
        if version is not None:
            named[name].add(version)
    return named


def retained_versions(lake: LakeTables, contract: Contract, named: Mapping[str, Set[int]]) -> list[int]:
    """The readable versions of a table that :func:`named_versions` gives, and the newest, in order."""
    readable = readable_versions(lake.path(contract))
    newest = open_table(lake, contract).version()
    return sorted({newest, *(named.get(contract.full_name, set()) & readable)})


def files_needed(lake: LakeTables, contract: Contract, versions: Iterable[int]) -> set[str]:
    """The data files of these versions of a table, as paths in its folder."""
    return {path for version in versions for path in sizes_of(open_table(lake, contract, version))}


def trim_state(lake: LakeTables, table: Contract, as_of: date) -> tuple[str, ...]:
    """Delete a table's state of closed months before the newest up to ``as_of``; return the days whose rows were deleted.

    If an earlier day is run again, its state is computed again. Notes go first, so that none refers to deleted rows; rows without a
    note are never used.
    """
    what = f"state/{table.name}"
    notes = _notes(lake.home, what)
    newest = max((note["settled"] for day, note in notes.items() if day <= as_of), default="")
    for day in [day for day, note in notes.items() if note["settled"] < newest]:
        delete_file(note_path(lake.home, what, day))
        del notes[day]
    needed = {part for note in notes.values() for part in note["parts"]}
    gone = tuple(sorted({part[AS_OF] for part in lake.partitions(table)} - needed))
    if gone:
        lake.replace_arrow(arrow_schema(table).empty_table(), table, _on(gone))
    return gone


def _notes(home: Path, what: str) -> dict[date, dict[str, Any]]:
    paths = sorted(note_path(home, what, date.min).parent.glob("????-??-??.json"))
    return {date.fromisoformat(path.stem): read_json(path) for path in paths}


_IS_LISTED = f"t.{ENTITY_ID} = l.{ENTITY_ID} AND t.{AS_OF} = l.{AS_OF}"


def is_month_end(day: date) -> bool:
    """Whether it is the last day of its month; training cohorts start on these days."""
    return (day + timedelta(days=1)).day == 1


def trim_to_listed(lake: LakeTables, contract: Contract, note: str, as_of: date, days: int) -> tuple[date, ...]:
    """Delete the rows of unlisted entities before the last ``days`` days, except month-ends; return the days that lost rows.

    One commit. The notes of these days are deleted first, so that a step that needs all rows computes them again.

    Args:
        contract: a table with entity and day, such as ``gold.features``.
        note: the name of its notes, see :func:`jobs.lake.manifests.note_path`.
    """
    if not lake.exists(scoring.RISK_LIST):
        return ()
    return _trim(lake, contract, note, first_day_kept(as_of, days), f"l ON {_IS_LISTED}", l=scoring.RISK_LIST)


def trim_scores(lake: LakeTables, as_of: date, days: int) -> tuple[date, ...]:
    """As :func:`trim_to_listed`, for scores; the newest day before the last ``days`` stays whole for comparison."""
    before = first_day_kept(as_of, days)
    scored = {date.fromisoformat(part[AS_OF]) for part in lake.partitions(scoring.SCORES)}
    last = max((day for day in scored if day < before), default=before)
    return trim_to_listed(lake, scoring.SCORES, "scores", as_of, (as_of - last).days + 1)


def trim_peers(lake: LakeTables, as_of: date, days: int) -> tuple[date, ...]:
    """As :func:`trim_to_listed`, for peers' medians: the groups of listed entities stay."""
    if not (lake.exists(scoring.RISK_LIST) and lake.exists(features_contract())):
        return ()
    group = scoring.PEER_GROUP
    listed = f"(SELECT DISTINCT f.{group}, f.{AS_OF} FROM f JOIN l ON f.{ENTITY_ID} = l.{ENTITY_ID} AND f.{AS_OF} = l.{AS_OF}) g"
    theirs = f"{listed} ON t.{group} = g.{group} AND t.{AS_OF} = g.{AS_OF}"
    tables = {"f": features_contract(), "l": scoring.RISK_LIST}
    return _trim(lake, scoring.PEERS, "features", first_day_kept(as_of, days), theirs, **tables)


def _trim(lake: LakeTables, contract: Contract, note: str, before: date, kept: str, **tables: Contract) -> tuple[date, ...]:
    """Delete the rows of days before ``before``, except month-ends, that nothing joins to.

    Args:
        kept: SQL after the JOIN: the rows that a row of ``t`` must join to, to stay.
        tables: the tables that it names.
    """
    if not lake.exists(contract):
        return ()
    others = f"SELECT DISTINCT t.{AS_OF} AS day FROM t LEFT ANTI JOIN {kept} WHERE t.{AS_OF} < '{before}'"
    found = sorted(select(lake, others, t=contract, **tables)["day"].to_pylist())
    old = [day for day in found if not is_month_end(day)]
    if not old:
        return ()
    for day in old:
        delete_file(note_path(lake.home, note, day))
    columns = ", ".join(f't."{column}"' for column in contract.columns)
    order = ", ".join(f't."{column}"' for column in contract.key)
    stay = select(lake, f"SELECT {columns} FROM t LEFT SEMI JOIN {kept} WHERE t.{_on(old)} ORDER BY {order}", t=contract, **tables)
    lake.replace_arrow(stay.cast(arrow_schema(contract)), contract, _on(old))
    return tuple(old)


def _on(days: Iterable[date | str]) -> str:
    """SQL that selects the rows of some days."""
    return f"{AS_OF} IN ({', '.join(repr(str(day)) for day in days)})"


def vacuum(lake: LakeTables, contract: Contract, versions: list[int]) -> int:
    """Delete all data files but those of ``versions`` and of the newest version; return the number of bytes freed.

    Only versions decide: a file's age does not show whether it is needed, so Delta's minimum age is zero. Only the holder of the
    home's lock may call this, since a file that is written but not yet committed looks unneeded.
    """
    needed = files_needed(lake, contract, versions)
    spare = {path: size for path, size in files_on_disk(lake, contract).items() if path not in needed}
    if not spare:
        return 0  # Delta would write two commits although it does nothing
    with around(f"vacuumed {contract.full_name}"):
        open_table(lake, contract).vacuum(
            retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True, keep_versions=versions
        )
    left = files_on_disk(lake, contract)
    return sum(size for path, size in spare.items() if path not in left)
