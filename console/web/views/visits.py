"""The user's planned visits, page by page; printed, each visit is a sheet to fill in."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.paginator import Paginator
from django.db.models import F, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from console.apps.accounts.roles import DECIDES
from console.apps.decisions import catalogue
from console.apps.decisions.models import Case
from console.apps.decisions.policies import days_overdue
from console.apps.decisions.results import newest_decisions
from console.apps.decisions.states import Action, State
from console.apps.ranking.current_policy import current_date
from console.apps.ranking.models import PublishedRun
from console.apps.ranking.runs import among, current_run, ranked_of
from console.core.policy import policy_of
from console.web.access import for_roles, note_view
from console.web.queries.past_runs import shown_at_decision

ON_PAPER = ("no_visit", "severity", "right")
"""The kinds of the catalogue that the sheet offers as tick boxes, like the form for the result."""
WHEN = ("overdue", "this_week", "later")
"""The parts of the page, by due date."""
SHEETS = 20
"""Visits on a page: about two days of work."""


@for_roles(DECIDES)
def visits(request: HttpRequest) -> HttpResponse:
    """Visits by due date, with their reasons and the checklists of their campaigns."""
    today = current_date()
    mine = Case.objects.visible_to(request.user).filter(state=State.VISIT_PLANNED, assigned_to=request.user)
    page = Paginator(mine.order_by(F("due_on").asc(nulls_last=True), "pk"), SHEETS).get_page(request.GET.get("page"))
    run, cases = current_run(), list(page)
    if run is not None:
        _add_details(request, run, cases)
        _add_blanks(request, cases)
    note_view(request, "visits", run=run, entities=[case.entity_id for case in cases])
    groups = [(name, [case for case in cases if _when(case.due_on, today) == name]) for name in WHEN]
    return render(request, "visits.html", {"groups": groups, "page": page, "run": run, "today": today})


def _when(due_on: date | None, today: date) -> str:
    if due_on is None or due_on > today + timedelta(days=7):
        return "later"
    return "overdue" if due_on < today else "this_week"


def _add_details(request: HttpRequest, run: PublishedRun, cases: list[Case]) -> None:
    """Add to each case its entity in the newest run, the decision to visit, and what was shown with that decision."""
    ranked = ranked_of(run, request.user)
    ids = among(ranked.db, (case.entity_id for case in cases))
    entities = {entity.entity_id: entity for entity in ranked.filter(entity_id__in=ids)}
    planned, today, limits = newest_decisions(cases, Action.VISIT), current_date(), policy_of(run.profile)
    prefetch_related_objects(list(planned.values()), "campaign")
    shown = shown_at_decision(planned.values())
    for case in cases:
        case.days_overdue = days_overdue(case, today, limits)
        case.entity = entities.get(case.entity_id)
        case.planned = planned.get(case.pk)
        case.seen = shown.get(case.planned.pk) if case.planned else None


def _add_blanks(request: HttpRequest, cases: list[Case]) -> None:
    """Add the blank form to each case. It is rendered once for each number of reasons."""
    context = {"texts": request.texts, "ticked": {kind: catalogue.choices(kind, request.texts.language) for kind in ON_PAPER}}
    blanks: dict[int, SafeString] = {}
    for case in cases:
        count = len(case.seen.reasons) if case.seen else 0
        if count not in blanks:
            blanks[count] = render_to_string("visit_blanks.html", {**context, "numbers": range(1, count + 1)})
        case.blanks = blanks[count]
