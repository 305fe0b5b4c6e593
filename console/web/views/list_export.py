"""The risk list as a file: all rows of the page's filters, recorded in the audit before they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.util import FileWrapper

from django.http import Http404, HttpRequest, HttpResponse

from console.apps.accounts.roles import READS_LIST
from console.apps.ranking.models import PublishedRun
from console.apps.ranking.runs import reasons_of
from console.core.policy import policy_of
from console.core.spreadsheets import csv_lines, xlsx_file
from console.web.access import for_roles
from console.web.downloads import NoFile, explain_no_file, file_response, record_export
from console.web.queries.filtered_list import Filtered
from console.web.queries.list_filters import Filters
from console.web.views.risk_list import run_of
from jobs.texts.reasons import Reason

COLUMNS = (
    "position", "entity_id", "name", "risk_class", "credit_points", "region_code", "industry_code", "address", "is_listed",
    "previous_position",
)  # fmt: skip
TOP = 2
ROWS_AT_ONCE = 2000
PART = 64 * 1024
"""Bytes of a workbook that are sent together."""
_TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@for_roles(READS_LIST)
@explain_no_file
def download_list(request: HttpRequest, format: str) -> HttpResponse:
    """The list as CSV or XLSX. A list too long for a sheet is refused, not truncated."""
    return list_file(request, format)


def list_file(request: HttpRequest, format: str) -> HttpResponse:
    """The list as CSV, streamed while it is read, or as XLSX, written to a temporary file.

    Raises:
        Http404: if there is no such day or format.
        NoFile: if the list is too long for a sheet, or there are too many downloads; then nothing is sent or recorded.
    """
    filters = Filters.read(request.GET)
    run = run_of(filters)
    if run is None or format not in _TYPES:
        raise Http404

    def make() -> Iterable[bytes]:
        # The search begins after a download slot is taken, so that refused requests cost nothing.
        filtered = Filtered.by(filters, run, request.user).materialise()
        count, _ = filtered.count()
        if format == "xlsx" and count > (most := policy_of(run.profile).exports.xlsx_rows):
            raise NoFile("too_many_rows", 422, most)
        texts = request.texts
        head = [*(texts(f"column.{name}") for name in COLUMNS), *(texts("column.reason", n=at) for at in range(1, TOP + 1))]
        rows = _rows(_parts(filtered, count), run, request.language)
        about = {"format": format, "filters": filters.given(), "rows": count, "is_whole": run.is_whole}
        record_export(request, "risk_list", run, **about)
        return csv_lines(head, rows) if format == "csv" else FileWrapper(xlsx_file(str(run.as_of), head, rows), PART)

    # A thinned day says so in the file name: entities that were not listed are missing.
    suffix = "" if run.is_whole else "-listed-viewed-or-decided-only"
    return file_response(make, f"risk-list-{run.as_of}{suffix}.{format}", _TYPES[format])


class CutShort(Exception):
    """The day was thinned during the export: the file breaks off, so that it does not look complete."""


def _parts(filtered: Filtered, count: int) -> Iterator[list[tuple[Any, ...]]]:
    """The list part by part, so that memory does not grow with its length.

    Raises:
        CutShort: at the end, if there were fewer rows than counted.
    """
    after = read = 0
    while part := list(filtered.rows(after=after, most=ROWS_AT_ONCE).values_list(*COLUMNS)):
        yield part
        after, read = part[-1][0], read + len(part)
    if read < count:
        raise CutShort


def _rows(parts: Iterator[list[tuple[Any, ...]]], run: PublishedRun, language: str) -> Iterator[tuple[Any, ...]]:
    names = run.names(language)
    for part in parts:
        reasons: dict[int, list[str]] = {}
        rows = reasons_of(run).filter(position__gte=part[0][0], position__lte=part[-1][0], reason_rank__lte=TOP)
        for position, *values in rows.values_list("position", "indicator", "value", "peer_median").iterator():
            reasons.setdefault(position, []).append(Reason(*values).sentence(names))
        for row in part:
            sentences = (reasons.get(row[0], []) + [""] * TOP)[:TOP]
            yield (*map(_plain, row), *sentences)


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value
