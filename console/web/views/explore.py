"""Explore: charts over the user's regions, each with its table and its CSV file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from console.apps.accounts.roles import READS_LIST
from console.apps.decisions.models import Case
from console.apps.evidence.models import Figure
from console.apps.ranking.models import CLASSES, PublishedRun
from console.apps.ranking.runs import current_run, ranked_of, reasons_of
from console.core.spreadsheets import csv_lines
from console.web.access import for_roles, note_view
from console.web.downloads import explain_no_file, file_response, record_export
from console.web.queries.time_charts import CHARTS as OVER_TIME
from console.web.queries.time_charts import Scope, cached_for_jurisdiction, monthly_counts, time_chart, unbiased
from jobs.texts.codes import industries_of, regions_of
from jobs.texts.names import indicator_name

MAX_BARS = 15


@dataclass(frozen=True)
class Bar:
    """One bar of a chart: its label, its count and its length in percent of the longest."""

    label: str
    count: int
    length: float


@dataclass(frozen=True)
class Chart:
    """A chart. Its key names its texts and its file."""

    key: str
    bars: list[Bar]


def _by_class(request: HttpRequest, run: PublishedRun) -> list[tuple[str, int]]:
    counts = dict(_counts(request, run, "risk_class", ranked_of(run, request.user)))
    return [(request.texts.either(f"class.{letter}", letter), counts.get(letter, 0)) for letter in reversed(CLASSES)]


def _by_region(request: HttpRequest, run: PublishedRun) -> list[tuple[str, int]]:
    listed = _counts(request, run, "region_middle", ranked_of(run, request.user).filter(is_listed=True))
    return _named(listed, lambda code: regions_of(run.profile).name(code, request.language))


def _by_industry(request: HttpRequest, run: PublishedRun) -> list[tuple[str, int]]:
    listed = _counts(request, run, "industry_section", ranked_of(run, request.user).filter(is_listed=True))
    return _named(listed, lambda code: industries_of(run.profile).name(code, request.language))


def _by_reason(request: HttpRequest, run: PublishedRun) -> list[tuple[str, int]]:
    """The number of listed entities that have each indicator among their reasons."""
    listed = ranked_of(run, request.user).filter(is_listed=True).order_by().values("position")
    counts = _counts(request, run, "indicator", reasons_of(run).filter(position__in=listed))
    return _named(counts, lambda column: indicator_name(column, request.language))


def _counts(request: HttpRequest, run: PublishedRun, column: str, rows: QuerySet[Any]) -> list[tuple[str, int]]:
    """The number of the run's rows with each value of a column."""
    grouped = rows.order_by().values_list(column).annotate(Count("position"))
    return cached_for_jurisdiction(request, run, f"by {column}", lambda: list(grouped))


def _by_state(request: HttpRequest, run: PublishedRun) -> list[tuple[str, int]]:  # noqa: ARG001 (as the others)
    counts = Case.objects.visible_to(request.user).order_by().values_list("state").annotate(Count("pk"))
    return _named(counts, lambda state: request.texts.either(f"state.{state}", state))


CHARTS: dict[str, Callable[[HttpRequest, PublishedRun], list[tuple[str, int]]]] = {
    "classes": _by_class,
    "regions": _by_region,
    "industries": _by_industry,
    "reasons": _by_reason,
    "states": _by_state,
}


def _named(counts: Any, name: Callable[[str], str]) -> list[tuple[str, int]]:
    """Labels with counts, the largest first, equal counts by label."""
    return sorted(((name(code) or "–", count) for code, count in counts), key=lambda pair: (-pair[1], pair[0]))


@for_roles(READS_LIST)
def explore(request: HttpRequest) -> HttpResponse:
    """All charts. A chart draws its largest bars; its table and its file have all of them."""
    run = current_run()
    if run is None:
        return render(request, "nothing_published.html")
    charts = []
    for key, count in CHARTS.items():
        pairs = count(request, run)
        largest = max((value for _, value in pairs), default=0) or 1
        charts.append(Chart(key, [Bar(label, value, round(value / largest * 100, 1)) for label, value in pairs]))
    scope = _scope(request)
    counts = monthly_counts(request, run, scope)
    note_view(request, "explore", run=run, region=scope.region, industry=scope.industry)
    context = {
        "run": run,
        "charts": charts,
        "most": MAX_BARS,
        "asked": scope,
        "query": urlencode({"region": scope.region, "industry": scope.industry}),
        "over_time": [time_chart(key, counts, run.as_of) for key in OVER_TIME],
        "unbiased": unbiased(request, run, scope),
        **_offers(request, run),
    }
    return render(request, "explore.html", context)


def _scope(request: HttpRequest) -> Scope:
    return Scope(**{name: request.GET.get(name, "").replace("\x00", "").strip()[:32] for name in ("region", "industry")})


def _offers(request: HttpRequest, run: PublishedRun) -> dict[str, Any]:
    """The user's regions that have figures, and the industries."""
    regions = regions_of(run.profile)
    pairs = Figure.objects.visible_to(request.user).order_by().values_list("region_middle", "region_code").distinct()[:4000]
    codes = cached_for_jurisdiction(
        request, run, "regions of figures", lambda: sorted({code for pair in pairs for code in pair if code})
    )
    return {
        "regions": [(code, regions.name(code, request.language)) for code in codes],
        "sections": industries_of(run.profile).sections(request.language),
    }


@for_roles(READS_LIST)
@explain_no_file
def export_chart(request: HttpRequest, key: str) -> HttpResponse:
    """The counts of a chart as a file."""
    run = current_run()
    if run is None or key not in {*CHARTS, *OVER_TIME}:
        raise Http404
    texts, scope = request.texts, _scope(request)
    about = {}
    if key in CHARTS:
        rows: list[tuple[Any, ...]] = list(CHARTS[key](request, run))
        head = [texts(f"explore.{key}"), texts("explore.count")]
    else:
        chart = time_chart(key, monthly_counts(request, run, scope), run.as_of)
        rows = [(f"{month:%Y-%m}", *values) for month, values in chart.rows]
        head = [texts("explore.month"), *(texts(f"measure.{line.key}") for line in chart.lines)]
        about = {"region": scope.region, "industry": scope.industry}

    def make() -> Iterable[bytes]:
        record_export(request, f"chart {key}", run, **about, rows=len(rows))
        return csv_lines(head, rows)

    return file_response(make, f"{key}-{run.as_of}.csv", "text/csv; charset=utf-8")
