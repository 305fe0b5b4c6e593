"""Publish a finished day: its ranking into a database of its own, the evidence by its changes, and then, in one row, the swap.

How long a ranking is kept whole, and what of it stays for good.
"""

from __future__ import annotations

from collections.abc import Iterator
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
from console.apps.ranking.models import Postings, PublishedRun, Ranked, Reason, Tie
from console.apps.ranking.postings import INDEXED, postings
from console.apps.ranking.runs import alias_of
from console.core import clock
from console.core.finished_run import FinishedRun
from console.core.policy import policy_of
from console.publishing.drift import baseline_run, drift, drift_of_indicators
from console.publishing.evidence import update_events, update_links, update_peer_medians, update_trend
from console.publishing.monthly_counts import compute_monthly_counts, update_monthly_counts
from console.publishing.movement import PreviousRun, add_movement, contracts_with_data_gap, previous_positions, source_changes
from console.publishing.publish_lock import publish_lock
from console.publishing.run_database import arrow_table, new_run, run_exists, thin_out
from console.publishing.shared_identifiers import SHARED, shared_identifiers
from expectations.contracts import registration, scoring, silver
from expectations.contracts.indicators import features_contract
from expectations.contracts.lineage import ENTITY_ID


def thin_out_old_runs(ranking_days: int) -> int:
    """Leave of each run that is older than the newest ``ranking_days`` published days, or that another run of its day replaced,
    what was listed and what anybody viewed or decided; give how many runs were thinned out.

    A run is said not to be whole before anything of it goes, and what goes, goes at once: nobody reads a part of a day that is said
    to be whole. One whose thinning out was broken off is thinned out by the next call.
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


_ENTITY = (
    ENTITY_ID, registration.NAME, registration.ADDRESS, registration.STATUS, registration.ENTITY_TYPE,
    registration.ESTABLISHED_ON, registration.CLOSED_ON, registration.INDUSTRY_CODE, silver.INDUSTRY_SECTION,
    registration.REGION_CODE, silver.REGION_MIDDLE, silver.REGION_TOP,
)  # fmt: skip
_SCORES = (
    ENTITY_ID, scoring.RISK_CLASS, scoring.CREDIT_POINTS, scoring.PROBABILITY, scoring.ANOMALY, scoring.MARGIN,
    scoring.PROBABILITY_LOW, scoring.PROBABILITY_HIGH, scoring.HELD_CLASS, scoring.HELD_SOURCE,
)  # fmt: skip
_ORDER = {scoring.LIST_RANK: "ascending", scoring.MARGIN: "descending", ENTITY_ID: "ascending"}
_BETTER = (scoring.BETTER_EN, scoring.BETTER_ZH_HANS, scoring.BETTER_ZH_HANT)
_LISTED = (ENTITY_ID, scoring.LIST_RANK, scoring.REGION_RANK, scoring.CAPACITY_REGION, *_BETTER)
COLUMNS = (
    "position", "entity_id", "name", "address", "status", "entity_type", "established_on", "industry_code", "industry_section",
    "region_code", "region_middle", "region_top", "risk_class", "credit_points", "probability", "anomaly", "margin", "peer_group",
    "is_listed", "region_rank", "capacity_region", "previous_position", "previous_class", "moved_by",
    "probability_low", "probability_high", "held_class", "held_source", "better_en", "better_zh_hans", "better_zh_hant",
)  # fmt: skip
_MODEL = ("kind", "as_of", "visits", "found", "population", "held_out_metrics")
"""Facts of a model that pages ask for; a rule, or a day without a model, has not all."""
_REASON = (
    "reason_rank", "indicator", "contribution", "value", "peer_median", "peer_group", "sentence_en", "sentence_zh_hans",
    "sentence_zh_hant", "basis_en", "basis_zh_hans", "basis_zh_hant", "change_en", "change_zh_hans", "change_zh_hant",
)  # fmt: skip
_MAY_BE_EMPTY = frozenset(name for name in _REASON if name == "peer_group" or name.startswith(("basis_", "change_")))
"""Texts of a reason that it need not have."""


@dataclass(frozen=True)
class Published:
    """What publishing did."""

    run_id: str
    is_new: bool
    entities: int
    listed: int
    deliveries: int = 0
    woken: int = 0


def publish(run: FinishedRun) -> Published:
    """Publish a run; one that is published already changes nothing.

    Raises:
        Busy: when another process publishes.
    """
    with publish_lock():
        return _publish(run)


def _publish(run: FinishedRun) -> Published:
    there = PublishedRun.objects.filter(run_id=run.run_id).first()
    if there is not None and there.is_current and run_exists(run.run_id):
        return Published(run.run_id, False, there.entities, there.listed, woken=_move_cases(there))
    before = previous_positions(run)
    told = source_changes(run, before.run if before else None)
    ranking = rank(run, before, contracts_with_data_gap(told))
    is_newest = not PublishedRun.objects.filter(is_current=True, as_of__gt=run.as_of).exists()
    of_figures = {"is_newest": is_newest, "is_newest_of_month": _is_newest_of_month(run.as_of)}
    against = baseline_run(run.as_of)
    # The database takes in and indexes a million rows without Python, which reckons meanwhile: neither waits for the other.
    with _aside() as aside:
        tied = aside.submit(shared_identifiers, ranking)
        gathered = aside.submit(_postings, run, ranking)
        reckoned = aside.submit(compute_monthly_counts, run, ranking, **of_figures)
        drifted = aside.submit(drift_of_indicators, run, against.as_of) if against else None
        with new_run(run.run_id) as loading:
            entities = loading.load(Ranked, arrow_table(Ranked, {name: ranking[name] for name in COLUMNS}))
            loading.index(Ranked)
            loading.load(Reason, arrow_table(Reason, _reasons(run, ranking)))
            loading.load(Tie, arrow_table(Tie, tied.result()))
            loading.load(Postings, arrow_table(Postings, gathered.result()))
        figures = reckoned.result()
        indicators = drifted.result() if drifted else []
    standing = zip(*(ranking[name].tolist() for name in ("entity_id", "credit_points", "risk_class")), strict=True)
    with transaction.atomic(using="evidence"):
        deliveries = 0
        if is_newest:
            deliveries = update_events(run)
            update_links(run)
            update_peer_medians(run)
        update_monthly_counts(run.as_of, figures, **of_figures)
        update_trend(run.as_of, standing, before.credit() if before else {})
        if not is_newest:
            _update_trend_after(run)
    listed = int(ranking["is_listed"].sum())
    drifted_by = drift(run, against, ranking["credit_points"].tolist(), indicators) if against else {}
    shown = _swap(run, entities, listed, {"sources": told, "drift": drifted_by}, is_newest=is_newest)
    woken = _move_cases(shown)
    thin_out_old_runs(policy_of(run.profile).ranking_days)
    return Published(run.run_id, True, entities, listed, deliveries, woken)


@contextmanager
def _aside() -> Iterator[ThreadPoolExecutor]:
    """A thread to reckon in; of what was not begun nothing is when the block fails, so that the error is told at once."""
    pool = ThreadPoolExecutor(1)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _is_newest_of_month(as_of: date) -> bool:
    shown = PublishedRun.objects.filter(is_current=True, as_of__gt=as_of)
    return not shown.filter(as_of__year=as_of.year, as_of__month=as_of.month).exists()


def rank(run: FinishedRun, before: PreviousRun | None, disturbed: frozenset[str]) -> pd.DataFrame:
    """Every scored entity in order, the columns of :class:`Ranked`.

    The listed come in the list's order; all others after them by margin, the larger first, equal ones by identifier: nobody is
    sent to those, so no secret order is needed.
    """
    ranking = run.day(scoring.SCORES, _SCORES).to_pandas()
    listed = run.day(scoring.RISK_LIST, _LISTED).to_pandas()
    peers = run.day(features_contract(), [ENTITY_ID, scoring.PEER_GROUP]).to_pandas()
    ranking = ranking.merge(known_entities(run), on=ENTITY_ID, how="left").merge(listed, on=ENTITY_ID, how="left")
    ranking = _in_order(ranking.merge(peers, on=ENTITY_ID, how="left"))
    ranking["position"] = np.arange(1, len(ranking) + 1)
    ranking["is_listed"] = ranking[scoring.LIST_RANK].notna()
    ranking = add_movement(ranking, run, before, disturbed)
    # A column at a time: of many at once pandas makes copies of them all.
    texts = [name for name in COLUMNS if name in ranking and ranking[name].dtype == object and name != "established_on"]
    return ranking.assign(**{name: ranking[name].fillna("") for name in texts})


def _in_order(ranking: pd.DataFrame) -> pd.DataFrame:
    """By :data:`_ORDER`, what is missing last. Arrow sorts a million texts in half of the time that pandas takes."""
    keys = pa.table({str(name): pa.array(ranking[name], from_pandas=True) for name in _ORDER})
    order = pc.sort_indices(keys, sort_keys=[(str(name), how) for name, how in _ORDER.items()])
    return ranking.take(order.to_numpy()).set_axis(range(len(ranking)))


def known_entities(run: FinishedRun) -> pd.DataFrame:
    """Each entity as its newest version, known by the end of the day, says; what it may share with others as numbers."""
    return run.newest(silver.ENTITY, _ENTITY, registration.CHANGED_ON, numbered=SHARED)


def _reasons(run: FinishedRun, ranking: pd.DataFrame) -> dict[str, pa.ChunkedArray]:
    """The reasons of those who are ranked, each with the place of whose it is."""
    reasons = run.day(scoring.REASONS, (ENTITY_ID, *_REASON))
    at = pc.index_in(reasons[ENTITY_ID], value_set=pa.array(ranking["entity_id"]))
    is_ranked = at.is_valid()
    told = {name: pc.fill_null(reasons[name], "") if name in _MAY_BE_EMPTY else reasons[name] for name in _REASON}
    columns = {"position": pc.add(at, 1), **told}  # the first of the ranking has the first place
    return {name: values.filter(is_ranked) for name, values in columns.items()}


def _postings(run: FinishedRun, ranking: pd.DataFrame) -> dict[str, list[Any]]:
    found = list(postings({name: ranking[name].tolist() for name in INDEXED}, _places_of_reasons(run, ranking)))
    return {"word": [word for word, _ in found], "places": [places for _, places in found]}


def _places_of_reasons(run: FinishedRun, ranking: pd.DataFrame) -> dict[str, list[int]]:
    """Of each indicator the places of those of whom it is a reason."""
    reasons = run.day(scoring.REASONS, (ENTITY_ID, scoring.INDICATOR)).to_pandas()
    placed = reasons.merge(ranking[[ENTITY_ID, "position"]], on=ENTITY_ID)
    return {str(name): places.tolist() for name, places in placed.groupby(scoring.INDICATOR, sort=True)["position"]}


def _update_trend_after(run: FinishedRun) -> None:
    """The published day after one that came late: its points are others than those of that day, no longer of the day before."""
    after = PublishedRun.objects.filter(is_current=True, as_of__gt=run.as_of).order_by("as_of").first()
    if after is not None and after.is_whole:
        rows = ((name, *standing) for name, standing in _standing_of(after.run_id).items())
        update_trend(after.as_of, rows, _standing_of(run.run_id))


def _standing_of(run_id: str) -> dict[str, tuple[int, str]]:
    rows = Ranked.objects.using(alias_of(run_id)).values_list("entity_id", "credit_points", "risk_class")
    return {name: (points, letter) for name, points, letter in rows.iterator(chunk_size=20_000)}


def _swap(run: FinishedRun, entities: int, listed: int, more: dict[str, Any], *, is_newest: bool) -> PublishedRun:
    """Show the run from now on: a few rows, so that whoever decides just then waits for no more than those."""
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
                "model": {**dict.fromkeys(_MODEL), **model, "stored": run.model_figures()},
                "model_card": run.model_card(),
                **more,
            },
        )
        detail = {"entities": entities, "listed": listed}
        append([event_facts(Kind.PUBLISHED, SYSTEM, run_id=run.run_id, detail=detail)])
    return row


def _move_cases(shown: PublishedRun) -> int:
    """Have cases follow their entities, and wake the deferrals that the day ends; give how many. A batch at a time, so that nobody
    who decides meanwhile waits long; what was broken off is finished when the day is published again.

    A day that is published after a later one says nothing new of where anybody stands: it moves no case.
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
