"""Check a home: each table, the versions of each run, published lists, and each source's counts.

Readers of a finished day read the table versions of its run. Rows that were changed later show only after maintenance has removed
these versions, when the original rows can no longer be found; so the check compares published lists before that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from datetime import date
from functools import cache
from typing import Any

from deltalake import DeltaTable

from expectations.contracts import scoring
from expectations.contracts.contract import Contract, Zone
from expectations.contracts.lineage import AS_OF, DELIVERED_ON, IS_ABSENT, SOURCE
from expectations.contracts.quarantine import COMBINED, STAGE, Stage
from expectations.contracts.registry import BRONZE, SILVER
from jobs.foundation.errors import first_line
from jobs.foundation.files import days_in, read_json
from jobs.foundation.findings import Finding, Verdict, fail, ok, some, warn
from jobs.lake.batches import Batch, BatchBook
from jobs.lake.maintenance.check_table import check_table
from jobs.lake.maintenance.retention import named_versions
from jobs.lake.maintenance.table_files import LOG, is_same_in, is_whole, open_table, select, tables_of
from jobs.lake.manifests import (
    finished_days,
    is_withdrawn,
    note_path,
    run_manifest_path,
    run_manifest_path_by_id,
    runs_left_by_id,
    runs_since,
    time_travel_since,
)
from jobs.lake.table_version import is_current
from jobs.lake.tables import LakeTables
from jobs.lake.write_intents import unfinished_steps

Counted = Counter[tuple[str, str, date]]
"""Rows by where they are (``kept``, ``absent``, ``turned away``, ``set aside``, ``in use``), source and delivery day."""


def check_counts(lake: LakeTables) -> Iterator[Finding]:
    """One finding for each source that has a book or rows: do its rows match the counts of its book of batches?"""
    counted = _count(lake)
    books = {path.stem for path in (lake.home / "manifests" / "batches").glob("*.json")}
    for source in sorted(books | {source for _, source, _ in counted}):
        yield _source(lake, source, counted)


def _source(lake: LakeTables, source: str, counted: Counted) -> Finding:
    steps = unfinished_steps(lake.home, source)
    if steps:
        found = f"the steps {', '.join(steps)} did not end, or were undone by a restore"
        return warn(f"source {source}", found, "run the day again; it repeats these steps", check="counts")
    batches = BatchBook(lake.home, source).batches
    apart = [line for day in sorted(batches) for line in _apart(source, batches[day], counted)]
    known = {day for _, of, day in counted if of == source}
    apart += [f"{day} has rows and is in no book" for day in sorted(known - set(batches))]
    if apart:
        return fail(f"source {source}", some(apart), "run the day again; report it if the counts still differ", check="counts")
    read = sum(batch.counts.read for batch in batches.values())
    return ok(f"source {source}", f"{len(batches)} deliveries, {read:,} records read, each of them accounted for", check="counts")


def _apart(source: str, batch: Batch, counted: Counted) -> Iterator[str]:
    """The differences between a delivery's rows and its book."""
    counts = batch.counts
    said = {
        "kept": counts.kept,
        "absent": counts.absent,
        "combined": counts.combined,
        "turned away": counts.quarantined,
        "set aside": batch.set_aside if batch.gated else None,
        "in use": _in_use(batch),
    }
    for where, number in said.items():
        found = counted[where, source, batch.delivered_on]
        if number is not None and found != number:
            yield f"{batch.delivered_on}: {found:,} rows are {where}, the book says {number:,}"
    if not counts.adds_up:
        yield f"{batch.delivered_on}: {counts.read:,} records read are not {counts.accounted:,} accounted for"


def _in_use(batch: Batch) -> int | None:
    """The expected number of rows in silver; None before the step."""
    if not batch.is_usable:
        return 0 if batch.conformed else None
    return batch.counts.kept - batch.set_aside if batch.is_in_use else None


def _count(lake: LakeTables) -> Counted:
    counted: Counted = Counter()
    sources = {contract.full_name for contract in (*BRONZE.values(), *SILVER.values())}
    for contract in tables_of(lake):
        if contract.zone is Zone.QUARANTINE:
            for row in _by(lake, contract, STAGE, DELIVERED_ON):
                where = "set aside" if row[STAGE] == Stage.GATE.value else "turned away"
                counted[where, contract.name, row[DELIVERED_ON]] += row["n"]
        elif contract is COMBINED:
            for row in _by(lake, contract, SOURCE, DELIVERED_ON):
                counted["combined", row[SOURCE], row[DELIVERED_ON]] += row["n"]
        elif contract.full_name in sources:
            here = "kept" if contract.zone is Zone.BRONZE else "in use"
            for row in _by(lake, contract, SOURCE, DELIVERED_ON, IS_ABSENT):
                where = here if not row[IS_ABSENT] else "absent" if contract.zone is Zone.BRONZE else "absent in silver"
                counted[where, row[SOURCE], row[DELIVERED_ON]] += row["n"]
    return counted


def _by(lake: LakeTables, contract: Contract, *columns: str) -> list[dict[str, Any]]:
    names = ", ".join(columns)
    found: list[dict[str, Any]] = select(lake, f"SELECT {names}, count(*) AS n FROM t GROUP BY {names}", t=contract).to_pylist()
    return found


def check_runs(lake: LakeTables, since: date) -> Iterator[Finding]:
    """One finding for each run: can its table versions still be read?"""
    there = {contract.full_name: contract for contract in tables_of(lake)}

    @cache
    def is_readable(name: str, version: int) -> bool:
        return name in there and is_whole(lake, there[name], version)

    runs = [(str(run["run_id"]), run.get("tables") or {}) for run in runs_since(lake.home, since)]
    # A day's newest run has two manifests, which are equal unless one was changed.
    for run_id, tables in {(run_id, *sorted(tables.items())): (run_id, tables) for run_id, tables in runs}.values():
        named = [(name, version) for name, version in tables.items() if version is not None]
        if lost := [f"version {version} of {name}" for name, version in named if not is_readable(name, version)]:
            yield fail(
                f"run {run_id}",
                f"it rests on what is gone: {some(lost)}",
                "bring the files back from a backup, or run the day again",
                check="versions",
            )
        else:
            yield ok(f"run {run_id}", f"all {len(tables)} tables can be read as the run left them", check="versions")


def check_manifests(lake: LakeTables) -> Iterator[Finding]:
    """One finding for each missing manifest of a run that the day's other records show.

    Each run has two manifests, by its day and by its id. Without both, the day's list, the note of its scores and the run of a
    later day show it; they also show a day that was never closed, so this is a warning.
    """
    home = lake.home
    by_day = {day: read_json(run_manifest_path(home, day)) or {} for day in days_in(run_manifest_path(home, date.min).parent)}
    unfinished = _unfinished_days(lake, by_day)
    without_id = {
        day: path for day, run in by_day.items() if not (path := run_manifest_path_by_id(home, str(run.get("run_id")))).is_file()
    }
    for day, path in without_id.items():
        then = f"restore it from a backup, or copy {run_manifest_path(home, day).relative_to(home)}, which is the same"
        yield fail(f"day {day}", f"{path.relative_to(home)} is missing", then, check="manifests")
    for day, shown_by in sorted(unfinished.items()):
        if runs := runs_left_by_id(home, day):
            found = f"its run manifest is missing, although that of its run {runs[-1]} exists"
            then = "restore it from a backup; if the run died at its last write, run the day again"
            yield fail(f"day {day}", found, then, check="manifests")
        else:
            then = "if the day is not finished, run it again; else restore `manifests` from a backup"
            yield warn(f"day {day}", f"it has no run manifest, and {shown_by}", then, check="manifests")
    if not without_id and not unfinished:
        yield ok("runs", f"{len(by_day)} finished days, none without its manifests", check="manifests")


def _unfinished_days(lake: LakeTables, by_day: Mapping[date, Mapping[str, Any]]) -> dict[date, str]:
    """The days that are not finished and that no restore undid, each with what shows that there was a run."""
    home = lake.home
    by_id = run_manifest_path_by_id(home, "*").parent.glob("????-??-??-*.json")
    shown = {date.fromisoformat(path.name[:10]): "its run has a manifest by id" for path in by_id}
    shown |= dict.fromkeys(days_in(note_path(home, "scores", date.min).parent), "the note of its scores exists")
    for day, run in by_day.items():
        if before := (run.get("classes_before") or {}).get("as_of"):
            shown[date.fromisoformat(before)] = f"the run of {day} read its classes"
    lists = lake.partitions(scoring.RISK_LIST)
    shown |= dict.fromkeys((date.fromisoformat(part[AS_OF]) for part in lists), f"{scoring.RISK_LIST.full_name} has its list")
    return {day: by for day, by in shown.items() if day not in by_day and not is_withdrawn(home, day)}


PUBLISHED = (scoring.RISK_LIST, scoring.REASONS)
"""What people act on. Other gold tables are trimmed."""


def check_published(lake: LakeTables, since: date, unsound: Set[str]) -> Iterator[Finding]:
    """Compare the lists and reasons of the finished days from ``since`` on with what their runs left.

    Left out are tables and runs that have failed already, and days before a migration, which rewrites every row.
    """
    there = {contract.full_name for contract in tables_of(lake)} - unsound
    newest = [(contract, open_table(lake, contract)) for contract in PUBLISHED if contract.full_name in there]
    days = finished_days(lake.home)
    for day, versions in days.items():
        for contract, now in newest:
            version = versions.get(contract.full_name)
            left = _left(lake, contract, version) if day >= since and version is not None else None
            if left is not None:
                yield _compare(contract, left, now, day, max(days))


def _left(lake: LakeTables, contract: Contract, version: int) -> DeltaTable | None:
    """A table as a run left it; None when it cannot be read or has other columns."""
    if not is_whole(lake, contract, version):
        return None
    left = open_table(lake, contract, version)
    return left if is_current(left, contract) else None


def _compare(contract: Contract, left: DeltaTable, now: DeltaTable, day: date, last: date) -> Finding:
    try:
        is_same = is_same_in(left, now, contract, ((str(AS_OF), day),))
    except Exception as error:  # Delta's library has no error class for a file with damaged bytes
        return fail(
            f"day {day}",
            f"what its run left of {contract.full_name} cannot be read: {first_line(error)}",
            "bring the files back from a backup, or run the day again",
            check=contract.name,
        )
    if not is_same:
        return fail(
            f"day {day}",
            f"{contract.full_name} holds other rows of it than its run left",
            f"find out who changed them, or which run died; `steelyard lake restore --as-of-run {last}` brings back what the "
            "newest run left; where that holds them too, run the day again",
            check=contract.name,
        )
    return ok(f"day {day}", f"{contract.full_name} holds the rows that its run left", check=contract.name)


def check(lake: LakeTables) -> Iterator[Finding]:
    """Check a home. Hold its lock: during a run, tables and books differ."""
    since = time_travel_since(lake.home) or date.min
    named = named_versions(lake.home, since)
    unsound: set[str] = set()
    for contract in tables_of(lake):
        for finding in check_table(lake, contract, named):
            if finding.verdict is Verdict.FAIL:
                unsound.add(contract.full_name)
            yield finding
    yield from _unknown(lake)
    yield from check_manifests(lake)
    yield from check_runs(lake, since)
    yield from check_published(lake, since, unsound)
    if unsound:
        yield warn(
            "sources", "not counted, since a table is not sound", "repair the tables above, then check again", check="counts"
        )
    else:
        yield from check_counts(lake)


def _unknown(lake: LakeTables) -> Iterator[Finding]:
    """Folders in the lake that belong to no contract."""
    root = lake.home / "lake"
    there = {".".join(path.parent.relative_to(root).parts) for path in root.glob(f"*/*/{LOG}")}
    for name in sorted(there - {contract.full_name for contract in tables_of(lake)}):
        yield warn(name, "this Steelyard has no contract for it", "move it elsewhere if nobody needs it", check="contract")
