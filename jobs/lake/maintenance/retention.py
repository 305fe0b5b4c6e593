"""Which versions of a table must stay readable: the newest, and those that a run of a day within time travel left.

State is written whole by the first day on which a month is settled. What was written before that is needed no more.

Features and scores grow by every entity a day, links by every complaint without an identifier, peers' medians by every group.
After some weeks only month-ends, on which training builds, and what is of who was listed are kept.

Take away the data files that no version needs which is kept (ADR 0010).
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


def retained_versions(lake: LakeTables, contract: Contract, named: Mapping[str, Set[int]]) -> list[int]:
    """The versions of a table that :func:`named_versions` gives, and the newest, in order.

    A version that cannot be read any more is none of them: nothing can be kept of it.
    """
    readable = readable_versions(lake.path(contract))
    newest = open_table(lake, contract).version()
    return sorted({newest, *(named.get(contract.full_name, set()) & readable)})


def files_needed(lake: LakeTables, contract: Contract, versions: Iterable[int]) -> set[str]:
    """The data files that these versions of a table are made of, by their path in its folder."""
    return {path for version in versions for path in sizes_of(open_table(lake, contract, version))}


def trim_state(lake: LakeTables, table: Contract, as_of: date) -> tuple[str, ...]:
    """Forget a table's state of settled months before the newest up to ``as_of``; give the days whose rows went.

    A past day that is asked for again is reckoned afresh. Notes go first, so that none speaks of rows that are gone; what no
    note names is of no use to anybody.
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
        listed = ", ".join(f"'{day}'" for day in gone)
        lake.replace_arrow(arrow_schema(table).empty_table(), table, f"{AS_OF} IN ({listed})")
    return gone


def _notes(home: Path, what: str) -> dict[date, dict[str, Any]]:
    paths = sorted(note_path(home, what, date.min).parent.glob("????-??-??.json"))
    return {date.fromisoformat(path.stem): read_json(path) for path in paths}


_IS_LISTED = f"t.{ENTITY_ID} = l.{ENTITY_ID} AND t.{AS_OF} = l.{AS_OF}"


def is_month_end(day: date) -> bool:
    """Whether it is the last day of its month, on which cohorts of training begin."""
    return (day + timedelta(days=1)).day == 1


def trim_to_listed(lake: LakeTables, contract: Contract, note: str, as_of: date, days: int) -> tuple[date, ...]:
    """Keep of days before the last ``days`` only the rows of who was listed; month-ends stay whole. Gives the days that lost rows.

    One commit. The notes that the days' rows are current are forgotten first, so that whoever needs them whole makes them again.

    Args:
        contract: a table with a row's entity and day, such as ``gold.features``.
        note: what the notes of its days are called, see :func:`jobs.lake.manifests.note_path`.
    """
    if not lake.exists(scoring.RISK_LIST):
        return ()
    return _trim(lake, contract, note, first_day_kept(as_of, days), f"l ON {_IS_LISTED}", l=scoring.RISK_LIST)


def trim_scores(lake: LakeTables, as_of: date, days: int) -> tuple[date, ...]:
    """As :func:`trim_to_listed`, of scores; the newest day before the last ``days`` is whole, since theirs were held against it."""
    before = first_day_kept(as_of, days)
    scored = {date.fromisoformat(part[AS_OF]) for part in lake.partitions(scoring.SCORES)}
    last = max((day for day in scored if day < before), default=before)
    return trim_to_listed(lake, scoring.SCORES, "scores", as_of, (as_of - last).days + 1)


def trim_peers(lake: LakeTables, as_of: date, days: int) -> tuple[date, ...]:
    """As :func:`trim_to_listed`, of the peers' medians: those of the groups that the listed stand in are kept."""
    if not (lake.exists(scoring.RISK_LIST) and lake.exists(features_contract())):
        return ()
    group = scoring.PEER_GROUP
    listed = f"(SELECT DISTINCT f.{group}, f.{AS_OF} FROM f JOIN l ON f.{ENTITY_ID} = l.{ENTITY_ID} AND f.{AS_OF} = l.{AS_OF}) g"
    theirs = f"{listed} ON t.{group} = g.{group} AND t.{AS_OF} = g.{AS_OF}"
    tables = {"f": features_contract(), "l": scoring.RISK_LIST}
    return _trim(lake, scoring.PEERS, "features", first_day_kept(as_of, days), theirs, **tables)


def _trim(lake: LakeTables, contract: Contract, note: str, before: date, kept: str, **tables: Contract) -> tuple[date, ...]:
    """Take away, of days before one that are no month-ends, the rows that nothing joins to.

    Args:
        kept: SQL that follows the JOIN: what a row of ``t`` that stays is joined to.
        tables: what it names.
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


def _on(days: list[date]) -> str:
    return f"{AS_OF} IN ({', '.join(repr(day.isoformat()) for day in days)})"


def vacuum(lake: LakeTables, contract: Contract, versions: list[int]) -> int:
    """Keep what ``versions`` of a table and its newest are made of; give how many bytes went.

    What is kept is told by versions alone. A file's age says nothing of who needs it, and asking for it would make the outcome
    hang on the clock; so the age from which Delta would remove is none. Only the home's one writer may call this, since a file
    that is written but not yet committed looks like one that nobody needs.
    """
    needed = files_needed(lake, contract, versions)
    spare = {path: size for path, size in files_on_disk(lake, contract).items() if path not in needed}
    if not spare:
        return 0  # Delta would write two commits to say that it did nothing
    with around(f"vacuumed {contract.full_name}"):
        open_table(lake, contract).vacuum(
            retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True, keep_versions=versions
        )
    left = files_on_disk(lake, contract)
    return sum(size for path, size in spare.items() if path not in left)
