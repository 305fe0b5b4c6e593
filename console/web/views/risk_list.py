"""The risk list: filters, a page by its keys, and the line where capacity ends."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from console.apps.accounts.jurisdiction import Level, visible_regions
from console.apps.accounts.roles import APPROVES, DECIDES, READS_LIST
from console.apps.campaigns.models import Campaign
from console.apps.decisions.models import Case
from console.apps.decisions.policies import days_overdue
from console.apps.decisions.states import State
from console.apps.desk.looks import looks_of, seen_mark
from console.apps.ranking.current_policy import current_date
from console.apps.ranking.models import CLASSES, PublishedRun, Ranked
from console.apps.ranking.runs import current_run, reasons_of, regions_of_listed
from console.core.policy import policy_of
from console.web.access import for_roles, note_search
from console.web.forms.decisions import colleagues
from console.web.queries.list_filters import ME, MOVED, NOBODY, SEEN, Filters
from console.web.queries.list_query import Filtered, carried
from console.web.queries.past_runs import visible_now
from console.web.views.saved_views import saved_views
from expectations.standards.hierarchies import Entry
from jobs.texts.languages import in_language
from jobs.texts.names import codes_of, indicator_names, sections_of

ROWS = 50
CAPPED = 10_000
LEVELS = (Level.TOP, Level.MIDDLE, Level.CODE)
TOP_REASONS = 2
MOST_CAMPAIGNS = 60
DAYS_OFFERED = 60


def run_of(filters: Filters) -> PublishedRun | None:
    """The run of the day that is asked for, by default the newest.

    Raises:
        Http404: when that day has none.
    """
    from datetime import date

    run = current_run(date.fromisoformat(filters.day) if filters.day else None)
    if run is None and filters.day:
        raise Http404
    return run


@for_roles(READS_LIST)
def risk_list(request: HttpRequest) -> HttpResponse:
    """A page of the list."""
    filters = Filters.read(request.GET)
    run = run_of(filters)
    if run is None:
        return render(request, "nothing_published.html")
    after = _whole(request.GET.get("after", "0"))
    if after and request.GET.get("run", run.run_id) != run.run_id:
        # Places of one list say nothing of another's: whoever read on would miss some entities and see others twice.
        messages.info(request, request.texts("list.changed"))
        return redirect(f"{reverse('risk_list')}?{filters.query()}")
    filtered = Filtered.by(filters, run, request.user)
    rows = list(filtered.rows(after=after, most=ROWS + 1))
    has_more, rows = len(rows) > ROWS, rows[:ROWS]
    if after or has_more:
        found, capacity = filtered.count(CAPPED + 1)
    else:
        found, capacity = len(rows), sum(row.is_listed for row in rows)
    _dress(rows, run, request.user)
    here = visible_now(request.user, run, [row.entity_id for row in rows]) if filters.day else None
    for row in rows:
        row.is_here = here is None or row.entity_id in here
    _draw_line(rows, after, run)
    note_search(request, run, filters.given(), found, after=after)
    policy = policy_of(run.profile)
    context = {
        "run": run,
        "filters": filters,
        "tags": filters.tags(),
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
        "most_in_bulk": policy.most_in_bulk,
        "most_in_a_sheet": policy.xlsx_rows if found > min(CAPPED, policy.xlsx_rows) else 0,
        **_offers(request, run, filters),
    }
    # Going back to a page that htmx does not hold any more asks for the whole of it.
    is_part = request.htmx and not request.htmx.history_restore_request
    return render(request, "list_rows.html" if is_part else "risk_list.html", context)


def _dress(rows: list[Ranked], run: PublishedRun, user: Any) -> None:
    """Give each row its top reasons, its case and what the user has seen of it; three queries, whatever the number of rows."""
    reasons: dict[int, list[Any]] = {}
    for reason in reasons_of(run).filter(position__in=[row.position for row in rows], reason_rank__lte=TOP_REASONS):
        reasons.setdefault(reason.position, []).append(reason)
    names = [row.entity_id for row in rows]
    cases = {
        case.entity_id: case for case in Case.objects.visible_to(user).filter(entity_id__in=names).select_related("assigned_to")
    }
    looks, today, policy = looks_of(user, names), current_date(), policy_of(run.profile)
    for row in rows:
        row.top_reasons = reasons.get(row.position, [])
        case = cases.get(row.entity_id)
        row.state = case.state if case else State.TO_REVIEW if row.is_listed else ""
        row.assigned_to = case.assigned_to if case else None
        row.days_overdue = days_overdue(case, today, policy) if case else 0
        row.mark = seen_mark(row, looks) if row.is_listed else ""
        row.moved = row.previous_position - row.position if row.previous_position else 0


def _draw_line(rows: list[Ranked], after: int, run: PublishedRun) -> None:
    """Mark the first row beyond the capacity line. The listed have the first positions, so their number tells where it is."""
    for at, row in enumerate(rows):
        before = rows[at - 1].position if at else after
        row.is_beyond = 0 < before <= run.listed < row.position


def _offers(request: HttpRequest, run: PublishedRun, filters: Filters) -> dict[str, Any]:
    """What the filters can be set to: regions of the user, and what the standards list."""
    language = request.language
    scheme, industries = str(run.profile.get("region_scheme", "")), str(run.profile.get("industry_scheme", ""))
    own = {place.code for place in request.user.regions() if place.code}
    shown = regions_of_listed(run)
    bounds = visible_regions(request.user)
    if bounds is not None:
        shown = frozenset(places for places in shown if {*bounds} & {*zip(LEVELS, places, strict=True)})
    inside = {code for places in shown for code in places[1:] if code}
    codes = sorted(inside | own | ({filters.region} if filters.region else set()))
    known = codes_of(scheme)
    days = PublishedRun.objects.filter(is_current=True).values_list("as_of", flat=True)[:DAYS_OFFERED]
    return {
        "regions": [(code, _indented(known[code], language) if code in known else code) for code in codes],
        "sections": sections_of(industries, language),
        "classes": CLASSES,
        "states": [*State],
        "moves": MOVED,
        "marks": SEEN,
        "whose": (ME, NOBODY),
        "people": [(str(person.pk), person.username) for person in colleagues(request.user)],
        "reasons": indicator_names(language),
        "campaigns": _campaigns(request.user, filters),
        "days": [(day.isoformat(), day.isoformat()) for day in days],
    }


def _indented(region: Entry, language: str) -> str:
    """A region's name as an option: those of the last level stand in, by spaces that browsers keep."""
    return "\u00a0\u00a0" * (region.level == 3) + in_language(region.names, language)


def _campaigns(user: Any, filters: Filters) -> list[tuple[str, str]]:
    """The newest campaigns, and the one that the list shows, by number and name."""
    seen = Campaign.objects.visible_to(user)
    shown = seen.filter(pk=int(filters.campaign)) if filters.campaign else seen.none()
    pairs = [*seen[:MOST_CAMPAIGNS], *shown]
    return list({str(campaign.pk): campaign.name for campaign in pairs}.items())


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0
