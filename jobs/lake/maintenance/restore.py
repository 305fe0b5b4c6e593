"""Restore tables to earlier rows by a new version; nothing is deleted.

Books of batches, notes of days and run manifests describe tables. Those that no longer hold are removed before the tables
change, so that the next run computes what is missing and no reader finds a day that the tables do not hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from deltalake import DeltaTable

from expectations.contracts.contract import Contract, Zone
from expectations.contracts.lineage import AS_OF, DELIVERED_ON, SOURCE
from expectations.contracts.quarantine import STAGE, Stage
from expectations.contracts.state import STATE
from jobs.foundation.errors import ConfigError, InputMissing
from jobs.foundation.fault_points import around
from jobs.foundation.files import days_in, delete_file, read_json, write_json
from jobs.lake.maintenance.table_files import Partition, changed_partitions, is_whole, open_table, table_of, tables_of
from jobs.lake.manifests import finished_days, note_path, run_manifest_path, withdrawn_path
from jobs.lake.table_version import is_current
from jobs.lake.tables import LakeTables
from jobs.lake.write_intents import WriteIntent

NOTES = {
    "silver.link": "links",
    **{table.full_name: f"state/{table.name}" for table in STATE},
    "gold.features": "features",
    "gold.peers": "features",
    "gold.scores": "scores",
}
"""The notes of a table's inputs by day. Later days may depend on a day, so their notes are removed too."""


@dataclass(frozen=True)
class TableRestore:
    """The restore of one table.

    Attributes:
        contract: the table.
        now: its newest version.
        to: the version whose rows it gets.
        changed: the partitions whose rows change.
        is_older: whether that version has the columns of an earlier contract.
    """

    contract: Contract
    now: int
    to: int
    changed: tuple[Partition, ...]
    is_older: bool


@dataclass(frozen=True)
class Plan:
    """The effects of a restore.

    Attributes:
        tables: the tables that change.
        withdrawn: finished days that the tables will no longer hold as their runs left them; they must be run again.
        again: for each source and step, the first and last delivery day that the next run repeats.
    """

    tables: tuple[TableRestore, ...]
    withdrawn: tuple[date, ...]
    again: Mapping[tuple[str, str], tuple[date, date]]

    def sentences(self) -> list[str]:
        """The plan as sentences."""
        lines = [
            f"{back.contract.full_name}: version {back.now} to the rows of version {back.to}; "
            f"partitions that change: {len(back.changed)}"
            for back in self.tables
        ]
        lines += [
            f"the next run does the step {step} of {source} again for the deliveries of {first} to {last}"
            for (source, step), (first, last) in self.again.items()
        ]
        lines += [f"the day {day} is no longer finished: run it again" for day in self.withdrawn]
        if any(back.is_older for back in self.tables):
            lines.append("some of these versions have columns of an earlier Steelyard: run `steelyard lake migrate` afterwards")
        return lines


def plan_table(lake: LakeTables, name: str, version: int) -> Plan:
    """Plan to restore one table to a version.

    Raises:
        ConfigError: when there is no such table or version, or the version's files are gone.
    """
    return _plan(lake, [(table_of(lake, name), version)])


def plan_day(lake: LakeTables, day: date, name: str = "") -> Plan:
    """Plan to restore the tables in a finished day's manifest, or one of them, to what the day's run left.

    Raises:
        InputMissing: when the day is not finished.
        ConfigError: when a version's files are gone, or the day's run knew no table of that name.
    """
    days = finished_days(lake.home)
    if day not in days:
        raise InputMissing(
            what=f"{day} is not a finished day",
            where=str(run_manifest_path(lake.home, day)),
            next_step=f"name one of {', '.join(map(str, days))}" if days else "run a day first",
        )
    named = {name: version for name, version in days[day].items() if version is not None}
    if name and table_of(lake, name).full_name not in named:
        raise ConfigError(
            what=f"the run of {day} left no version of {table_of(lake, name).full_name}",
            where=str(run_manifest_path(lake.home, day)),
            next_step=f"name one of {', '.join(named)}, or a version with --version",
        )
    wanted = [table_of(lake, name)] if name else [table for table in tables_of(lake) if table.full_name in named]
    return _plan(lake, [(table, named[table.full_name]) for table in wanted])


def restore(lake: LakeTables, plan: Plan) -> None:
    """Execute a plan. Only the holder of the home's lock may call this; after a crash, plan and restore again."""
    for back in plan.tables:
        _delete_notes(lake, back)
    for (source, step), (first, last) in plan.again.items():
        WriteIntent(lake.home, source, step).mark(first, last)
    for day in plan.withdrawn:
        _withdraw(lake.home, day)
    for back in plan.tables:
        with around(f"restored {back.contract.full_name}"):
            open_table(lake, back.contract).restore(back.to)


def _withdraw(home: Path, day: date) -> None:
    """Move a day's manifest to the withdrawn ones."""
    path = run_manifest_path(home, day)
    manifest = read_json(path)
    write_json(withdrawn_path(home, manifest["run_id"]), manifest)
    delete_file(path)


def _plan(lake: LakeTables, wanted: Iterable[tuple[Contract, int]]) -> Plan:
    found = []
    for contract, version in wanted:
        _check_whole(lake, contract, version)
        now = open_table(lake, contract).version()
        changed = tuple(changed_partitions(lake, contract, now, version))
        then = open_table(lake, contract, version)
        if changed or _columns(open_table(lake, contract)) != _columns(then):
            found.append(TableRestore(contract, now, version, changed, is_older=not is_current(then, contract)))
    return Plan(tuple(found), _withdrawn(lake, found), _again(found))


def _check_whole(lake: LakeTables, contract: Contract, version: int) -> None:
    name = contract.full_name
    if not is_whole(lake, contract, version):
        newest = open_table(lake, contract).version()
        why = f"the newest is {newest}" if version > newest else "what it was made of is gone"
        raise ConfigError(
            what=f"version {version} of {name} cannot be read: {why}",
            where=str(lake.path(contract)),
            next_step=f"name a version that `steelyard lake history {name}` shows as whole, or go back to a backup",
        )


def _withdrawn(lake: LakeTables, tables: Iterable[TableRestore]) -> tuple[date, ...]:
    """The finished days whose gold rows will differ from what their runs left."""
    days = finished_days(lake.home)
    lost: set[date] = set()
    for back in tables:
        if back.contract.zone is not Zone.GOLD:
            continue
        for day in sorted(_days_of(back.changed, AS_OF) & set(days)):
            left = days[day].get(back.contract.full_name)
            # A failed later run may have changed the day; then the old version is what the day's own run left.
            if left is None or not _is_left_as_by(lake, back, left, day):
                lost.add(day)
    return tuple(sorted(lost))


def _is_left_as_by(lake: LakeTables, back: TableRestore, left: int, day: date) -> bool:
    if not is_whole(lake, back.contract, left):
        return day not in _days_of(back.changed, AS_OF)
    return day not in _days_of(changed_partitions(lake, back.contract, left, back.to), AS_OF)


def _again(tables: Iterable[TableRestore]) -> dict[tuple[str, str], tuple[date, date]]:
    """The steps of sources that must be repeated, since their rows will differ from their books."""
    days: dict[tuple[str, str], set[date]] = {}
    for back in tables:
        for part in map(dict, back.changed):
            if DELIVERED_ON in part:
                source = part.get(SOURCE, back.contract.name)
                days.setdefault((source, _step(back.contract, part)), set()).add(part[DELIVERED_ON])
    return {key: (min(found), max(found)) for key, found in sorted(days.items())}


def _step(contract: Contract, part: Mapping[str, object]) -> str:
    if contract.zone is Zone.SILVER:
        return "conform"
    return "gate" if part.get(STAGE) == Stage.GATE.value else "ingest"


def _delete_notes(lake: LakeTables, back: TableRestore) -> None:
    what = NOTES.get(back.contract.full_name)
    days = _days_of(back.changed, AS_OF)
    if what is None or not days:
        return
    for day in days_in(note_path(lake.home, what, min(days)).parent):
        if day >= min(days):
            delete_file(note_path(lake.home, what, day))


def _days_of(parts: Iterable[Partition], column: str) -> set[date]:
    return {dict(part)[column] for part in parts if column in dict(part)}


def _columns(table: DeltaTable) -> str:
    return str(table.schema().to_json())
