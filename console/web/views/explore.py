"""Explore: a few charts over one's regions for those who decide on people and means; each with its table and its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from console.apps.accounts.roles import READS_LIST
from console.apps.audit.chain import append
from console.apps.audit.events import event_facts
from console.apps.audit.models import Kind
from console.apps.decisions.models import Case
from console.apps.evidence.models import Figure
from console.apps.ranking.models import CLASSES, PublishedRun
from console.apps.ranking.runs import current_run, ranked_of, reasons_of
from console.core.spreadsheets import csv_lines
from console.web.access import for_roles, note_view
from console.web.queries.time_charts import CHARTS as OVER_TIME
from console.web.queries.time_charts import Asked, cached_for_jurisdiction, counted, time_chart, unbiased
from jobs.texts.names import code_name, indicator_name, sections_of

MOST_BARS = 15


@dataclass(frozen=True)
class Bar:
    """One line of a chart: its label, its number, and how long its bar is, of 100."""

    label: str
    count: int
    length: float


@dataclass(frozen=True)
class Chart:
    """A chart by its key, which also names its words and its file."""

    key: str
    bars: list[Bar]


def _by_class(request: HttpRequest, run: PublishedRun) -> list[tuple[str, int]]:
    counted = dict(_counted(request, run, "risk_class", ranked_of(run, request.user)))
    return [(request.texts.either(f"class.{letter}", letter), counted.get(letter, 0)) for letter in reversed(CLASSES)]


def _by_region(request: HttpRequest, run: PublishedRun) -> list[tuple[str, int]]:
    listed = _counted(request, run, "region_middle", ranked_of(run, request.user).filter(is_listed=True))
    return _named(listed, lambda code: code_name(str(run.profile.get("region_scheme", "")), code, request.language))


def _by_industry(request: HttpRequest, run: PublishedRun) -> list[tuple[str, int]]:
    listed = _counted(request, run, "industry_section", ranked_of(run, request.user).filter(is_listed=True))
    return _named(listed, lambda code: code_name(str(run.profile.get("industry_scheme", "")), code, request.language))


def _by_reason(request: HttpRequest, run: PublishedRun) -> list[tuple[str, int]]:
    """How many of the listed have each indicator among their reasons."""
    listed = ranked_of(run, request.user).filter(is_listed=True).order_by().values("position")
    counted = _counted(request, run, "indicator", reasons_of(run).filter(position__in=listed))
    return _named(counted, lambda column: indicator_name(column, request.language))


def _counted(request: HttpRequest, run: PublishedRun, column: str, rows: QuerySet[Any]) -> list[tuple[str, int]]:
    """How many rows of the run's have each value of a column."""
    grouped = rows.order_by().values_list(column).annotate(Count("position"))
    return cached_for_jurisdiction(request, run, f"by {column}", lambda: list(grouped))


def _by_state(request: HttpRequest, run: PublishedRun) -> list[tuple[str, int]]:  # noqa: ARG001 (as the others)
    counted = Case.objects.visible_to(request.user).order_by().values_list("state").annotate(Count("pk"))
    return _named(counted, lambda state: request.texts.either(f"state.{state}", state))


CHARTS: dict[str, Callable[[HttpRequest, PublishedRun], list[tuple[str, int]]]] = {
    "classes": _by_class,
    "regions": _by_region,
    "industries": _by_industry,
    "reasons": _by_reason,
    "states": _by_state,
}


def _named(counted: Any, name: Callable[[str], str]) -> list[tuple[str, int]]:
    """Labels with counts, the largest first, equal ones by label."""
    return sorted(((name(code) or "–", count) for code, count in counted), key=lambda pair: (-pair[1], pair[0]))


@for_roles(READS_LIST)
def explore(request: HttpRequest) -> HttpResponse:
    """All charts. A chart of many lines draws the largest; its table and its file hold all."""
    run = current_run()
    if run is None:
        return render(request, "nothing_published.html")
    charts = []
    for key, count in CHARTS.items():
        pairs = count(request, run)
        largest = max((value for _, value in pairs), default=0) or 1
        charts.append(Chart(key, [Bar(label, value, round(value / largest * 100, 1)) for label, value in pairs]))
    asked = _asked(request)
    found = counted(request, run, asked)
    note_view(request, "explore", run=run, region=asked.region, industry=asked.industry)
    context = {
        "run": run,
        "charts": charts,
        "most": MOST_BARS,
        "asked": asked,
        "query": urlencode({"region": asked.region, "industry": asked.industry}),
        "over_time": [time_chart(key, found, run.as_of) for key in OVER_TIME],
        "unbiased": unbiased(request, run, asked),
        **_offers(request, run),
    }
    return render(request, "explore.html", context)


def _asked(request: HttpRequest) -> Asked:
    said = {name: request.GET.get(name, "").replace("\x00", "").strip()[:32] for name in ("region", "industry")}
    return Asked(**said)


def _offers(request: HttpRequest, run: PublishedRun) -> dict[str, Any]:
    """The regions that figures are of, as far as they are the user's, and the industries."""
    scheme = str(run.profile.get("region_scheme", ""))
    pairs = Figure.objects.visible_to(request.user).order_by().values_list("region_middle", "region_code").distinct()[:4000]
    codes = cached_for_jurisdiction(
        request, run, "regions of figures", lambda: sorted({code for pair in pairs for code in pair if code})
    )
    return {
        "regions": [(code, code_name(scheme, code, request.language)) for code in codes],
        "sections": sections_of(str(run.profile.get("industry_scheme", "")), request.language),
    }


@for_roles(READS_LIST)
def export_chart(request: HttpRequest, key: str) -> HttpResponse:
    """A chart's numbers as a file."""
    run = current_run()
    if run is None or key not in {*CHARTS, *OVER_TIME}:
        raise Http404
    texts, asked = request.texts, _asked(request)
    detail: dict[str, Any] = {"what": f"chart {key}"}
    if key in CHARTS:
        rows: list[tuple[Any, ...]] = list(CHARTS[key](request, run))
        head = [texts(f"explore.{key}"), texts("explore.count")]
    else:
        chart = time_chart(key, counted(request, run, asked), run.as_of)
        rows = [(f"{month:%Y-%m}", *values) for month, values in chart.rows]
        head = [texts("explore.month"), *(texts(f"measure.{line.key}") for line in chart.lines)]
        detail |= {"region": asked.region, "industry": asked.industry}
    append([event_facts(Kind.EXPORTED, request.user, run_id=run.run_id, detail={**detail, "rows": len(rows)})])
    lines = csv_lines(head, rows)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{key}-{run.as_of}.csv"'
    return response
