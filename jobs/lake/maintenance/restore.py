"""Bring tables back to what they were, by a new version that is as the old one was: nothing is deleted by it.

Notes speak of tables: a book of batches says what was taken in, a day's note what its features rest on, a run's manifest what
a day left. What no longer holds of them is taken back, before the tables change, so that the next run does again what is
missing and no reader meets a day that the tables do not hold.
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
from jobs.lake.tables import LakeTables
from jobs.lake.write_intents import WriteIntent

NOTES = {
    "silver.link": "links",
    **{table.full_name: f"state/{table.name}" for table in STATE},
    "gold.features": "features",
    "gold.peers": "features",
    "gold.scores": "scores",
}
"""The notes that say what a day of a table rests on; later days may build on a day, so theirs go with it."""


@dataclass(frozen=True)
class TableRestore:
    """One table's way back.

    Attributes:
        contract: the table.
        now: its newest version.
        to: the version whose rows it is to hold again.
        changed: the partitions whose rows will be others.
    """

    contract: Contract
    now: int
    to: int
    changed: tuple[Partition, ...]


@dataclass(frozen=True)
class Plan:
    """What a restore does.

    Attributes:
        tables: the tables that change.
        withdrawn: finished days that the tables will no longer hold as their runs left them; they are to be run again.
        again: for each source and step, the first and the last delivery day that the next run does again.
    """

    tables: tuple[TableRestore, ...]
    withdrawn: tuple[date, ...]
    again: Mapping[tuple[str, str], tuple[date, date]]

    def told(self) -> list[str]:
        """The plan in sentences, one a line."""
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
        return lines


def plan_table(lake: LakeTables, name: str, version: int) -> Plan:
    """Plan to bring one table back to a version.

    Raises:
        ConfigError: when there is no such table or version, or the version's files are gone.
    """
    return _plan(lake, [(table_of(lake, name), version)])


def plan_day(lake: LakeTables, day: date, name: str = "") -> Plan:
    """Plan to bring every table that a finished day's manifest names, or one of them, back to what the day's run left.

    Raises:
        InputMissing: when the day is not finished.
        ConfigError: when a version's files are gone, or the day's run knew no table of that name.
    """
    days = finished_days(lake.home)
    if day not in days:
        raise InputMissing(
            what=f"{day} is no finished day",
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
    """Do what was planned. Only the home's one writer may call this; after a crash, plan and restore again."""
    for back in plan.tables:
        _forget_notes(lake, back)
    for (source, step), (first, last) in plan.again.items():
        WriteIntent(lake.home, source, step).mark(first, last)
    for day in plan.withdrawn:
        _withdraw(lake.home, day)
    for back in plan.tables:
        with around(f"restored {back.contract.full_name}"):
            open_table(lake, back.contract).restore(back.to)


def _withdraw(home: Path, day: date) -> None:
    """Take a day's manifest out of use; what it said stays on record."""
    path = run_manifest_path(home, day)
    said = read_json(path)
    write_json(withdrawn_path(home, said["run_id"]), said)
    delete_file(path)


def _plan(lake: LakeTables, wanted: Iterable[tuple[Contract, int]]) -> Plan:
    found = []
    for contract, version in wanted:
        _check_whole(lake, contract, version)
        now = open_table(lake, contract).version()
        changed = tuple(changed_partitions(lake, contract, now, version))
        if changed or _columns(open_table(lake, contract)) != _columns(open_table(lake, contract, version)):
            found.append(TableRestore(contract, now, version, changed))
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
    """The finished days whose gold rows will not be those that their runs left."""
    days = finished_days(lake.home)
    lost: set[date] = set()
    for back in tables:
        if back.contract.zone is not Zone.GOLD:
            continue
        for day in sorted(_days_of(back.changed, AS_OF) & set(days)):
            left = days[day].get(back.contract.full_name)
            # A run that died may have changed the day since; then the old version is what the day's own run left.
            if left is None or not _is_left_as_by(lake, back, left, day):
                lost.add(day)
    return tuple(sorted(lost))


def _is_left_as_by(lake: LakeTables, back: TableRestore, left: int, day: date) -> bool:
    if not is_whole(lake, back.contract, left):
        return day not in _days_of(back.changed, AS_OF)
    return day not in _days_of(changed_partitions(lake, back.contract, left, back.to), AS_OF)


def _again(tables: Iterable[TableRestore]) -> dict[tuple[str, str], tuple[date, date]]:
    """Which steps of which sources must be done again, since their rows will be others than their books say."""
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


def _forget_notes(lake: LakeTables, back: TableRestore) -> None:
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
