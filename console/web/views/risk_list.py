"""The risk list: filters, one page of rows, and the line where the capacity ends."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from console.apps.accounts.roles import APPROVES, DECIDES, READS_LIST
from console.apps.decisions.models import Case
from console.apps.decisions.policies import days_overdue
from console.apps.decisions.states import State
from console.apps.desk.looks import looks_of, seen_mark
from console.apps.ranking.current_policy import current_date
from console.apps.ranking.models import PublishedRun, Ranked
from console.apps.ranking.runs import current_run, read_reasons
from console.core.policy import policy_of
from console.web.access import for_roles, note_search
from console.web.queries.filter_choices import Reader
from console.web.queries.filtered_list import Filtered, carried
from console.web.queries.list_filters import Filters
from console.web.queries.past_runs import visible_now
from console.web.views.saved_views import saved_views

ROWS = 50
CAPPED = 10_000
"""Entities are counted up to this number."""
TOP_REASONS = 2


def run_of(filters: Filters) -> PublishedRun | None:
    """The run of the day in the filters, by default the newest.

    Raises:
        Http404: if no run was published for that day.
    """
    run = current_run(date.fromisoformat(filters.day) if filters.day else None)
    if run is None and filters.day:
        raise Http404
    return run


@for_roles(READS_LIST)
def risk_list(request: HttpRequest) -> HttpResponse:
    """One page of the list."""
    filters = Filters.read(request.GET)
    run = run_of(filters)
    if run is None:
        return render(request, "nothing_published.html")
    after = _number(request.GET.get("after", "0"))
    if after and request.GET.get("run", run.run_id) != run.run_id:
        # Positions of different runs do not match: the next page would skip entities or show them twice.
        messages.info(request, request.texts("list.changed"))
        return redirect(f"{reverse('risk_list')}?{filters.query()}")
    filtered = Filtered.by(filters, run, request.user)
    rows = list(filtered.rows(after=after, most=ROWS + 1))
    has_more, rows = len(rows) > ROWS, rows[:ROWS]
    if after or has_more:
        found, capacity = filtered.count(CAPPED + 1)
    else:
        found, capacity = len(rows), sum(row.is_listed for row in rows)
    _add_details(rows, run, request.user)
    visible = visible_now(request.user, run, [row.entity_id for row in rows]) if filters.day else None
    for row in rows:
        row.is_here = visible is None or row.entity_id in visible
    _mark_capacity_line(rows, after, run)
    note_search(request, run, filters.given(), found, after=after)
    policy = policy_of(run.profile)
    # When the browser goes back to a page that htmx no longer stores, it requests the whole page.
    is_part = request.htmx and not request.htmx.history_restore_request
    context = {
        "run": run,
        "filters": filters,
        "tags": filters.tags(),
        "selects": [] if is_part else filters.selects(Reader(request.user, request.texts, run.profile), run),
        "rows": rows,
        "found": min(found, CAPPED),
        "is_capped": found > CAPPED,
        "capacity": capacity,
        "next": filters.query(after=rows[-1].position, run=run.run_id) if has_more else "",
        "is_first": not after,
        "first": filters.query(),
        "carried": carried(filters.query()),
        "views": saved_views(request.user, filters),
        "gives": request.user.role in APPROVES,
        "decides": request.user.role in DECIDES,
        "token": uuid.uuid4().hex,
        "most_in_bulk": policy.decisions.most_in_bulk,
        "most_in_a_sheet": policy.exports.xlsx_rows if found > min(CAPPED, policy.exports.xlsx_rows) else 0,
    }
    return render(request, "list_rows.html" if is_part else "risk_list.html", context)


def _add_details(rows: list[Ranked], run: PublishedRun, user: Any) -> None:
    """Add to each row its top reasons, its case and whether the user has viewed it. Three queries for any number of rows."""
    reasons: dict[int, list[Any]] = {}
    for reason in read_reasons(run, position__in=[row.position for row in rows], reason_rank__lte=TOP_REASONS):
        reasons.setdefault(reason.position, []).append(reason)
    ids = [row.entity_id for row in rows]
    visible = Case.objects.visible_to(user).filter(entity_id__in=ids).select_related("assigned_to")
    cases = {case.entity_id: case for case in visible}
    looks, today, policy = looks_of(user, ids), current_date(), policy_of(run.profile)
    for row in rows:
        row.top_reasons = reasons.get(row.position, [])
        case = cases.get(row.entity_id)
        row.state = case.state if case else State.TO_REVIEW if row.is_listed else ""
        row.assigned_to = case.assigned_to if case else None
        row.days_overdue = days_overdue(case, today, policy) if case else 0
        row.mark = seen_mark(row, looks) if row.is_listed else ""
        row.moved = row.previous_position - row.position if row.previous_position else 0


def _mark_capacity_line(rows: list[Ranked], after: int, run: PublishedRun) -> None:
    """Mark the first row beyond the capacity. Listed entities have the first positions."""
    for at, row in enumerate(rows):
        before = rows[at - 1].position if at else after
        row.is_beyond = 0 < before <= run.listed < row.position


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0
