"""Update the evidence to a run by its changes: new or corrected deliveries, and changed links and points."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date
from itertools import groupby, islice
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.dataset as ds
from django.db import connections, models

from console.apps.evidence.models import Event, Kind, Link, Partition, TrendPoint
from expectations.contracts import complaint, inspection, registration, silver, tax_filing
from expectations.contracts.contract import Contract
from expectations.contracts.lineage import (
    DELIVERED_ON,
    ENTITY_ID,
    IS_ABSENT,
    KNOWN_AT,
    SOURCE,
    SOURCE_FILE,
    SOURCE_ROW,
)
from jobs.lake.finished_run import FinishedRun

_R, _T, _C, _I = registration, tax_filing, complaint, inspection
TABLES: dict[Kind, tuple[Contract, tuple[str, ...]]] = {
    Kind.REGISTRATION: (silver.ENTITY, (_R.CHANGED_ON, _R.CHANGE_TYPE, _R.STATUS)),
    Kind.FILING: (silver.FILING, (_T.FILED_ON, _T.DUE_ON, _T.TAX_TYPE, _T.PERIOD_START, _T.PERIOD_END, _T.ARREARS_MINOR)),
    Kind.COMPLAINT: (silver.COMPLAINT, (_C.COMPLAINT_ID, _C.RECEIVED_ON, _C.CATEGORY, _C.SEVERITY, _C.OUTCOME, _C.RESOLVED_ON)),
    Kind.INSPECTION: (
        silver.INSPECTION,
        (
            _I.INSPECTION_ID, _I.INSPECTED_ON, _I.PLANNED_ON, _I.SELECTED_BY, _I.VISIT_STATUS, _I.ITEMS_CHECKED, _I.BREACHES,
            _I.SEVERITY, _I.FOUND_VIOLATION,
        ),
    ),
}  # fmt: skip
"""The columns of each silver table that an event stores. None of them is personal."""
_LINEAGE = (ENTITY_ID, SOURCE, DELIVERED_ON, KNOWN_AT, SOURCE_FILE, SOURCE_ROW, IS_ABSENT)
_BATCH = 2000
M = TypeVar("M", bound=models.Model)


def update_events(run: FinishedRun) -> int:
    """Load the deliveries of the run's tables that are new or changed, and drop those that are gone; return their number.

    Each table is read once, in batches, whatever the number of deliveries.
    """
    total = 0
    for kind, (contract, columns) in TABLES.items():
        new = _partitions(run, contract)
        stored = {(part.source, part.delivered_on): part.files for part in Partition.objects.filter(kind=kind)}
        changed = {place for place in {*new, *stored} if new.get(place) != stored.get(place)}
        for source, delivered_on in sorted(changed & stored.keys()):
            Event.objects.filter(kind=kind, source=source, delivered_on=delivered_on).delete()
            Partition.objects.filter(kind=kind, source=source, delivered_on=delivered_on).delete()
        to_load = changed & new.keys()
        if to_load:
            days = ds.field(DELIVERED_ON).isin(sorted({day for _, day in to_load}))
            rows = run.batches(contract, [*dict.fromkeys((*_LINEAGE, *columns))], where=days)
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
    _delete(Link.objects.all(), "complaint_id", [name for name in changed if name in stored])
    _insert(Link, (Link(name, *new[name]) for name in changed if name in new))
    return len(changed)


def update_trend(as_of: date, credit: Iterable[tuple[str, int, str]], before: dict[str, tuple[int, str]]) -> int:
    """Store the points of a day that differ from those of the previous published day; return how many.

    Args:
        as_of: the day.
        credit: entity, credit points and class on that day.
        before: points and class on the previous published day, by entity.
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


def _event(kind: Kind, row: dict[str, Any]) -> tuple[Any, ...]:
    """A record as a row of the table, in the order of :data:`_EVENT`. Times are UTC in a form that sorts as text in SQLite."""
    record, happened_on, facts = _READERS[kind](row)
    values = {
        str(name): value.isoformat() if isinstance(value, date) else value for name, value in facts.items() if value is not None
    }
    return (
        str(kind),
        row[SOURCE],
        row[DELIVERED_ON].isoformat(),
        row[ENTITY_ID] or "",
        record,
        happened_on.isoformat() if happened_on else None,
        row[KNOWN_AT].astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
        row[SOURCE_FILE],
        row[SOURCE_ROW],
        row[IS_ABSENT],
        json.dumps(values, ensure_ascii=False),
    )


def _facts(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _registration(row: dict[str, Any]) -> tuple[str, date | None, dict[str, Any]]:
    # Each version in a register is an event of its own, not a correction of another version.
    record = f"{row[ENTITY_ID]}/{row[_R.CHANGED_ON]}/{row[_R.CHANGE_TYPE]}"
    return record, row[_R.CHANGED_ON], _facts(row, _R.CHANGE_TYPE, _R.STATUS)


def _filing(row: dict[str, Any]) -> tuple[str, date | None, dict[str, Any]]:
    record = f"{row[ENTITY_ID]}/{row[_T.TAX_TYPE]}/{row[_T.PERIOD_START]}"
    on = row[_T.FILED_ON] or row[_T.DUE_ON] or row[_T.PERIOD_END]
    return record, on, _facts(row, _T.TAX_TYPE, _T.PERIOD_START, _T.PERIOD_END, _T.DUE_ON, _T.FILED_ON, _T.ARREARS_MINOR)


def _complaint(row: dict[str, Any]) -> tuple[str, date | None, dict[str, Any]]:
    return row[_C.COMPLAINT_ID], row[_C.RECEIVED_ON], _facts(row, _C.CATEGORY, _C.SEVERITY, _C.OUTCOME, _C.RESOLVED_ON)


def _inspection(row: dict[str, Any]) -> tuple[str, date | None, dict[str, Any]]:
    on = row[_I.INSPECTED_ON] or row[_I.PLANNED_ON]
    names = (_I.SELECTED_BY, _I.VISIT_STATUS, _I.ITEMS_CHECKED, _I.BREACHES, _I.SEVERITY, _I.FOUND_VIOLATION)
    return row[_I.INSPECTION_ID], on, _facts(row, *names)


_READERS = {
    Kind.REGISTRATION: _registration,
    Kind.FILING: _filing,
    Kind.COMPLAINT: _complaint,
    Kind.INSPECTION: _inspection,
}


def _dicts(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=20_000):
        yield from batch.to_pylist()


def _insert(model: type[M], rows: Iterable[M]) -> None:
    rest = iter(rows)
    while part := list(islice(rest, _BATCH)):
        model._default_manager.bulk_create(part)


def _delete(rows: Any, field: str, values: list[str]) -> None:
    for at in range(0, len(values), 500):
        rows.filter(**{f"{field}__in": values[at : at + 500]}).delete()
