"""Bring the evidence up to a run by what changed: deliveries that are new or mended, links, medians and points that are others."""

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

from console.apps.evidence.models import Event, Kind, Link, Partition, PeerMedian, TrendPoint
from console.core.finished_run import FinishedRun
from expectations.contracts import complaint, inspection, registration, scoring, silver, tax_filing
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
"""What of each silver table an event holds; no column among them tells of a person."""
_LINEAGE = (ENTITY_ID, SOURCE, DELIVERED_ON, KNOWN_AT, SOURCE_FILE, SOURCE_ROW, IS_ABSENT)
_BATCH = 2000
M = TypeVar("M", bound=models.Model)


def update_events(run: FinishedRun) -> int:
    """Take in the deliveries that the run's tables have and the evidence has not, or has otherwise; give how many.

    Each table is read once, in parts, whatever the number of deliveries.
    """
    changed = 0
    for kind, (contract, columns) in TABLES.items():
        there = _partitions(run, contract)
        known = {(part.source, part.delivered_on): part.files for part in Partition.objects.filter(kind=kind)}
        others = {place for place in {*there, *known} if there.get(place) != known.get(place)}
        for source, delivered_on in sorted(others & known.keys()):
            Event.objects.filter(kind=kind, source=source, delivered_on=delivered_on).delete()
            Partition.objects.filter(kind=kind, source=source, delivered_on=delivered_on).delete()
        news = sorted(others & there.keys())
        if news:
            days = ds.field(DELIVERED_ON).isin(sorted({day for _, day in news}))
            batches = run.batches(contract, [*dict.fromkeys((*_LINEAGE, *columns))], where=days)
            wanted = set(news)
            _load(Event, _EVENT, (_event(kind, row) for row in batches if (row[SOURCE], row[DELIVERED_ON]) in wanted))
            Partition.objects.bulk_create(
                [Partition(kind=kind, source=source, delivered_on=day, files=there[source, day]) for source, day in news]
            )
        changed += len(others)
    return changed


def _load(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows straight into a table: of a country's returns there are millions, too many for objects."""
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
    """Make the links those of the run's day; give how many are others."""
    columns = [complaint.COMPLAINT_ID, ENTITY_ID, silver.LINK_CONFIDENCE, silver.LINK_METHOD]
    wanted = {row[columns[0]]: tuple(row[name] for name in columns[1:]) for row in _dicts(run.day(silver.LINK, columns))}
    there = {link.complaint_id: (link.entity_id, link.confidence, link.method) for link in Link.objects.iterator()}
    others = [name for name in {*wanted, *there} if wanted.get(name) != there.get(name)]
    _delete(Link.objects.all(), "complaint_id", [name for name in others if name in there])
    _insert(Link, (Link(name, *wanted[name]) for name in others if name in wanted))
    return len(others)


def update_peer_medians(run: FinishedRun) -> int:
    """Note the medians that are others than those that held before the day, and end those; give how many are new.

    Of what was noted before only what holds is read, as many rows as the day has, whatever the number of days. The run is of the
    newest day. One that is published anew, or mended, begins from what held before it.
    """
    PeerMedian.objects.filter(as_of=run.as_of).delete()
    PeerMedian.objects.filter(until=run.as_of).update(until=None)
    names = ("peer_group", "indicator", "peer_count", "peer_median")
    held = {
        (group, indicator): (pk, values)
        for pk, group, indicator, *values in PeerMedian.objects.filter(until=None).values_list("pk", *names).iterator(20_000)
    }
    wanted = {(row[names[0]], row[names[1]]): [row[names[2]], row[names[3]]] for row in _dicts(run.day(scoring.PEERS, names))}
    ended = [pk for key, (pk, values) in held.items() if wanted.get(key) != values]
    for at in range(0, len(ended), 500):
        PeerMedian.objects.filter(pk__in=ended[at : at + 500]).update(until=run.as_of)
    news = [(*key, *values) for key, values in wanted.items() if key not in held or held[key][1] != values]
    _insert(PeerMedian, (PeerMedian(as_of=run.as_of, **dict(zip(names, row, strict=True))) for row in news))
    return len(news)


def update_trend(as_of: date, standing: Iterable[tuple[str, int, str]], before: dict[str, tuple[int, str]]) -> int:
    """Note the points of a day that are others than those before it; give how many.

    Args:
        as_of: the day.
        standing: entity, credit points and class on that day.
        before: points and class on the published day before, by entity.
    """
    TrendPoint.objects.filter(as_of=as_of).delete()
    news = [row for row in standing if before.get(row[0]) != row[1:]]
    columns = ("entity_id", "as_of", "credit_points", "risk_class")
    _load(TrendPoint, columns, ((name, as_of.isoformat(), points, letter) for name, points, letter in news))
    return len(news)


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
    """A record as a row of the table, in the order of the columns above. Instants are UTC, as SQLite's texts sort them."""
    record, happened_on, facts = _READERS[kind](row)
    said = {
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
        json.dumps(said, ensure_ascii=False),
    )


def _facts(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _registration(row: dict[str, Any]) -> tuple[str, date | None, dict[str, Any]]:
    # A register's versions are changes, each an event of its own, not corrections of one another.
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
