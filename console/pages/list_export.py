"""The risk list as a file: the screen's filter and rights, all rows, logged before it leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from console.accounts.roles import READS_LIST
from console.audit.chain import append
from console.audit.facts import facts_of
from console.audit.models import Kind
from console.exports import XLSX_ROWS, csv_lines, xlsx_file
from console.pages.access import for_roles
from console.pages.filters import Filters
from console.pages.risk_list import run_of
from console.ranking.models import PublishedRun, Ranked
from console.ranking.runs import ranked_of, reasons_of
from console.ranking.search import WHOLE, Part

COLUMNS = (
    "position", "entity_id", "name", "risk_class", "credit_points", "region_code", "industry_code", "address", "is_listed",
    "previous_position",
)  # fmt: skip
TOP = 2
ROWS_AT_ONCE = 2000
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@for_roles(READS_LIST)
def export_list(request: HttpRequest, format: str) -> HttpResponse:
    """The list as CSV or XLSX; one that a sheet cannot hold is refused, never cut."""
    filters = Filters.read(request.GET)
    run = run_of(filters)
    if run is None or format not in ("csv", "xlsx"):
        raise Http404
    told = filters.told(filters.noted(ranked_of(run, request.user), request.user), run, request.user)
    count = filters.of_run(told, run, request.user, WHOLE).order_by().count()
    if format == "xlsx" and count > XLSX_ROWS:
        return render(request, "failure.html", {"what": "too_many_rows"}, status=422)
    detail = {"what": "risk_list", "format": format, "filters": filters.given(), "rows": count, "is_whole": run.is_whole}
    append([facts_of(Kind.EXPORTED, request.user, run_id=run.run_id, detail=detail)])
    texts = request.texts
    head = [*(texts(f"column.{name}") for name in COLUMNS), *(texts("column.reason", n=at) for at in range(1, TOP + 1))]
    rows = _rows(_parts(filters, told, run, request.user), run, request.language)
    # A thinned-out day says so wherever the file goes: nobody who was not listed can be counted by it.
    kept = "" if run.is_whole else "-listed-viewed-or-decided-only"
    name = f"risk-list-{run.as_of}{kept}.{format}"
    if format == "csv":
        response = StreamingHttpResponse(csv_lines(head, rows), content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    return FileResponse(xlsx_file(str(run.as_of), head, rows), as_attachment=True, filename=name, content_type=_XLSX)


def _parts(filters: Filters, told: QuerySet[Ranked], run: PublishedRun, user: Any) -> Iterator[list[Ranked]]:
    """The list by its keys, a part at a time: the longest needs no more memory than a short one, and nothing is searched twice."""
    wanted = Part(most=ROWS_AT_ONCE)
    while part := list(filters.of_run(told, run, user, wanted).order_by("position")[:ROWS_AT_ONCE]):
        yield part
        wanted = replace(wanted, after=part[-1].position)


def _rows(parts: Iterator[list[Ranked]], run: PublishedRun, language: str) -> Iterator[tuple[Any, ...]]:
    for part in parts:
        reasons: dict[int, list[str]] = {}
        first, last = part[0].position, part[-1].position
        for reason in reasons_of(run).filter(position__gte=first, position__lte=last, reason_rank__lte=TOP):
            reasons.setdefault(reason.position, []).append(reason.sentence(language))
        for row in part:
            said = (reasons.get(row.position, []) + [""] * TOP)[:TOP]
            yield (*(_plain(getattr(row, name)) for name in COLUMNS), *said)


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value
