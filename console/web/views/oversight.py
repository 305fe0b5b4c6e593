"""Oversight: the audit for auditors; the state of the data and the model for all readers of the list."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from itertools import islice

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from console.apps.accounts.roles import READS_AUDIT, READS_LIST
from console.apps.audit import spool
from console.apps.audit.chain import find_breaks, head_at, read_head, record_event
from console.apps.audit.chain_export import chain_lines
from console.apps.audit.models import AuditEvent, Kind
from console.apps.ranking.current_policy import current_policy
from console.apps.ranking.models import PublishedRun
from console.apps.ranking.runs import current_run
from console.core.spreadsheets import csv_lines
from console.web.access import for_roles, note_view
from console.web.downloads import explain_no_file, file_response, record_export
from jobs.texts.model_card import card_markdown, parse_card, stored_sections
from jobs.texts.names import indicator_name

METRICS = ("auc", "average_precision", "precision", "recall", "lift", "brier")
MAX_INDICATORS = 15
SMALL_SHIFT, LARGE_SHIFT = 0.1, 0.25
"""Bounds of the population stability index: below the first there is no shift, from the second on a large one."""
ROWS = 100
MAX_VERIFIED = 50_000
"""Events that the page verifies, in some seconds; ``steelyard audit verify`` verifies all."""
MAX_BREAKS = 20
COLUMNS = (
    "number", "at", "kind", "actor", "role", "entity_id", "region_code", "run_id", "batch", "detail", "previous_hash", "hash",
)  # fmt: skip


@for_roles(READS_AUDIT)
def audit(request: HttpRequest) -> HttpResponse:
    """Events, the newest first, by person, entity, kind and date."""
    spool.flush(wait=False)
    filters, events = _filtered_events(request)
    before = request.GET.get("before", "")
    page = events.filter(number__lt=int(before)) if before.isdecimal() and len(before) < 18 else events
    rows = list(page.order_by("-number")[: ROWS + 1])
    for row in rows:
        row.details = json.loads(row.detail)
    has_more, rows = len(rows) > ROWS, rows[:ROWS]
    query = {name: value for name, value in filters.items() if value}
    note_view(request, "audit", filters=query)
    context = {
        "rows": rows,
        "asked": filters,
        "kinds": [*Kind],
        "head": read_head(),
        "query": query,
        "before": rows[-1].number if has_more else 0,
    }
    return render(request, "audit.html", context)


def _filtered_events(request: HttpRequest) -> tuple[dict[str, str], QuerySet[AuditEvent]]:
    """The filters of the request, and the events that pass them."""
    filters = {
        name: request.GET.get(name, "").replace("\x00", "").strip()[:150] for name in ("actor", "entity", "kind", "since", "until")
    }
    events = AuditEvent.objects.all()
    if filters["actor"]:
        events = events.filter(actor=filters["actor"])
    if filters["entity"]:
        events = events.filter(entity_id=filters["entity"])
    if filters["kind"] in [*Kind]:
        events = events.filter(kind=filters["kind"])
    for name, compare in (("since", "at__gte"), ("until", "at__lt")):
        try:
            on = date.fromisoformat(filters[name])
            events = events.filter(**{compare: _start_of(on if name == "since" else on + timedelta(days=1))})
        except (ValueError, OverflowError):
            filters[name] = ""
    return filters, events


def _start_of(day: date) -> str:
    """The start of a day in the profile's time zone, as events store instants: UTC, as text that sorts by time."""
    return current_policy().start_of(day).astimezone(UTC).isoformat(timespec="microseconds")


@for_roles(READS_AUDIT)
def verify(request: HttpRequest) -> HttpResponse:
    """Verify the hash chain from the first event, or the newest part of a long chain."""
    if request.method != "POST":
        return render(request, "audit_verified.html", {"found": None, "head": read_head()})
    spool.flush()
    head = read_head()
    after = head_at(max(0, head.number - MAX_VERIFIED))
    found = list(islice(find_breaks(after=after), MAX_BREAKS))
    record_event(Kind.VERIFIED, request.user, detail={"after": after.number, "head": head.number, "breaks": len(found)})
    context = {"found": found, "head": head, "is_done": True, "verified": head.number - after.number}
    return render(request, "audit_verified.html", context)


@for_roles(READS_AUDIT)
@explain_no_file
def export_audit(request: HttpRequest) -> HttpResponse:
    """All events of the page's filters as CSV. The export is recorded before it is sent."""
    spool.flush()
    filters, events = _filtered_events(request)
    head = read_head()
    events = events.filter(number__lte=head.number).order_by("number")

    def make() -> Iterable[bytes]:
        record_export(request, "audit", filters=filters, rows=events.count())
        return csv_lines(COLUMNS, events.values_list(*COLUMNS).iterator(2000))

    return file_response(make, f"audit-to-{head.number}.csv", "text/csv; charset=utf-8")


@for_roles(READS_AUDIT)
@explain_no_file
def export_chain(request: HttpRequest) -> HttpResponse:
    """The whole chain as a file that anyone can verify, without personal details."""

    def make() -> Iterable[bytes]:
        return (line.encode() for line in chain_lines(request.user, is_whole=False))

    return file_response(make, "audit-chain.jsonl", "application/jsonl; charset=utf-8")


@for_roles(READS_LIST)
def status(request: HttpRequest) -> HttpResponse:
    """The verdict and the failed checks of each source, the model, and the published days."""
    run = current_run()
    if run is None:
        return render(request, "nothing_published.html")
    note_view(request, "status", run=run)
    points = run.drift.get("points")
    context = {
        "run": run,
        "days": PublishedRun.objects.filter(is_current=True)[:35],
        "metrics": METRICS,
        "held_out": held_out(run),
        "weights": weights(run, request.language),
        "against": run.drift.get("against"),
        "points": None if points is None else Shift("", points, shift_size(points)),
        "moved": largest_shifts(run, request.language),
        "airflow": settings.AIRFLOW_ADDRESS,
    }
    return render(request, "status.html", context)


@for_roles(READS_LIST)
def model(request: HttpRequest) -> HttpResponse:
    """The model card in the reader's language."""
    run = current_run()
    if run is None or not run.model_card:
        raise Http404
    note_view(request, "model", run=run)
    sections = stored_sections(run.model_card, request.language)
    return render(request, "model.html", {"sections": sections, "is_english": parse_card(run.model_card) is None})


@for_roles(READS_LIST)
@explain_no_file
def model_card(request: HttpRequest) -> HttpResponse:
    """The model card as a Markdown file in English. The export is recorded."""
    run = current_run()
    if run is None or not run.model_card:
        raise Http404

    def make() -> Iterable[bytes]:
        record_export(request, "model card", run, model=run.model_id)
        return [card_markdown(run.model_card).encode()]

    return file_response(make, f"model-{run.as_of}.md", "text/markdown; charset=utf-8")


@dataclass(frozen=True)
class Shift:
    """The population stability index of an indicator, its size in a word, and the shares of unknown values now and before."""

    name: str
    index: float
    how: str
    unknown: float | None = None
    unknown_then: float | None = None


def held_out(run: PublishedRun) -> list[tuple[str, list[Mapping[str, float | None]]]]:
    """Each of :data:`METRICS` with its interval, for the model and for the orders that it is compared with."""
    orders: Mapping[str, Mapping[str, Mapping[str, float | None]]] = run.model.get("held_out_orders") or {}
    return [(name.replace(" ", "_"), [figures.get(metric, {}) for metric in METRICS]) for name, figures in orders.items()]


def weights(run: PublishedRun, language: str) -> list[tuple[str, float]]:
    """The most important indicators with their mean absolute contribution in log-odds; none from a card in Markdown."""
    rows = (parse_card(run.model_card) or {"indicators": []})["indicators"][:MAX_INDICATORS]
    return [(indicator_name(row["indicator"], language), row["importance"]) for row in rows]


def largest_shifts(run: PublishedRun, language: str) -> list[Shift]:
    """The indicators whose distribution changed most."""
    return [
        Shift(
            indicator_name(one["indicator"], language), one["index"], shift_size(one["index"]), one["unknown"], one["unknown_then"]
        )
        for one in run.drift.get("indicators", [])[:MAX_INDICATORS]
    ]


def shift_size(index: float) -> str:
    """``none``, ``some`` or ``much``."""
    return "none" if index < SMALL_SHIFT else "some" if index < LARGE_SHIFT else "much"
