"""Counts by month, region and industry. Only rows that changed are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from console.apps.evidence.models import Figure, Measure
from expectations.contracts import complaint, registration, silver
from expectations.contracts.indicators import features_contract
from expectations.contracts.lineage import ENTITY_ID
from jobs.lake.finished_run import FinishedRun

MONTHS = 24
_PLACE = ("region_code", "region_middle", "region_top", "industry_section")
_UNFILED = "unfiled_returns"
_READ = (ENTITY_ID, *_PLACE, registration.ESTABLISHED_ON, registration.CLOSED_ON, "risk_class", "is_listed")
"""Columns of the ranking that the counts need."""
_OF_EVENTS = (Measure.BIRTHS, Measure.DEATHS, Measure.COMPLAINTS)
Row = tuple[Any, ...]
"""Measure, month, the place's columns and the count."""


def compute_monthly_counts(run: FinishedRun, ranking: pd.DataFrame, *, is_newest: bool, is_newest_of_month: bool) -> list[Row]:
    """The counts of a run, from every scored entity with the columns :data:`_READ`.

    Events are counted for all months as known on the day, unless a later day is published. The state is counted for the day's month
    alone, unless a later day of the month is published.
    """
    months = months_until(run.as_of)
    ranking = ranking[[*_READ]].astype(dict.fromkeys(_PLACE, "category"))  # few distinct values for a million entities
    counts: list[Row] = []
    if is_newest:
        counts += _count_events(run, ranking, months)
    if is_newest_of_month:
        counts += _count_state(run, ranking, months[-1])
    return counts


def update_monthly_counts(as_of: date, counts: Iterable[Row], *, is_newest: bool, is_newest_of_month: bool) -> int:
    """Store the counts from :func:`compute_monthly_counts`; return how many changed."""
    stored = Figure.objects.none()
    if is_newest:
        stored |= Figure.objects.filter(measure__in=_OF_EVENTS)
    if is_newest_of_month:
        stored |= Figure.objects.filter(month=months_until(as_of)[-1]).exclude(measure__in=_OF_EVENTS)
    return _store_changed(stored, counts)


def months_until(as_of: date) -> list[date]:
    """The first days of the months that are counted, up to the day's own."""
    last = as_of.year * 12 + as_of.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - MONTHS + 1, last + 1)]


def _count_events(run: FinishedRun, ranking: pd.DataFrame, months: list[date]) -> Iterator[Row]:
    for measure, column in ((Measure.BIRTHS, registration.ESTABLISHED_ON), (Measure.DEATHS, registration.CLOSED_ON)):
        yield from _by_month(measure, ranking.assign(on=ranking[str(column)]), months)
    placed = complaints(run).merge(ranking[[ENTITY_ID, *_PLACE]], on=ENTITY_ID)
    yield from _by_month(Measure.COMPLAINTS, placed, months)


def complaints(run: FinishedRun) -> pd.DataFrame:
    """``entity_id`` and ``on``, the day of receipt, of each complaint known by the day that names an entity or is linked to one."""
    found = run.newest(
        silver.COMPLAINT, (complaint.COMPLAINT_ID, ENTITY_ID, complaint.RECEIVED_ON), complaint.RECEIVED_ON, complaint.COMPLAINT_ID
    )
    links = run.day(silver.LINK, (complaint.COMPLAINT_ID, ENTITY_ID)).to_pandas()
    linked = found[complaint.COMPLAINT_ID].map(dict(zip(links[complaint.COMPLAINT_ID], links[ENTITY_ID], strict=True)))
    named = found[ENTITY_ID].where(found[ENTITY_ID].fillna("") != "")
    return pd.DataFrame({str(ENTITY_ID): named.fillna(linked), "on": found[complaint.RECEIVED_ON]}).dropna()


def _by_month(measure: Measure, frame: pd.DataFrame, months: list[date]) -> Iterator[Row]:
    on = pa.array(frame["on"], pa.date32(), from_pandas=True).to_numpy(zero_copy_only=False)
    month = on.astype("datetime64[M]")
    # Most of a million rows are older: dates are converted for the others only.
    is_within = (month >= np.datetime64(months[0], "M")) & (month <= np.datetime64(months[-1], "M"))
    within = frame[is_within].assign(month=month[is_within].astype("datetime64[D]").astype(object))
    counts = within.groupby(["month", *_PLACE], observed=True).size().reset_index(name="count")
    yield from ((str(measure), *row) for row in counts.itertuples(index=False, name=None))


def _count_state(run: FinishedRun, ranking: pd.DataFrame, month: date) -> Iterator[Row]:
    unfiled = run.day(features_contract(), (ENTITY_ID, _UNFILED)).to_pandas()
    frame = ranking.merge(unfiled, on=ENTITY_ID, how="left")
    which = {
        Measure.ENTITIES: frame["risk_class"] != "",
        Measure.HIGH_RISK: frame["risk_class"] == "D",
        Measure.LISTED: frame["is_listed"],
        Measure.FILERS: frame[_UNFILED].notna(),
        Measure.UNFILED: frame[_UNFILED] > 0,
    }
    counts = frame[[*_PLACE]].assign(**which).groupby(list(_PLACE), observed=True).sum().reset_index()
    for measure in which:
        some = counts.loc[counts[measure] > 0, [*_PLACE, measure]]
        yield from ((str(measure), month, *row) for row in some.itertuples(index=False, name=None))


def _store_changed(stored: Any, counts: Iterable[Row]) -> int:
    names = ("measure", "month", *_PLACE)
    old = {tuple(key): (pk, count) for pk, count, *key in stored.values_list("pk", "count", *names).iterator(chunk_size=5000)}
    new = {tuple(key): count for *key, count in counts}
    outdated = [pk for key, (pk, count) in old.items() if new.get(key) != count]
    changed = [(key, count) for key, count in new.items() if key not in old or old[key][1] != count]
    for at in range(0, len(outdated), 500):
        Figure.objects.filter(pk__in=outdated[at : at + 500]).delete()
    rows = (Figure(count=count, **dict(zip(names, key, strict=True))) for key, count in changed)
    Figure.objects.bulk_create(rows, batch_size=2000)
    return len(changed) + sum(key not in new for key in old)
