"""Where decisions are sent: one entity, or many at once.

Where a supervisor hands on what somebody leaves open who can no longer do it.
"""

from __future__ import annotations

import uuid
from hashlib import blake2s
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from console.apps.accounts.roles import APPROVES, DECIDES
from console.apps.audit.chain import append
from console.apps.audit.events import event_facts
from console.apps.audit.models import Kind
from console.apps.decisions.decide import DecisionInput, act_on_case, decide, newest_step, undo
from console.apps.decisions.hand_over import hand_over
from console.apps.decisions.models import Case, Decision
from console.apps.decisions.permissions import NotAllowed, check_user_can
from console.apps.decisions.policies import NotPossible
from console.apps.decisions.states import Action
from console.apps.ranking.models import PublishedRun, Ranked
from console.apps.ranking.runs import current_run, ranked_of
from console.core.policy import policy_of
from console.web.access import for_roles, note_refusal, note_search
from console.web.forms.decisions import FORMS, STEPS, HandOver, Sent
from console.web.queries.list_filters import Filters
from console.web.queries.list_query import Filtered, came_from, carried, next_case
from console.web.views.entity import find, show
from console.web.views.risk_list import CAPPED, run_of


@require_POST
@for_roles(DECIDES)
def decide_one(request: HttpRequest, entity_id: str, action: str) -> HttpResponse:
    """A decision about one entity; what is refused is said on its page, and kept."""
    if action not in FORMS:
        raise Http404
    run, entity = find(request, entity_id)
    form = FORMS[Action(action)](request.texts, request.POST, user=request.user, auto_id=f"{action}_%s")
    if not form.is_valid():
        return show(request, run, entity, forms={Action(action): form}, status=422)
    if form.cleaned_data["run_id"] != run.run_id:
        return _refuse(request, entity, "refused.changed")
    try:
        decision = decide(request.user, entity, run.run_id, form.wanted())
    except (NotAllowed, NotPossible) as error:
        return _refuse(request, entity, error.why)
    return _go_on(request, run, entity, request.texts(f"message.{decision.action}"))


def _go_on(request: HttpRequest, run: PublishedRun, entity: Ranked, said: str) -> HttpResponse:
    """Back to the entity's page, or, for whoever works through a list and wishes so, on to the next to review."""
    there = reverse("entity", args=[entity.entity_id])
    if "list" not in request.POST:
        messages.success(request, said)
        return redirect(there)
    query = came_from(request.POST)
    there = f"{there}?{carried(query)}"
    if not request.user.goes_on:
        messages.success(request, said)
        return redirect(there)
    follows = next_case(request, run, entity, query)
    messages.success(request, format_html('{} <a href="{}">{}</a>', said, there, entity.name))
    if follows is None:
        messages.info(request, request.texts("message.no_next"))
        return redirect(f"{reverse('risk_list')}?{query}")
    return redirect(f"{reverse('entity', args=[follows.entity_id])}?{carried(query)}")


@require_POST
@for_roles(DECIDES)
def step(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Approve or refuse a proposed dismissal, or reopen a case."""
    if action not in STEPS:
        raise Http404
    case = get_object_or_404(Case.objects.visible_to(request.user), pk=pk)
    form = STEPS[Action(action)](request.texts, request.POST, auto_id=f"{action}_%s")
    try:
        if not form.is_valid():
            check_user_can(request.user, Action(action), case)
            return show(request, *find(request, case.entity_id), forms={Action(action): form}, status=422)
        act_on_case(request.user, case, form.wanted())
    except (NotAllowed, NotPossible) as error:
        return _refuse(request, case, error.why)
    messages.success(request, request.texts(f"message.{action}"))
    return redirect("supervisor" if request.POST.get("from") == "supervisor" else "entity", **_entity(request, case))


def _entity(request: HttpRequest, case: Case) -> dict[str, str]:
    return {} if request.POST.get("from") == "supervisor" else {"entity_id": case.entity_id}


@require_POST
@for_roles(DECIDES)
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own newest decision back."""
    decision = get_object_or_404(Decision, pk=pk, case__in=Case.objects.visible_to(request.user))
    try:
        undo(request.user, decision, f"undo:{decision.pk}")
    except (NotAllowed, NotPossible) as error:
        return _refuse(request, decision.case, error.why)
    messages.success(request, request.texts("message.undo"))
    return redirect("entity", entity_id=decision.case.entity_id)


def _refuse(request: HttpRequest, about: Ranked | Case, why: str) -> HttpResponse:
    """Say why, and keep that it was tried."""
    note_refusal(request, about, why)
    messages.error(request, request.texts(why))
    return redirect("entity", entity_id=about.entity_id)


@require_POST
@for_roles(DECIDES)
def bulk(request: HttpRequest) -> HttpResponse:
    """One decision for many: first the exact filter and number are shown, then it is done, row by row, as one batch."""
    filters = Filters.read(request.POST)
    action = request.POST.get("action", "")
    run = current_run()
    if action not in FORMS or run is None or run_of(filters) != run:
        raise Http404
    limits = policy_of(run.profile)
    chosen = _chosen(request, filters, run, limits.most_in_bulk)
    form_class = FORMS[Action(action)]
    is_sent = "token" in request.POST
    initial = {"token": uuid.uuid4().hex, "version": newest_step(), "run_id": run.run_id}
    form = form_class(request.texts, request.POST if is_sent else None, initial=initial, user=request.user)
    context = {
        "run": run,
        "filters": filters,
        "tags": filters.tags(),
        "action": action,
        "form": form,
        "rows": chosen,
        "most": limits.most_in_bulk,
    }
    entities = [entity.entity_id for entity in chosen]
    note_search(request, run, filters.given(), len(chosen), page="bulk", entities=entities)
    if len(chosen) > limits.most_in_bulk or not chosen:
        return render(request, "bulk.html", {**context, "is_refused": True, "count": min(len(chosen), CAPPED)}, status=422)
    if is_sent and form.is_valid() and form.cleaned_data["run_id"] != run.run_id:
        form.add_error(None, request.texts("refused.changed"))
    if not is_sent or not form.is_valid():
        return render(request, "bulk.html", {**context, "count": len(chosen)}, status=422 if is_sent else 200)
    batch = form.cleaned_data["token"][:32]
    outcomes = _do_all(request, run, chosen, form, batch)
    done = sum(not why for _, why in outcomes)
    append(
        [
            event_facts(
                Kind.DECIDED,
                request.user,
                run_id=run.run_id,
                batch=batch,
                detail={"bulk": action, "filters": filters.given(), "asked": len(chosen), "done": done},
            )
        ]
    )
    return render(
        request,
        "bulk_done.html",
        {"outcomes": outcomes, "done": done, "asked": len(chosen), "batch": batch, "action": action, "filters": filters},
    )


def _chosen(request: HttpRequest, filters: Filters, run: PublishedRun, most: int) -> list[Ranked]:
    """The entities ticked, or all that the filter leaves; one more than may be, when there are more."""
    ranked = ranked_of(run, request.user)
    if request.POST.get("scope") == "all":
        return list(Filtered.by(filters, run, request.user).rows(until=run.listed, most=most + 1))
    ticked = [name.replace("\x00", "") for name in request.POST.getlist("entity")[: most + 1]]
    return list(ranked.filter(entity_id__in=ticked).order_by("position"))


def _do_all(request: HttpRequest, run: PublishedRun, chosen: list[Ranked], form: Sent, batch: str) -> list[tuple[Ranked, str]]:
    """Each entity with why it was refused, empty where it was done. One that is refused stops no other."""
    outcomes = []
    wanted = form.wanted()
    for entity in chosen:
        own = DecisionInput(
            wanted.action,
            f"{batch}:{blake2s(entity.entity_id.encode(), digest_size=15).hexdigest()}",
            seen=wanted.version,
            reason=wanted.reason,
            chosen=wanted.chosen,
            comment=wanted.comment,
            wake_on=wanted.wake_on,
            wake_condition=wanted.wake_condition,
            assigned_to=wanted.assigned_to,
            batch=batch,
        )
        try:
            decide(request.user, entity, run.run_id, own)
        except (NotAllowed, NotPossible) as error:
            outcomes.append((entity, error.why))
        else:
            outcomes.append((entity, ""))
    return outcomes


@require_POST
@for_roles(DECIDES)
def take_back_bulk(request: HttpRequest) -> HttpResponse:
    """Take back what a bulk decision did, as far as nothing followed."""
    batch = request.POST.get("batch", "").replace("\x00", "")[:32]
    decisions = Decision.objects.filter(batch=batch, actor=request.user, case__in=Case.objects.visible_to(request.user))
    outcomes: list[tuple[Any, str]] = []
    for decision in decisions.exclude(action=Action.UNDO).select_related("case") if batch else ():
        try:
            with transaction.atomic():
                undo(request.user, decision, f"undo:{decision.pk}", batch=batch)
        except (NotAllowed, NotPossible) as error:
            outcomes.append((decision.case, error.why))
        else:
            outcomes.append((decision.case, ""))
    done = sum(not why for _, why in outcomes)
    context = {"outcomes": outcomes, "done": done, "asked": len(outcomes), "batch": "", "action": "undo", "filters": Filters()}
    return render(request, "bulk_done.html", context)


@require_POST
@for_roles(APPROVES)
def hand_over_open(request: HttpRequest) -> HttpResponse:
    """All that one such person leaves open in the user's regions, to one colleague, as one batch."""
    form = HandOver(request.texts, request.POST, user=request.user)
    if not form.is_valid():
        messages.error(request, request.texts("refused.form"))
        return redirect("supervisor")
    said = form.cleaned_data
    batch = said["token"][:32]
    outcomes = hand_over(request.user, said["person"], said["to"], batch)
    done = sum(not why for _, why in outcomes)
    detail = {"bulk": "hand_over", "from": said["person"].username, "to": said["to"].username, "asked": len(outcomes), "done": done}
    append([event_facts(Kind.DECIDED, request.user, batch=batch, detail=detail)])
    context = {"outcomes": outcomes, "done": done, "asked": len(outcomes), "batch": batch, "action": Action.ASSIGN}
    return render(request, "bulk_done.html", {**context, "filters": Filters()})
