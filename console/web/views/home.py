"""Home, the result of a visit, and the page of supervisors."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from console.apps.accounts.models import User
from console.apps.accounts.roles import APPROVES, DECIDES
from console.apps.appeals.appeals import appeals_of
from console.apps.decisions.hand_over import open_cases_by_person
from console.apps.decisions.models import Case, Result
from console.apps.decisions.permissions import assignable_users, check_user_can, user_can
from console.apps.decisions.policies import check_case_allows, days_overdue, overdue
from console.apps.decisions.results import current_result, decided_on, newest_decisions, planned_visit, record_result
from console.apps.decisions.states import Action, Refused, State
from console.apps.desk.looks import UNSEEN
from console.apps.ranking.current_policy import current_date, current_policy
from console.apps.ranking.models import PublishedRun, Reason
from console.apps.ranking.runs import current_run
from console.core import clock
from console.publishing.movement import CAME
from console.web.access import for_roles, note_refusal, note_view
from console.web.forms.decisions import HandOverForm, step_forms
from console.web.forms.results import ResultForm, answers_of
from console.web.queries.filtered_list import Filtered
from console.web.queries.list_filters import Filters
from console.web.queries.past_runs import shown_at_decision
from console.web.queries.visit_results import hit_rates

HIT_DAYS = 90
MAX_SHOWN = 100


def home(request: HttpRequest) -> HttpResponse:
    """News, open tasks, and the hit rate of the user's visits."""
    run = current_run()
    if run is None:
        return render(request, "nothing_published.html")
    if not request.user.may_read_list:
        return render(request, "home.html", {"run": run})
    today = current_date()
    cases = Case.objects.visible_to(request.user)
    mine = cases.filter(assigned_to=request.user, state=State.VISIT_PLANNED)
    results = Result.objects.current().filter(
        decision__actor=request.user, visit_status="inspected", decision__at__gte=clock.now() - timedelta(days=HIT_DAYS)
    )
    appeals = appeals_of(request.user).filter(answer=None)
    visits, hits = results.count(), results.filter(found_violation=True).count()
    context = {
        "run": run,
        "passed": sum(source["verdict"] in CAME for source in run.sources),
        "sources": len(run.sources),
        "late": [source for source in run.sources if source["verdict"] not in CAME],
        "to_review": _count(request, run, Filters(state=State.TO_REVIEW)),
        "deferred": cases.filter(state=State.DEFERRED).count(),
        "waking": cases.filter(state=State.DEFERRED, wake_on__lte=today + timedelta(days=7)).count(),
        "given": cases.filter(assigned_to=request.user, state=State.TO_REVIEW).count(),
        "unseen": _count(request, run, Filters(seen=UNSEEN)),
        "overdue": overdue(mine, today).count(),
        "planned": mine.count(),
        "waiting": cases.filter(state=State.DISMISSAL_PROPOSED).count(),
        "appeals": appeals.count(),
        "late_appeals": appeals.filter(due_on__lt=today).count(),
        "late_cases": overdue(cases, today).count(),
        "visits": visits,
        "hits": hits,
        "hit_days": HIT_DAYS,
        "decides": request.user.role in DECIDES,
        "approves": request.user.role in APPROVES,
    }
    return render(request, "home.html", context)


def _count(request: HttpRequest, run: PublishedRun, filters: Filters) -> int:
    """The number of entities in the filtered list."""
    return Filtered.by(filters, run, request.user).count()[0]


@for_roles(DECIDES)
def result(request: HttpRequest, pk: int) -> HttpResponse:
    """Record or correct the result of a visit."""
    case = get_object_or_404(Case.objects.visible_to(request.user), pk=pk)
    try:
        corrected = current_result(case)
        action = Action.CORRECT if corrected is not None else Action.RECORD
        check_user_can(request.user, action, case)
        check_case_allows(action, State(case.state))
    except Refused as error:
        return _refuse_result(request, case, error)
    note_view(request, "result", entity=case)
    form = ResultForm(
        request.texts,
        _reasons_seen(case),
        decided_on(planned_visit(case)),
        request.POST or None,
        initial={"token": uuid.uuid4().hex, "version": case.version}
        | (answers_of(corrected) if corrected else {"inspected_on": current_date()}),
    )
    if request.method == "POST" and form.is_valid():
        try:
            record_result(request.user, case, form.cleaned_data, form.verdicts())
        except Refused as error:
            return _refuse_result(request, case, error)
        messages.success(request, request.texts(f"message.{action}"))
        return redirect("visits" if action == Action.RECORD else reverse("entity", args=[case.entity_id]))
    context = {"form": form, "case": case, "action": action, "planned": planned_visit(case)}
    return render(request, "result.html", context, status=422 if form.errors else 200)


def _refuse_result(request: HttpRequest, case: Case, error: Refused) -> HttpResponse:
    """Show the reason. Only a submitted form is recorded as refused."""
    if request.method == "POST":
        note_refusal(request, case, error.why)
    messages.error(request, request.texts(error.why, **error.values))
    return redirect("entity", entity_id=case.entity_id)


def _reasons_seen(case: Case) -> list[Reason]:
    """The reasons that were shown when the visit was decided."""
    planned = planned_visit(case)
    shown = shown_at_decision([planned]).get(planned.pk) if planned else None
    return shown.reasons if shown else []


@for_roles(APPROVES)
def supervisor(request: HttpRequest) -> HttpResponse:
    """Proposed dismissals, overdue cases, the workload of each person, open cases of former colleagues, and hit rates."""
    cases = Case.objects.visible_to(request.user)
    waiting = list(cases.filter(state=State.DISMISSAL_PROPOSED).select_related("proposed_by").order_by("due_on"))
    proposals = newest_decisions(waiting, Action.PROPOSE)
    for case in waiting:
        case.proposal = proposals.get(case.pk)
        case.may_approve = user_can(request.user, Action.APPROVE, case)
        case.steps = step_forms(request.texts, case, prefix=f"step_{case.pk}_")
    today, run = current_date(), current_run()
    people = User.objects.filter(Q(pk__in=assignable_users(request.user)) | Q(pk=request.user.pk))
    load = (
        cases.filter(state=State.VISIT_PLANNED)
        .values("assigned_to")
        .annotate(planned=Count("id"), overdue=Count("id", filter=Q(due_on__lt=today)))
    )
    by_person = {row["assigned_to"]: row for row in load}
    late = overdue(cases, today)
    late_shown, limits = list(late.select_related("assigned_to", "proposed_by")[:MAX_SHOWN]), current_policy()
    for case in (*waiting, *late_shown):
        case.days_overdue = days_overdue(case, today, limits)
    context = {
        "left": [(person, number, _hand_over_form(request, person)) for person, number in open_cases_by_person(request.user)],
        "waiting": waiting,
        "late": late_shown,
        "late_count": late.count(),
        "nobodys": by_person.get(None),
        "people": [(person, by_person.get(person.pk, {"planned": 0, "overdue": 0})) for person in people],
        "found": hit_rates(request.user, run, request.language),
        "run": run,
    }
    note_view(request, "supervisor")
    return render(request, "supervisor.html", context)


def _hand_over_form(request: HttpRequest, person: User) -> HandOverForm:
    initial = {"token": uuid.uuid4().hex, "person": person.pk}
    return HandOverForm(request.texts, initial=initial, user=request.user, auto_id=f"left_{person.pk}_%s")
