"""Decisions about one entity, steps of a case, bulk decisions, undo, and the hand-over of open cases."""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import partial
from hashlib import blake2s
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from console.apps.accounts.roles import APPROVES, DECIDES
from console.apps.audit.chain import record_event
from console.apps.audit.models import Kind
from console.apps.decisions.decide import act_on_case, decide, newest_step, undo, why_refused
from console.apps.decisions.hand_over import hand_over
from console.apps.decisions.models import Case, Decision
from console.apps.decisions.permissions import check_user_can
from console.apps.decisions.states import Action, Refused
from console.apps.ranking.models import PublishedRun, Ranked
from console.apps.ranking.runs import current_run, ranked_of
from console.core.policy import policy_of
from console.web.access import for_roles, note_search, show_refusal
from console.web.forms.decisions import FORMS, STEPS, CaseForm, HandOverForm
from console.web.queries.filtered_list import Filtered, came_from, carried, next_case
from console.web.queries.list_filters import Filters
from console.web.views.entity import find_entity, render_entity
from console.web.views.risk_list import CAPPED, run_of

Outcomes = list[tuple[Any, str]]
"""Entities or cases of a bulk action, each with the reason of the refusal; empty if it was done."""


@require_POST
@for_roles(DECIDES)
def decide_one(request: HttpRequest, entity_id: str, action: str) -> HttpResponse:
    """Decide about one entity. A refusal is shown on its page and recorded."""
    if action not in FORMS:
        raise Http404
    run, entity = find_entity(request, entity_id)
    form = FORMS[Action(action)](request.texts, request.POST, user=request.user, auto_id=f"{action}_%s")
    if not form.is_valid():
        return render_entity(request, run, entity, forms={Action(action): form}, status=422)
    if form.cleaned_data["run_id"] != run.run_id:
        return _refuse(request, entity, "refused.changed")
    try:
        decision = decide(request.user, entity, run.run_id, form.wanted())
    except Refused as error:
        return _refuse(request, entity, error.why)
    return _continue(request, run, entity, request.texts(f"message.{decision.action}"))


def _continue(request: HttpRequest, run: PublishedRun, entity: Ranked, message: str) -> HttpResponse:
    """Return to the entity's page, or, for users who work through a list and chose so, go to the next entity to review."""
    comes_from_list, query = "list" in request.POST, came_from(request.POST)
    url = reverse("entity", args=[entity.entity_id]) + (f"?{carried(query)}" if comes_from_list else "")
    if not (comes_from_list and request.user.goes_on):
        messages.success(request, message)
        return redirect(url)
    messages.success(request, format_html('{} <a href="{}">{}</a>', message, url, entity.name))
    following = next_case(request, run, entity, query)
    if following is None:
        messages.info(request, request.texts("message.no_next"))
        return redirect(f"{reverse('risk_list')}?{query}")
    return redirect(f"{reverse('entity', args=[following.entity_id])}?{carried(query)}")


@require_POST
@for_roles(DECIDES)
def take_step(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Approve or refuse a proposed dismissal, or reopen a case."""
    if action not in STEPS:
        raise Http404
    case = get_object_or_404(Case.objects.visible_to(request.user), pk=pk)
    form = STEPS[Action(action)](request.texts, request.POST, auto_id=f"{action}_%s")
    try:
        if not form.is_valid():
            check_user_can(request.user, Action(action), case)
            return render_entity(request, *find_entity(request, case.entity_id), forms={Action(action): form}, status=422)
        act_on_case(request.user, case, form.wanted())
    except Refused as error:
        return _refuse(request, case, error.why)
    messages.success(request, request.texts(f"message.{action}"))
    return redirect("supervisor") if request.POST.get("from") == "supervisor" else redirect("entity", entity_id=case.entity_id)


@require_POST
@for_roles(DECIDES)
def undo_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo the user's own newest decision."""
    decision = get_object_or_404(Decision, pk=pk, case__in=Case.objects.visible_to(request.user))
    try:
        undo(request.user, decision, f"undo:{decision.pk}")
    except Refused as error:
        return _refuse(request, decision.case, error.why)
    messages.success(request, request.texts("message.undo"))
    return redirect("entity", entity_id=decision.case.entity_id)


def _refuse(request: HttpRequest, about: Ranked | Case, why: str) -> HttpResponse:
    show_refusal(request, about, why)
    return redirect("entity", entity_id=about.entity_id)


@require_POST
@for_roles(DECIDES)
def decide_bulk(request: HttpRequest) -> HttpResponse:
    """Decide about many entities: show the filter and the number first, then decide entity by entity, as one batch."""
    filters = Filters.read(request.POST)
    action = request.POST.get("action", "")
    run = current_run()
    if action not in FORMS or run is None or run_of(filters) != run:
        raise Http404
    most = policy_of(run.profile).decisions.most_in_bulk
    chosen = _chosen(request, filters, run, most)
    is_sent = "token" in request.POST
    initial = {"token": uuid.uuid4().hex, "version": newest_step(), "run_id": run.run_id}
    form = FORMS[Action(action)](request.texts, request.POST if is_sent else None, initial=initial, user=request.user)
    context = {
        "run": run,
        "filters": filters,
        "tags": filters.tags(),
        "action": action,
        "form": form,
        "rows": chosen,
        "most": most,
    }
    note_search(request, run, filters.given(), len(chosen), page="bulk", entities=[entity.entity_id for entity in chosen])
    if len(chosen) > most or not chosen:
        return render(request, "bulk.html", {**context, "is_refused": True, "count": min(len(chosen), CAPPED)}, status=422)
    if is_sent and form.is_valid() and form.cleaned_data["run_id"] != run.run_id:
        form.add_error(None, request.texts("refused.changed"))
    if not is_sent or not form.is_valid():
        return render(request, "bulk.html", {**context, "count": len(chosen)}, status=422 if is_sent else 200)
    batch = form.cleaned_data["token"][:32]
    outcomes = _decide_all(request, run, chosen, form, batch)
    detail = {"bulk": action, "filters": filters.given(), "asked": len(chosen), "done": _number_done(outcomes)}
    record_event(Kind.DECIDED, request.user, run_id=run.run_id, batch=batch, detail=detail)
    return _bulk_done(request, outcomes, action, batch, filters)


def _chosen(request: HttpRequest, filters: Filters, run: PublishedRun, most: int) -> list[Ranked]:
    """The ticked entities, or all listed ones of the filter; at most one more than ``most``."""
    ranked = ranked_of(run, request.user)
    if request.POST.get("scope") == "all":
        return list(Filtered.by(filters, run, request.user).rows(until=run.listed, most=most + 1))
    ticked = [name.replace("\x00", "") for name in request.POST.getlist("entity")[: most + 1]]
    return list(ranked.filter(entity_id__in=ticked).order_by("position"))


def _decide_all(request: HttpRequest, run: PublishedRun, chosen: list[Ranked], form: CaseForm, batch: str) -> Outcomes:
    """Decide about each entity. A refusal does not stop the others."""
    outcomes: Outcomes = []
    wanted = form.wanted()
    for entity in chosen:
        token = f"{batch}:{blake2s(entity.entity_id.encode(), digest_size=15).hexdigest()}"
        own = replace(wanted, token=token, version=None, seen=wanted.version, batch=batch)
        outcomes.append((entity, why_refused(partial(decide, request.user, entity, run.run_id, own))))
    return outcomes


@require_POST
@for_roles(DECIDES)
def undo_bulk(request: HttpRequest) -> HttpResponse:
    """Undo the decisions of a batch that no later step followed."""
    batch = request.POST.get("batch", "").replace("\x00", "")[:32]
    decisions = Decision.objects.filter(batch=batch, actor=request.user, case__in=Case.objects.visible_to(request.user))
    outcomes = [
        (decision.case, why_refused(partial(undo, request.user, decision, f"undo:{decision.pk}", batch=batch)))
        for decision in (decisions.exclude(action=Action.UNDO).select_related("case") if batch else ())
    ]
    return _bulk_done(request, outcomes, "undo", "")


@require_POST
@for_roles(APPROVES)
def hand_over_open(request: HttpRequest) -> HttpResponse:
    """Assign a former colleague's open cases in the user's regions to one person, as one batch."""
    form = HandOverForm(request.texts, request.POST, user=request.user)
    if not form.is_valid():
        messages.error(request, request.texts("refused.form"))
        return redirect("supervisor")
    data = form.cleaned_data
    batch = data["token"][:32]
    outcomes = hand_over(request.user, data["person"], data["to"], batch)
    people = {"from": data["person"].username, "to": data["to"].username}
    detail = {"bulk": "hand_over", **people, "asked": len(outcomes), "done": _number_done(outcomes)}
    record_event(Kind.DECIDED, request.user, batch=batch, detail=detail)
    return _bulk_done(request, outcomes, Action.ASSIGN, batch)


def _bulk_done(request: HttpRequest, outcomes: Outcomes, action: str, batch: str, filters: Filters | None = None) -> HttpResponse:
    """The page with the outcome for each entity."""
    context = {"outcomes": outcomes, "done": _number_done(outcomes), "asked": len(outcomes), "batch": batch, "action": action}
    return render(request, "bulk_done.html", {**context, "filters": filters or Filters()})


def _number_done(outcomes: Outcomes) -> int:
    return sum(not why for _, why in outcomes)
