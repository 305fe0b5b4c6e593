"""Counts by month, region and industry, for those who look at a region rather than at an entity; brought up by what is another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from console.apps.evidence.models import Figure, Measure
from console.core.finished_run import FinishedRun
from expectations.contracts import complaint, registration, silver
from expectations.contracts.indicators import features_contract
from expectations.contracts.lineage import ENTITY_ID

MONTHS = 24
"""Months that are reckoned, the day's own the last."""
_PLACE = ("region_code", "region_middle", "region_top", "industry_section")
_UNFILED = "unfiled_returns"
_READ = (ENTITY_ID, *_PLACE, registration.ESTABLISHED_ON, registration.CLOSED_ON, "risk_class", "is_listed")
"""Columns of the ranking that are reckoned with."""
_OF_EVENTS = (Measure.BIRTHS, Measure.DEATHS, Measure.COMPLAINTS)
Row = tuple[Any, ...]
"""Measure, month, the place's columns and the count."""


def compute_monthly_counts(run: FinishedRun, ranking: pd.DataFrame, *, is_newest: bool, is_newest_of_month: bool) -> list[Row]:
    """The figures that the run tells.

    What happened in a month is reckoned anew for all months, as known on the day; how things stood, for the day's month alone.

    Args:
        run: the run.
        ranking: every scored entity, with its place, class, and days of establishment and closure.
        is_newest: whether no later day is published: else what happened stays as later days told it.
        is_newest_of_month: whether no later day of its month is published.
    """
    months = _months(run.as_of)
    ranking = ranking[[*_READ]].astype(dict.fromkeys(_PLACE, "category"))  # the same few words for a million entities
    told: list[Row] = []
    if is_newest:
        told += _happened(run, ranking, months)
    if is_newest_of_month:
        told += _stood(run, ranking, months[-1])
    return told


def update_monthly_counts(as_of: date, told: Iterable[Row], *, is_newest: bool, is_newest_of_month: bool) -> int:
    """Make the figures those that :func:`compute_monthly_counts` told of a day's run; give how many are others."""
    there = Figure.objects.none()
    if is_newest:
        there |= Figure.objects.filter(measure__in=_OF_EVENTS)
    if is_newest_of_month:
        there |= Figure.objects.filter(month=_months(as_of)[-1]).exclude(measure__in=_OF_EVENTS)
    return _bring_up(there, told)


def _months(as_of: date) -> list[date]:
    last = as_of.year * 12 + as_of.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - MONTHS + 1, last + 1)]


def _happened(run: FinishedRun, ranking: pd.DataFrame, months: list[date]) -> Iterator[Row]:
    for measure, column in ((Measure.BIRTHS, registration.ESTABLISHED_ON), (Measure.DEATHS, registration.CLOSED_ON)):
        yield from _by_month(measure, ranking.assign(on=ranking[str(column)]), months)
    told = complaints(run).merge(ranking[[ENTITY_ID, *_PLACE]], on=ENTITY_ID)
    yield from _by_month(Measure.COMPLAINTS, told, months)


def complaints(run: FinishedRun) -> pd.DataFrame:
    """``entity_id`` and ``on``, the day it came in, of each complaint known by the day that is of an entity, named or linked."""
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
    # Most of a million came before: months are reckoned of the others alone.
    is_within = (month >= np.datetime64(months[0], "M")) & (month <= np.datetime64(months[-1], "M"))
    within = frame[is_within].assign(month=month[is_within].astype("datetime64[D]").astype(object))
    counts = within.groupby(["month", *_PLACE], observed=True).size().reset_index(name="count")
    yield from ((str(measure), *row) for row in counts.itertuples(index=False, name=None))


def _stood(run: FinishedRun, ranking: pd.DataFrame, month: date) -> Iterator[Row]:
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


def _bring_up(there: Any, wanted: Iterable[Row]) -> int:
    names = ("measure", "month", *_PLACE)
    kept = {tuple(key): (pk, count) for pk, count, *key in there.values_list("pk", "count", *names).iterator(chunk_size=5000)}
    new = {key: count for *key_parts, count in wanted for key in [tuple(key_parts)]}
    gone = [pk for key, (pk, count) in kept.items() if new.get(key) != count]
    news = [(key, count) for key, count in new.items() if key not in kept or kept[key][1] != count]
    for at in range(0, len(gone), 500):
        Figure.objects.filter(pk__in=gone[at : at + 500]).delete()
    rest = (Figure(count=count, **dict(zip(names, key, strict=True))) for key, count in news)
    while part := list(islice(rest, 2000)):
        Figure.objects.bulk_create(part)
    return len(news) + sum(key not in new for key in kept)
