"""Update the evidence to a run by its changes: new or corrected deliveries, and changed links and points."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from itertools import groupby, islice
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.dataset as ds
from django.db import connections, models

from console.apps.evidence.models import Event, Link, Partition, TrendPoint
from expectations.contracts import complaint, inspection, registration, silver, tax_filing
from expectations.contracts.contract import Contract, Sensitivity
from expectations.contracts.lineage import DELIVERED_ON, ENTITY_ID, IS_ABSENT, KNOWN_AT, LINEAGE, SOURCE, SOURCE_FILE, SOURCE_ROW
from expectations.contracts.registry import SILVER
from jobs.lake.finished_run import FinishedRun

_LINEAGE = (ENTITY_ID, SOURCE, DELIVERED_ON, KNOWN_AT, SOURCE_FILE, SOURCE_ROW, IS_ABSENT)
_BATCH = 2000
M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class EventTable:
    """A silver table and its columns that an event stores. None of them is personal.

    Attributes:
        record: the columns that identify a record: a later row with the same values is a new version of it.
        happened_on: the columns of the event's date; the first known value counts.
        facts: the columns that the page shows.
    """

    contract: Contract
    record: tuple[str, ...]
    happened_on: tuple[str, ...]
    facts: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """All columns that are read."""
        return list(dict.fromkeys((*_LINEAGE, *self.record, *self.happened_on, *self.facts)))


def event_table(table: Contract) -> EventTable:
    """The events of a table: of :data:`_CHOSEN` where it has them, else by the contract's key, event date and columns."""
    shown = (column for column in table.columns if column not in (ENTITY_ID, *LINEAGE))
    derived: dict[str, tuple[str, ...]] = {
        "record": table.key,
        "happened_on": (table.event_on,) if table.event_on else (),
        "facts": tuple(column for column in shown if column.sensitivity is not Sensitivity.PERSONAL),
    }
    return EventTable(table, **derived | _CHOSEN.get(table.name, {}))


_R, _T, _C, _I = registration, tax_filing, complaint, inspection
_CHOSEN: dict[str, dict[str, tuple[str, ...]]] = {
    # Each version in a register is an event of its own, not a correction of another version.
    silver.ENTITY.name: {"record": (ENTITY_ID, _R.CHANGED_ON, _R.CHANGE_TYPE), "facts": (_R.CHANGE_TYPE, _R.STATUS)},
    silver.FILING.name: {
        "happened_on": (_T.FILED_ON, _T.DUE_ON, _T.PERIOD_END),
        "facts": (_T.TAX_TYPE, _T.PERIOD_START, _T.PERIOD_END, _T.DUE_ON, _T.FILED_ON, _T.ARREARS_MINOR),
    },
    silver.COMPLAINT.name: {"facts": (_C.CATEGORY, _C.SEVERITY, _C.OUTCOME, _C.RESOLVED_ON)},
    silver.INSPECTION.name: {
        "happened_on": (_I.INSPECTED_ON, _I.PLANNED_ON),
        "facts": (_I.SELECTED_BY, _I.VISIT_STATUS, _I.ITEMS_CHECKED, _I.BREACHES, _I.SEVERITY, _I.FOUND_VIOLATION),
    },
}
"""What the events of a table store, by its name, where its contract does not say it."""
TABLES = {table.name: event_table(table) for table in SILVER.values() if ENTITY_ID in table.columns}
"""The tables whose records are events of an entity, by name: the kinds of events."""


def update_events(run: FinishedRun) -> int:
    """Load the deliveries of the run's tables that are new or changed, and drop those that are gone; return their number.

    Each table is read once, in batches, whatever the number of deliveries.
    """
    total = 0
    for kind, table in TABLES.items():
        new = _partitions(run, table.contract)
        stored = {(part.source, part.delivered_on): part.files for part in Partition.objects.filter(kind=kind)}
        changed = {place for place in {*new, *stored} if new.get(place) != stored.get(place)}
        for source, delivered_on in sorted(changed & stored.keys()):
            Event.objects.filter(kind=kind, source=source, delivered_on=delivered_on).delete()
            Partition.objects.filter(kind=kind, source=source, delivered_on=delivered_on).delete()
        to_load = changed & new.keys()
        if to_load:
            days = ds.field(DELIVERED_ON).isin(sorted({day for _, day in to_load}))
            rows = run.batches(table.contract, table.columns, where=days)
            _load(Event, _EVENT, (_event(kind, row) for row in rows if (row[SOURCE], row[DELIVERED_ON]) in to_load))
            Partition.objects.bulk_create(
                [Partition(kind=kind, source=source, delivered_on=day, files=new[source, day]) for source, day in sorted(to_load)]
            )
        total += len(changed)
    return total


def _load(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows without model objects: a country has millions of tax returns."""
    connection = connections["evidence"]
    table, names = model._meta.db_table, ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        sql = f"INSERT INTO {table} ({names}) VALUES ({', '.join(['%s'] * len(columns))})"
        rest = iter(rows)
        while part := list(islice(rest, 10_000)):
            cursor.executemany(sql, part)


def update_links(run: FinishedRun) -> int:
    """Replace the links by those of the run's day; return how many changed."""
    columns = [complaint.COMPLAINT_ID, ENTITY_ID, silver.LINK_CONFIDENCE, silver.LINK_METHOD]
    new = {row[columns[0]]: tuple(row[name] for name in columns[1:]) for row in _dicts(run.day(silver.LINK, columns))}
    stored = {link.complaint_id: (link.entity_id, link.confidence, link.method) for link in Link.objects.iterator()}
    changed = [name for name in {*new, *stored} if new.get(name) != stored.get(name)]
    outdated = [name for name in changed if name in stored]
    for at in range(0, len(outdated), 500):
        Link.objects.filter(complaint_id__in=outdated[at : at + 500]).delete()
    _insert(Link, (Link(name, *new[name]) for name in changed if name in new))
    return len(changed)


def update_trend(as_of: date, credit: Iterable[tuple[str, int, str]], before: dict[str, tuple[int, str]]) -> int:
    """Store the points of a day that differ from those of the previous published day; return how many.

    ``credit`` has entity, points and class on that day, ``before`` points and class on the previous one, by entity.
    """
    TrendPoint.objects.filter(as_of=as_of).delete()
    changed = [row for row in credit if before.get(row[0]) != row[1:]]
    columns = ("entity_id", "as_of", "credit_points", "risk_class")
    _load(TrendPoint, columns, ((name, as_of.isoformat(), points, letter) for name, points, letter in changed))
    return len(changed)


def _partitions(run: FinishedRun, contract: Contract) -> dict[tuple[str, date], str]:
    """The deliveries of a table, each with a hash of the names of its files."""
    table = run.table(contract)
    if table is None:
        return {}
    actions = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    places = sorted((str(row[f"partition.{SOURCE}"]), row[f"partition.{DELIVERED_ON}"], row["path"]) for row in actions)
    return {
        place: hashlib.sha256("\n".join(row[2] for row in rows).encode()).hexdigest()
        for place, rows in groupby(places, key=lambda row: row[:2])
    }


_EVENT = (
    "kind", "source", "delivered_on", "entity_id", "record", "happened_on", "known_at", "source_file", "source_row", "is_absent",
    "facts",
)  # fmt: skip


def _event(kind: str, row: dict[str, Any]) -> tuple[Any, ...]:
    """A record as a row of the table, in the order of :data:`_EVENT`. Times are UTC in a form that sorts as text in SQLite."""
    table = TABLES[kind]
    happened_on = next((row[name] for name in table.happened_on if row[name]), None)
    facts = {str(name): row[name] for name in table.facts if row[name] is not None}
    return (
        kind,
        row[SOURCE],
        row[DELIVERED_ON].isoformat(),
        row[ENTITY_ID] or "",
        "/".join(str(row[name]) for name in table.record),
        happened_on.isoformat() if happened_on else None,
        row[KNOWN_AT].astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
        row[SOURCE_FILE],
        row[SOURCE_ROW],
        row[IS_ABSENT],
        json.dumps(facts, ensure_ascii=False, default=str),
    )


def _dicts(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=20_000):
        yield from batch.to_pylist()


def _insert(model: type[M], rows: Iterable[M]) -> None:
    rest = iter(rows)
    while part := list(islice(rest, _BATCH)):
        model._default_manager.bulk_create(part)
