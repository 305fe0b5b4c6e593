"""The risk list as a file: the screen's filter and rights, all rows, logged before it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from console.apps.accounts.roles import READS_LIST
from console.apps.audit.chain import append
from console.apps.audit.events import event_facts
from console.apps.audit.models import Kind
from console.apps.ranking.models import PublishedRun, Reason
from console.apps.ranking.runs import reasons_of
from console.core.policy import policy_of
from console.core.spreadsheets import FileParts, csv_lines, xlsx_file
from console.web.access import for_roles
from console.web.downloads import NoFile, no_file, sent_file
from console.web.queries.list_filters import Filters
from console.web.queries.list_query import Filtered
from console.web.views.risk_list import run_of

COLUMNS = (
    "position", "entity_id", "name", "risk_class", "credit_points", "region_code", "industry_code", "address", "is_listed",
    "previous_position",
)  # fmt: skip
TOP = 2
ROWS_AT_ONCE = 2000
_TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@for_roles(READS_LIST)
def export_list(request: HttpRequest, format: str) -> HttpResponse:
    """The list as CSV or XLSX; one that is too long for a sheet is refused, never cut."""
    try:
        return list_file(request, format)
    except NoFile as refused:
        return no_file(request, refused)


def list_file(request: HttpRequest, format: str) -> HttpResponse:
    """The list as CSV, which leaves while it is read, or as XLSX, which is made in a file that goes with the last byte.

    Raises:
        Http404: when there is no such day or format.
        NoFile: when it is too long for a sheet, or too many exports are being made; nothing is on record then, as nothing left.
    """
    filters = Filters.read(request.GET)
    run = run_of(filters)
    if run is None or format not in _TYPES:
        raise Http404

    def make() -> Iterable[bytes]:
        # Searched once its place is taken: what a search costs, whoever may not take a file now does not cause.
        filtered = Filtered.by(filters, run, request.user).materialise()
        count, _ = filtered.count()
        if format == "xlsx" and count > (most := policy_of(run.profile).xlsx_rows):
            raise NoFile("too_many_rows", 422, most)
        texts = request.texts
        head = [*(texts(f"column.{name}") for name in COLUMNS), *(texts("column.reason", n=at) for at in range(1, TOP + 1))]
        rows = _rows(_parts(filtered, count), run, request.language)
        detail = {"what": "risk_list", "format": format, "filters": filters.given(), "rows": count, "is_whole": run.is_whole}
        append([event_facts(Kind.EXPORTED, request.user, run_id=run.run_id, detail=detail)])
        return csv_lines(head, rows) if format == "csv" else FileParts(xlsx_file(str(run.as_of), head, rows))

    # A thinned-out day says so wherever the file goes: nobody who was not listed can be counted by it.
    kept = "" if run.is_whole else "-listed-viewed-or-decided-only"
    return sent_file(make, f"risk-list-{run.as_of}{kept}.{format}", _TYPES[format])


class CutShort(Exception):
    """Fewer rows were there than were counted, as the day was thinned out: a file that breaks off tells it, a short one not."""


def _parts(filtered: Filtered, count: int) -> Iterator[list[tuple[Any, ...]]]:
    """The list by its keys, a part at a time: the longest needs no more memory than a short one, and nothing is searched twice.

    Raises:
        CutShort: at its end, when it held fewer than were counted.
    """
    after = read = 0
    while part := list(filtered.rows(after=after, most=ROWS_AT_ONCE).values_list(*COLUMNS)):
        yield part
        after, read = part[-1][0], read + len(part)
    if read < count:
        raise CutShort


def _rows(parts: Iterator[list[tuple[Any, ...]]], run: PublishedRun, language: str) -> Iterator[tuple[Any, ...]]:
    sentence = Reason.column_of("sentence", language)
    for part in parts:
        reasons: dict[int, list[str]] = {}
        told = reasons_of(run).filter(position__gte=part[0][0], position__lte=part[-1][0], reason_rank__lte=TOP)
        for position, text in told.values_list("position", sentence).iterator():
            reasons.setdefault(position, []).append(text)
        for row in part:
            said = (reasons.get(row[0], []) + [""] * TOP)[:TOP]
            yield (*map(_plain, row), *said)


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value
