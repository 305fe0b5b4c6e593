"""Publish a finished day: load its ranking into a new database, update the evidence, then show the run by changing one row."""

from __future__ import annotations

from collections.abc import Container, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction
from django.db.models import Q

from console.apps.audit import spool
from console.apps.audit.chain import append
from console.apps.audit.events import SYSTEM, event_facts
from console.apps.audit.models import AuditEvent, Kind
from console.apps.ranking.models import Postings, PublishedRun, Ranked, Reason, SharedIdentifier
from console.apps.ranking.postings import INDEXED, postings
from console.apps.ranking.runs import alias_of
from console.core import clock
from console.core.policy import policy_of
from console.publishing.drift import baseline_run, drift, drift_of_indicators
from console.publishing.evidence import update_events, update_links, update_trend
from console.publishing.monthly_counts import compute_monthly_counts, update_monthly_counts
from console.publishing.movement import PreviousRun, add_movement, contracts_with_data_gap, previous_positions, source_changes
from console.publishing.publish_lock import publish_lock
from console.publishing.run_database import arrow_table, new_run, run_exists, thin_out
from console.publishing.shared_identifiers import SHARED, shared_identifiers
from expectations.contracts import registration, scoring, silver
from expectations.contracts.contract import Contract
from expectations.contracts.indicators import features_contract
from expectations.contracts.lineage import ENTITY_ID
from jobs.lake.finished_run import FinishedRun

_ORDER = {scoring.LIST_RANK: "ascending", scoring.MARGIN: "descending", ENTITY_ID: "ascending"}
COLUMNS = tuple(str(field.name) for field in Ranked._meta.concrete_fields)
"""What is published of each entity. ``rank`` reads those that a table has from that table."""
_MODEL = ("kind", "as_of", "visits", "found", "population", "held_out_orders", "base_rate")
"""Facts of a model that pages need. A rule, or a day without a model, lacks some."""
_REASON = tuple(str(field.name) for field in Reason._meta.concrete_fields if field.name not in {"id", "position"})
_MAY_BE_EMPTY = frozenset({"peer_group", "rests_on"})
"""Texts that a reason may lack."""


@dataclass(frozen=True)
class Published:
    """The result of publishing."""

    run_id: str
    is_new: bool
    entities: int
    listed: int
    deliveries: int = 0
    woken: int = 0


def publish(run: FinishedRun) -> Published:
    """Publish a run; a run that is published already stays as it is.

    Raises:
        Busy: if another process is publishing.
    """
    with publish_lock():
        return _publish(run)


def _publish(run: FinishedRun) -> Published:
    published = PublishedRun.objects.filter(run_id=run.run_id).first()
    if published is not None and published.is_current and run_exists(run.run_id):
        return Published(run.run_id, False, published.entities, published.listed, woken=_move_cases(published))
    before = previous_positions(run)
    sources = source_changes(run, before.run if before else None)
    ranking = rank(run, before, contracts_with_data_gap(sources))
    is_newest = not PublishedRun.objects.filter(is_current=True, as_of__gt=run.as_of).exists()
    which_months = {"is_newest": is_newest, "is_newest_of_month": _is_newest_of_month(run.as_of)}
    baseline = baseline_run(run.as_of)
    # The database loads and indexes a million rows outside Python, which computes at the same time.
    with _background() as background:
        shared = background.submit(shared_identifiers, ranking)
        index = background.submit(_postings, run, ranking)
        counts = background.submit(compute_monthly_counts, run, ranking, **which_months)
        indicator_drift = background.submit(drift_of_indicators, run, baseline.as_of) if baseline else None
        with new_run(run.run_id) as loading:
            entities = loading.load(Ranked, arrow_table(Ranked, {name: ranking[name] for name in COLUMNS}))
            loading.index(Ranked)
            loading.load(Reason, arrow_table(Reason, _reasons(run, ranking)))
            loading.load(SharedIdentifier, arrow_table(SharedIdentifier, shared.result()))
            loading.load(Postings, arrow_table(Postings, index.result()))
        monthly_counts = counts.result()
        indicators = indicator_drift.result() if indicator_drift else []
    credit = zip(*(ranking[name].tolist() for name in ("entity_id", "credit_points", "risk_class")), strict=True)
    with transaction.atomic(using="evidence"):
        deliveries = 0
        if is_newest:
            deliveries = update_events(run)
            update_links(run)
        update_monthly_counts(run.as_of, monthly_counts, **which_months)
        update_trend(run.as_of, credit, before.credit() if before else {})
        if not is_newest:
            _update_trend_after(run)
    listed = int(ranking["is_listed"].sum())
    drifted = drift(run, baseline, ranking["credit_points"].tolist(), indicators) if baseline else {}
    shown = _swap(run, entities, listed, {"sources": sources, "drift": drifted}, is_newest=is_newest)
    woken = _move_cases(shown)
    thin_out_old_runs(policy_of(run.profile).keep.ranking_days)
    return Published(run.run_id, True, entities, listed, deliveries, woken)


@contextmanager
def _background() -> Iterator[ThreadPoolExecutor]:
    """A thread for computations. If the block fails, those that have not begun are cancelled, so that the error shows at once."""
    pool = ThreadPoolExecutor(1)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _is_newest_of_month(as_of: date) -> bool:
    shown = PublishedRun.objects.filter(is_current=True, as_of__gt=as_of)
    return not shown.filter(as_of__year=as_of.year, as_of__month=as_of.month).exists()


def rank(run: FinishedRun, before: PreviousRun | None, with_gap: frozenset[str]) -> pd.DataFrame:
    """Every scored entity in order, with the columns of :class:`Ranked`.

    First the listed in the list's order; then all others by descending margin, ties by identifier. Nobody visits the others, so
    their ties need no secret order.
    """
    ranking = run.day(scoring.SCORES, _published_columns(scoring.SCORES)).to_pandas()
    ranking = ranking.merge(known_entities(run), on=ENTITY_ID, how="left")
    for contract, more in ((scoring.RISK_LIST, (scoring.LIST_RANK,)), (features_contract(), ())):
        columns = [*_published_columns(contract, but=ranking.columns), *more]
        ranking = ranking.merge(run.day(contract, columns).to_pandas(), on=ENTITY_ID, how="left")
    ranking = _in_order(ranking)
    ranking["position"] = np.arange(1, len(ranking) + 1)
    ranking["is_listed"] = ranking[scoring.LIST_RANK].notna()
    ranking = add_movement(ranking, run, before, with_gap)
    # One column at a time: pandas would copy all of them.
    texts = [name for name in COLUMNS if name in ranking and ranking[name].dtype == object and name != "established_on"]
    return ranking.assign(**{name: ranking[name].fillna("") for name in texts})


def _in_order(ranking: pd.DataFrame) -> pd.DataFrame:
    """The rows by :data:`_ORDER`, missing values last. Arrow sorts a million texts in half of pandas' time."""
    keys = pa.table({str(name): pa.array(ranking[name], from_pandas=True) for name in _ORDER})
    order = pc.sort_indices(keys, sort_keys=[(str(name), how) for name, how in _ORDER.items()])
    return ranking.take(order.to_numpy()).set_axis(range(len(ranking)))


def known_entities(run: FinishedRun) -> pd.DataFrame:
    """Each entity in its newest version known by the end of the day, with shared identifiers as numbers."""
    columns = (*_published_columns(silver.ENTITY), registration.CLOSED_ON)
    return run.newest(silver.ENTITY, columns, registration.CHANGED_ON, numbered=SHARED)


def _published_columns(contract: Contract, but: Container[str] = ()) -> list[str]:
    """The entity's identifier, and the contract's columns that are published, without those of ``but``."""
    return [ENTITY_ID, *(name for name in contract.columns if name in COLUMNS and name != ENTITY_ID and name not in but)]


def _reasons(run: FinishedRun, ranking: pd.DataFrame) -> dict[str, pa.ChunkedArray]:
    """The reasons of ranked entities, each with the place of its entity."""
    reasons = run.day(scoring.REASONS, (ENTITY_ID, *_REASON))
    at = pc.index_in(reasons[ENTITY_ID], value_set=pa.array(ranking["entity_id"]))
    is_ranked = at.is_valid()
    values = {name: pc.fill_null(reasons[name], "") if name in _MAY_BE_EMPTY else reasons[name] for name in _REASON}
    columns = {"position": pc.add(at, 1), **values}  # places count from 1
    return {name: column.filter(is_ranked) for name, column in columns.items()}


def _postings(run: FinishedRun, ranking: pd.DataFrame) -> dict[str, list[Any]]:
    found = list(postings({name: ranking[name].tolist() for name in INDEXED}, _places_of_reasons(run, ranking)))
    return {"word": [word for word, _ in found], "places": [places for _, places in found]}


def _places_of_reasons(run: FinishedRun, ranking: pd.DataFrame) -> dict[str, list[int]]:
    """By indicator, the places of the entities that have it as a reason."""
    reasons = run.day(scoring.REASONS, (ENTITY_ID, scoring.INDICATOR)).to_pandas()
    placed = reasons.merge(ranking[[ENTITY_ID, "position"]], on=ENTITY_ID)
    return {str(name): places.tolist() for name, places in placed.groupby(scoring.INDICATOR, sort=True)["position"]}


def _update_trend_after(run: FinishedRun) -> None:
    """Update the trend of the next published day, if this day is published late: it must now differ from this day."""
    after = PublishedRun.objects.filter(is_current=True, as_of__gt=run.as_of).order_by("as_of").first()
    if after is not None and after.is_whole:
        rows = ((name, *credit) for name, credit in _credit_of(after.run_id).items())
        update_trend(after.as_of, rows, _credit_of(run.run_id))


def _credit_of(run_id: str) -> dict[str, tuple[int, str]]:
    rows = Ranked.objects.using(alias_of(run_id)).values_list("entity_id", "credit_points", "risk_class")
    return {name: (points, letter) for name, points, letter in rows.iterator(chunk_size=20_000)}


def _swap(run: FinishedRun, entities: int, listed: int, more: dict[str, Any], *, is_newest: bool) -> PublishedRun:
    """Show the run from now on. Only a few rows change, so that a user who decides just then hardly waits."""
    manifest = run.manifest
    model = manifest.get("model") or {}
    with transaction.atomic():
        PublishedRun.objects.filter(as_of=run.as_of, is_current=True).update(is_current=False)
        row, _ = PublishedRun.objects.update_or_create(
            run_id=run.run_id,
            defaults={
                "as_of": run.as_of,
                "is_current": True,
                "is_whole": True,
                "is_thinning": False,
                "moves_cases": is_newest,
                "published_at": clock.now(),
                "model_id": str(manifest.get("model_id") or ""),
                "entities": entities,
                "listed": listed,
                "profile": run.profile,
                "model": {**dict.fromkeys(_MODEL), **model, "class_bounds": manifest.get("class_bounds")},
                "model_card": run.model_card(),
                **more,
            },
        )
        detail = {"entities": entities, "listed": listed}
        append([event_facts(Kind.PUBLISHED, SYSTEM, run_id=run.run_id, detail=detail)])
    return row


def _move_cases(shown: PublishedRun) -> int:
    """Move cases to their entities' regions and end the deferrals that the day ends; return how many deferrals.

    It works in batches, so that a user who decides meanwhile does not wait long. Publishing the day again resumes an interrupted
    one. A day that is published after a later day moves no case.
    """
    from console.apps.decisions.wake import end_deferrals
    from console.publishing.case_regions import move_cases_to_new_regions

    if not shown.moves_cases:
        return 0
    woken = 0
    if not PublishedRun.objects.filter(is_current=True, as_of__gt=shown.as_of).exists():
        move_cases_to_new_regions(shown)
        woken = end_deferrals(shown)
    PublishedRun.objects.filter(pk=shown.pk).update(moves_cases=False)
    return woken


def thin_out_old_runs(ranking_days: int) -> int:
    """Thin out the runs that are older than the newest ``ranking_days`` published days or replaced by another run of their day.

    The listed entities, and those that anybody viewed or decided about, stay. A run is marked as not whole before rows are deleted,
    and they are deleted together: nobody reads a part of a day that is marked as whole. The next call resumes an interrupted one.

    Returns:
        The number of runs thinned out.
    """
    shown = PublishedRun.objects.filter(is_current=True).order_by("-as_of")
    newest = set(shown.values_list("run_id", flat=True)[:ranking_days])
    unfinished = PublishedRun.objects.filter(Q(is_whole=True) | Q(is_thinning=True))
    old = [run for run in unfinished if run.is_thinning or run.run_id not in newest]
    if old:
        spool.flush()
    for run in old:
        PublishedRun.objects.filter(pk=run.pk).update(is_whole=False, is_thinning=True)
        touched = AuditEvent.objects.filter(run_id=run.run_id).exclude(entity_id="").values_list("entity_id", flat=True)
        thin_out(run.run_id, touched.distinct())
        PublishedRun.objects.filter(pk=run.pk).update(is_thinning=False)
    return len(old)
