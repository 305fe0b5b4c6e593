"""The audit for auditors; what the day's data and model are, for everybody who reads the list.

What is told of a run's model: how good it was on visits it had not seen, what weighs most, how far the day has moved.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from console.apps.accounts.roles import READS_AUDIT, READS_LIST
from console.apps.audit import spool
from console.apps.audit.chain import append, find_breaks, head_at, read_head
from console.apps.audit.chain_export import chain_lines
from console.apps.audit.events import event_facts
from console.apps.audit.models import AuditEvent, Kind
from console.apps.ranking.current_policy import current_policy
from console.apps.ranking.models import PublishedRun
from console.apps.ranking.runs import current_run
from console.core.spreadsheets import csv_lines
from console.web.access import for_roles, note_view
from console.web.downloads import NoFile, no_file, sent_file
from console.web.queries.model_card import model_card as model_card_parts
from jobs.texts.model_card import card_markdown, parse_card
from jobs.texts.names import indicator_name

METRICS = ("auc", "average_precision", "precision", "recall", "lift", "brier")
MOST = 15
NONE, SOME = 0.1, 0.25
"""Bounds of the population stability index: below the first none to speak of, from the second on one to look into."""


@dataclass(frozen=True)
class Moved:
    """How far something has moved: its name, the index, and whether that is none, some or much."""

    name: str
    index: float
    how: str
    unknown: float | None = None
    unknown_then: float | None = None


def held_out(run: PublishedRun) -> list[tuple[str, list[float | None]]]:
    """For the model and what it is held against, each of :data:`METRICS`."""
    said: Mapping[str, Mapping[str, Any]] = run.model.get("held_out_metrics") or {}
    return [(name.replace(" ", "_"), [values.get(metric) for metric in METRICS]) for name, values in said.items()]


def weights(run: PublishedRun, language: str) -> list[tuple[str, float]]:
    """The most important indicators with their mean absolute contribution in log-odds; none from a card in Markdown."""
    rows = (parse_card(run.model_card) or {"indicators": []})["indicators"][:MOST]
    return [(indicator_name(row["indicator"], language), row["importance"]) for row in rows]


def moved(run: PublishedRun, language: str) -> list[Moved]:
    """The indicators that have moved furthest."""
    return [
        Moved(indicator_name(one["indicator"], language), one["index"], how(one["index"]), one["unknown"], one["unknown_then"])
        for one in run.drift.get("indicators", [])[:MOST]
    ]


def how(index: float) -> str:
    """An index in a word."""
    return "none" if index < NONE else "some" if index < SOME else "much"


ROWS = 100
MOST_RECKONED = 50_000
"""Events that the page reckons, in some seconds; `steelyard audit verify` reckons all, however long it takes."""
COLUMNS = (
    "number", "at", "kind", "actor", "role", "entity_id", "region_code", "run_id", "batch", "detail", "previous_hash", "hash",
)  # fmt: skip


def _asked(request: HttpRequest) -> tuple[dict[str, str], QuerySet[AuditEvent]]:
    """What the page is asked for, and the events that match."""
    asked = {
        name: request.GET.get(name, "").replace("\x00", "").strip()[:150] for name in ("actor", "entity", "kind", "since", "until")
    }
    events = AuditEvent.objects.all()
    if asked["actor"]:
        events = events.filter(actor=asked["actor"])
    if asked["entity"]:
        events = events.filter(entity_id=asked["entity"])
    if asked["kind"] in [*Kind]:
        events = events.filter(kind=asked["kind"])
    for name, compare in (("since", "at__gte"), ("until", "at__lt")):
        try:
            on = date.fromisoformat(asked[name])
            events = events.filter(**{compare: _begins(on if name == "since" else on + timedelta(days=1))})
        except (ValueError, OverflowError):
            asked[name] = ""
    return asked, events


def _begins(day: date) -> str:
    """The first instant of a day where the profile is, as events keep theirs: UTC, as text, which sorts as instants do."""
    begins = datetime.combine(day, time.min, tzinfo=ZoneInfo(current_policy().time_zone))
    return begins.astimezone(UTC).isoformat(timespec="microseconds")


@for_roles(READS_AUDIT)
def audit(request: HttpRequest) -> HttpResponse:
    """Events, the newest first, by person, entity, kind and date."""
    spool.flush(wait=False)
    asked, events = _asked(request)
    before = request.GET.get("before", "")
    page = events.filter(number__lt=int(before)) if before.isdecimal() and len(before) < 18 else events
    rows = list(page.order_by("-number")[: ROWS + 1])
    for row in rows:
        row.says = json.loads(row.detail)
    has_more, rows = len(rows) > ROWS, rows[:ROWS]
    note_view(request, "audit", filters={name: value for name, value in asked.items() if value})
    query = {name: value for name, value in asked.items() if value}
    context = {
        "rows": rows,
        "asked": asked,
        "kinds": [*Kind],
        "head": read_head(),
        "query": query,
        "before": rows[-1].number if has_more else 0,
    }
    return render(request, "audit.html", context)


@for_roles(READS_AUDIT)
def verify(request: HttpRequest) -> HttpResponse:
    """Reckon the chain again, from the first event on, or what is newest of one that is too long for a page to be waited for."""
    if request.method != "POST":
        return render(request, "audit_verified.html", {"found": None, "head": read_head()})
    spool.flush()
    head = read_head()
    after = head_at(max(0, head.number - MOST_RECKONED))
    found = []
    for one in find_breaks(after=after):
        found.append(one)
        if len(found) >= 20:
            break
    append([event_facts(Kind.VERIFIED, request.user, detail={"after": after.number, "head": head.number, "breaks": len(found)})])
    context = {"found": found, "head": head, "is_done": True, "reckoned": head.number - after.number}
    return render(request, "audit_verified.html", context)


@for_roles(READS_AUDIT)
def export_audit(request: HttpRequest) -> HttpResponse:
    """The events of the page's filter, all of them; that they were taken is on record before they leave."""
    spool.flush()
    asked, events = _asked(request)
    head = read_head()
    events = events.filter(number__lte=head.number).order_by("number")
    facts = event_facts(Kind.EXPORTED, request.user, detail={"what": "audit", "filters": asked, "rows": events.count()})

    def make() -> Iterable[bytes]:
        append([facts])
        return csv_lines(COLUMNS, events.values_list(*COLUMNS).iterator(2000))

    try:
        return sent_file(make, f"audit-to-{head.number}.csv", "text/csv; charset=utf-8")
    except NoFile as refused:
        return no_file(request, refused)


@for_roles(READS_AUDIT)
def export_chain(request: HttpRequest) -> HttpResponse:
    """The whole chain as a file that anybody can check, with what tells of a person kept back."""

    def make() -> Iterable[bytes]:
        return (line.encode() for line in chain_lines(request.user, is_whole=False))

    try:
        return sent_file(make, "audit-chain.jsonl", "application/jsonl; charset=utf-8")
    except NoFile as refused:
        return no_file(request, refused)


@for_roles(READS_LIST)
def status(request: HttpRequest) -> HttpResponse:
    """Each source's verdict and failed checks, the model, and the published days."""
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
        "points": None if points is None else Moved("", points, how(points)),
        "moved": moved(run, request.language),
        "airflow": settings.AIRFLOW_ADDRESS,
    }
    return render(request, "status.html", context)


@for_roles(READS_LIST)
def model(request: HttpRequest) -> HttpResponse:
    """The model's card in the reader's language."""
    run = current_run()
    if run is None or not run.model_card:
        raise Http404
    note_view(request, "model", run=run)
    return render(request, "model.html", {"run": run, "parts": model_card_parts(run, request.texts)})


@for_roles(READS_LIST)
def model_card(request: HttpRequest) -> HttpResponse:
    """Download the model's card as Markdown in English; the download is recorded."""
    run = current_run()
    if run is None or not run.model_card:
        raise Http404
    append([event_facts(Kind.EXPORTED, request.user, run_id=run.run_id, detail={"what": "model card", "model": run.model_id})])
    response = HttpResponse(card_markdown(run.model_card), content_type="text/markdown; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="model-{run.as_of}.md"'
    return response
