"""Charts over months for the user's regions, drawn on the server, and the cache of the sums that they show.

The tables of a run never change, and figures change only when a day is published. So a sum over them is cached for a jurisdiction
until the next publication. Decisions and results are never cached. Each server process has its own cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2s
from math import ceil, log10
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Max, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.http import HttpRequest

from console.apps.accounts.jurisdiction import visible_regions
from console.apps.decisions.models import Case, Result
from console.apps.evidence.models import Figure, Measure
from console.apps.ranking.models import PublishedRun
from console.publishing.monthly_counts import months_until
from console.web.queries.list_filters import region_column
from models.statistics.proportions import DrawnRate, drawn_rate

CACHE_SECONDS = 2 * 24 * 3600
"""Unused values are deleted after this time. Values that are out of date have another key."""
WIDTH, HEIGHT = 600.0, 150.0
VISITS, HITS = "visits", "hits"
UNREACHED = ("not_reachable", "refused")
T = TypeVar("T")
Counts = dict[str, dict[date, int]]
"""The count of each measure by month."""
Lines = Callable[[Counts, Sequence[date]], dict[str, list[float | None]]]
"""Makes the lines of a chart: for each key a value a month."""


@dataclass(frozen=True)
class Line:
    """One line of a chart: its key, its value in each month (None if missing), its SVG path and the coordinates of its points."""

    key: str
    values: list[float | None]
    path: str
    dots: list[tuple[float, float]]


@dataclass(frozen=True)
class TimeChart:
    """A chart. ``top`` is the value at the upper edge; ``is_share`` marks values that are shares."""

    key: str
    months: list[date]
    lines: list[Line]
    top: float
    is_share: bool

    @property
    def rows(self) -> list[tuple[date, list[float | None]]]:
        """The table of the chart: each month with the value of each line."""
        return [(month, [line.values[at] for line in self.lines]) for at, month in enumerate(self.months)]

    @property
    def is_empty(self) -> bool:
        """Whether no line has a value."""
        return all(value is None for line in self.lines for value in line.values)


@dataclass(frozen=True)
class Scope:
    """The region and industry of the charts; an empty text means all."""

    region: str = ""
    industry: str = ""

    def of_figures(self, request: HttpRequest, run: PublishedRun) -> QuerySet[Figure]:
        """The figures in the scope that the user may see."""
        figures = Figure.objects.visible_to(request.user)
        if self.region:
            figures = figures.filter(**{region_column(self.region, run): self.region})
        return figures.filter(industry_section=self.industry) if self.industry else figures

    def of_cases(self, request: HttpRequest, run: PublishedRun) -> QuerySet[Case]:
        """The cases in the region; cases have no industry."""
        cases = Case.objects.visible_to(request.user)
        return cases.filter(**{region_column(self.region, run): self.region}) if self.region else cases


def monthly_counts(request: HttpRequest, run: PublishedRun, scope: Scope) -> Counts:
    """The count of each measure by month. Without an industry also visits and visits with a violation."""
    counts: Counts = {}
    summed = scope.of_figures(request, run).order_by().values_list("measure", "month").annotate(Sum("count"))
    for measure, month, count in cached_for_jurisdiction(request, run, f"figures of {scope}", lambda: list(summed)):
        counts.setdefault(measure, {})[month] = count
    if not scope.industry:
        inspected = Result.objects.current().filter(visit_status="inspected", decision__case__in=scope.of_cases(request, run))
        months = inspected.order_by().annotate(month=TruncMonth("inspected_on")).values_list("month")
        for month, visits, hits in months.annotate(visits=Count("pk"), hits=Count("pk", filter=Q(found_violation=True))):
            counts.setdefault(VISITS, {})[month] = visits
            counts.setdefault(HITS, {})[month] = hits
    return counts


def _counts(*measures: str) -> Lines:
    """Lines with the counts of measures. A month without a count has 0, unless no measure has any count."""

    def lines(counts: Counts, months: Sequence[date]) -> dict[str, list[float | None]]:
        is_known = any(counts.get(measure) for measure in measures)
        return {measure: [counts.get(measure, {}).get(month, 0) if is_known else None for month in months] for measure in measures}

    return lines


def _share(key: str, part: str, whole: str) -> Lines:
    def lines(counts: Counts, months: Sequence[date]) -> dict[str, list[float | None]]:
        parts, wholes = counts.get(part, {}), counts.get(whole, {})
        return {key: [parts.get(month, 0) / wholes[month] if wholes.get(month) else None for month in months]}

    return lines


CHARTS: dict[str, tuple[Lines, bool]] = {
    "births_deaths": (_counts(Measure.BIRTHS, Measure.DEATHS), False),
    "complaints": (_counts(Measure.COMPLAINTS), False),
    "high_risk": (_share("high_risk", Measure.HIGH_RISK, Measure.ENTITIES), True),
    "unfiled": (_share("unfiled", Measure.UNFILED, Measure.FILERS), True),
    "visits": (_counts(VISITS, HITS), False),
}
"""The lines of each chart, and whether its values are shares."""


def time_chart(key: str, counts: Counts, as_of: date) -> TimeChart:
    """A chart of the last months, up to the month of ``as_of``."""
    lines_of, is_share = CHARTS[key]
    months = months_until(as_of)
    values = lines_of(counts, months)
    top = _top(max((value for line in values.values() for value in line if value is not None), default=0.0))
    return TimeChart(key, months, [_line(name, line, top) for name, line in values.items()], top, is_share)


def _top(largest: float) -> float:
    """The next round number: 1, 2 or 5 times a power of ten."""
    if largest <= 0:
        return 1.0
    unit = 10.0 ** (ceil(log10(largest)) - 1)
    return next(step * unit for step in (1, 2, 5, 10) if step * unit >= largest * (1 - 1e-12))


def _line(key: str, values: list[float | None], top: float) -> Line:
    step = WIDTH / (len(values) - 1)
    points = [
        None if value is None else (round(at * step, 1), round(HEIGHT - value / top * HEIGHT, 1)) for at, value in enumerate(values)
    ]
    parts = []
    for before, point in zip([None, *points], points, strict=False):
        if point is not None:
            parts.append(f"{'L' if before is not None else 'M'}{point[0]} {point[1]}")
    return Line(key, values, " ".join(parts), [point for point in points if point is not None])


def unbiased(request: HttpRequest, run: PublishedRun, scope: Scope) -> DrawnRate | None:
    """The violation rate of all businesses, from visits drawn with a known probability; None where too few were reached.

    A planned visit that was not made says nothing of reach, so only visits that were made or met nobody count.
    """
    drawn = Result.objects.current().filter(
        visit_status__in=("inspected", *UNREACHED), inclusion_probability__gt=0, decision__case__in=scope.of_cases(request, run)
    )
    rows = list(drawn.values_list("visit_status", "found_violation", "inclusion_probability"))
    return drawn_rate([None if how in UNREACHED else bool(hit) for how, hit, _ in rows], [chance for _, _, chance in rows])


def cached_for_jurisdiction(request: HttpRequest, run: PublishedRun, what: str, compute: Callable[[], T]) -> T:
    """The result of ``compute``, plain values, cached for the same regions, run and publications.

    ``compute`` may depend on the user's regions and on nothing else of the user; ``what`` names the sum and its filters.
    """
    newest = PublishedRun.objects.aggregate(Max("published_at"))["published_at__max"]
    key = (str(settings.FOLDER.path), run.run_id, run.is_whole, newest, _bounds_of(request.user), what)
    value: T = cache.get_or_set(blake2s(repr(key).encode()).hexdigest(), compute, CACHE_SECONDS)
    return value


def _bounds_of(user: Any) -> list[tuple[str, str]] | None:
    """The regions that limit what a user sees; users with the same regions share cached values."""
    bounds = visible_regions(user)
    return None if bounds is None else sorted((str(level), code) for level, code in bounds)
