"""Charts over months, drawn on the server: what happened, and how things stood, in the regions of who looks.

Sums over what was published, reckoned once for a jurisdiction and kept until something is published again.

A run's tables never change, and figures change when a day is published and at no other time. What people do meanwhile, decisions
and results, is never kept here. Each process that serves keeps its own.
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

from console.apps.accounts.jurisdiction import bounds_of
from console.apps.decisions.models import Case, Result
from console.apps.evidence.models import Figure, Measure
from console.apps.ranking.models import PublishedRun
from console.publishing.monthly_counts import MONTHS
from console.web.queries.filter_parts import region_column
from models.statistics.proportions import hajek

SECONDS = 2 * 24 * 3600
"""How long a sum that nobody asks for any more is kept at most; one that is out of date is never asked for."""
T = TypeVar("T")


def cached_for_jurisdiction(request: HttpRequest, run: PublishedRun, what: str, reckon: Callable[[], T]) -> T:
    """What ``reckon`` gives, or gave before for the same regions, run and state of what is published.

    Args:
        request: of whoever asks; ``reckon`` must count what they may see, and depend on nothing else of them.
        run: the run that is shown.
        what: names the sum, with all that it is filtered by.
        reckon: the sum, in plain values.
    """
    newest = PublishedRun.objects.aggregate(Max("published_at"))["published_at__max"]
    about = (str(settings.FOLDER.path), run.run_id, run.is_whole, newest, _bounds_of(request.user), what)
    kept: T = cache.get_or_set(blake2s(repr(about).encode()).hexdigest(), reckon, SECONDS)
    return kept


def _bounds_of(user: Any) -> list[tuple[str, str]] | None:
    """The regions that bound what somebody sees: two with the same ones see the same."""
    bounds = bounds_of(user)
    return None if bounds is None else sorted((str(level), code) for level, code in bounds)


WIDTH, HEIGHT = 600.0, 150.0
VISITS, HITS = "visits", "hits"


@dataclass(frozen=True)
class Line:
    """One line of a chart: its name, its value in each month (None where there is none), and a drawing's coordinates of them."""

    key: str
    values: list[float | None]
    path: str
    dots: list[tuple[float, float]]


@dataclass(frozen=True)
class TimeChart:
    """A chart by its key; ``top`` is the value at its upper edge, ``is_share`` says that values are shares."""

    key: str
    months: list[date]
    lines: list[Line]
    top: float
    is_share: bool

    @property
    def rows(self) -> list[tuple[date, list[float | None]]]:
        """Each month with the value of each line: the chart's table."""
        return [(month, [line.values[at] for line in self.lines]) for at, month in enumerate(self.months)]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return all(value is None for line in self.lines for value in line.values)


@dataclass(frozen=True)
class Asked:
    """The part of one's regions, and the industry, that the charts are about; empty texts are all of them."""

    region: str = ""
    industry: str = ""

    def of_figures(self, request: HttpRequest, run: PublishedRun) -> QuerySet[Figure]:
        """The figures that are asked for and may be seen."""
        figures = Figure.objects.visible_to(request.user)
        if self.region:
            figures = figures.filter(**{region_column(self.region, run): self.region})
        return figures.filter(industry_section=self.industry) if self.industry else figures

    def of_cases(self, request: HttpRequest, run: PublishedRun) -> QuerySet[Case]:
        """The cases of the region that is asked for; a case knows no industry."""
        cases = Case.objects.visible_to(request.user)
        return cases.filter(**{region_column(self.region, run): self.region}) if self.region else cases


Counts = dict[str, dict[date, int]]


def counted(request: HttpRequest, run: PublishedRun, asked: Asked) -> Counts:
    """Each measure's count by month; visits and those of them that found a violation beside."""
    found: Counts = {}
    summed = asked.of_figures(request, run).order_by().values_list("measure", "month").annotate(Sum("count"))
    for measure, month, count in cached_for_jurisdiction(request, run, f"figures of {asked}", lambda: list(summed)):
        found.setdefault(measure, {})[month] = count
    if not asked.industry:
        inspected = Result.objects.standing().filter(visit_status="inspected", decision__case__in=asked.of_cases(request, run))
        months = inspected.order_by().annotate(month=TruncMonth("inspected_on")).values_list("month")
        for month, visits, hits in months.annotate(visits=Count("pk"), hits=Count("pk", filter=Q(found_violation=True))):
            found.setdefault(VISITS, {})[month] = visits
            found.setdefault(HITS, {})[month] = hits
    return found


def _counts(*measures: str) -> Callable[[Counts, Sequence[date]], dict[str, list[float | None]]]:
    """Of each measure the counts; a month between others without any has 0."""

    def lines(found: Counts, months: Sequence[date]) -> dict[str, list[float | None]]:
        is_known = any(found.get(measure) for measure in measures)
        return {measure: [found.get(measure, {}).get(month, 0) if is_known else None for month in months] for measure in measures}

    return lines


def _share(key: str, part: str, whole: str) -> Callable[[Counts, Sequence[date]], dict[str, list[float | None]]]:
    def lines(found: Counts, months: Sequence[date]) -> dict[str, list[float | None]]:
        parts, wholes = found.get(part, {}), found.get(whole, {})
        return {key: [parts.get(month, 0) / wholes[month] if wholes.get(month) else None for month in months]}

    return lines


CHARTS: dict[str, tuple[Callable[[Counts, Sequence[date]], dict[str, list[float | None]]], bool]] = {
    "births_deaths": (_counts(Measure.BIRTHS, Measure.DEATHS), False),
    "complaints": (_counts(Measure.COMPLAINTS), False),
    "high_risk": (_share("high_risk", Measure.HIGH_RISK, Measure.ENTITIES), True),
    "unfiled": (_share("unfiled", Measure.UNFILED, Measure.FILERS), True),
    "visits": (_counts(VISITS, HITS), False),
}
"""What each chart draws, and whether its values are shares."""


def time_chart(key: str, found: Counts, as_of: date) -> TimeChart:
    """A chart of the months up to the day's."""
    reckon, is_share = CHARTS[key]
    last = as_of.year * 12 + as_of.month - 1
    months = [date(month // 12, month % 12 + 1, 1) for month in range(last - MONTHS + 1, last + 1)]
    values = reckon(found, months)
    top = _top(max((value for line in values.values() for value in line if value is not None), default=0.0))
    return TimeChart(key, months, [_line(name, line, top) for name, line in values.items()], top, is_share)


def _top(largest: float) -> float:
    """The next round number of 1, 2 or 5 and noughts."""
    if largest <= 0:
        return 1.0
    unit = 10.0 ** (ceil(log10(largest)) - 1)
    return next(step * unit for step in (1, 2, 5, 10) if step * unit >= largest * (1 - 1e-12))


def _line(key: str, values: list[float | None], top: float) -> Line:
    step = WIDTH / (len(values) - 1)
    places = [
        None if value is None else (round(at * step, 1), round(HEIGHT - value / top * HEIGHT, 1)) for at, value in enumerate(values)
    ]
    parts = []
    for before, place in zip([None, *places], places, strict=False):
        if place is not None:
            parts.append(f"{'L' if before is not None else 'M'}{place[0]} {place[1]}")
    return Line(key, values, " ".join(parts), [place for place in places if place is not None])


def unbiased(request: HttpRequest, run: PublishedRun, asked: Asked) -> dict[str, Any]:
    """The rate of violations that visits drawn with a known probability tell of all businesses; no rate without such a visit."""
    drawn = Result.objects.standing().filter(
        visit_status="inspected", inclusion_probability__gt=0, decision__case__in=asked.of_cases(request, run)
    )
    pairs = list(drawn.values_list("found_violation", "inclusion_probability"))
    return {"visits": len(pairs), "rate": hajek([bool(found) for found, _ in pairs], [chance for _, chance in pairs])}
