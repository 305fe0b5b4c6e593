"""An entity's page: its reasons, peers, trend and record on the left, what was and can be decided on the right.

What was decided of an entity, in one timeline with what the lake knows of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from console.apps.accounts.roles import DECIDES, READS_LIST, SEES_WHO_DECIDED
from console.apps.decisions.models import Case, Decision
from console.apps.decisions.permissions import user_can
from console.apps.decisions.policies import NotPossible, case_allows, check_undo, days_overdue, needs_two_people
from console.apps.decisions.states import Action, State
from console.apps.desk.looks import PAGE
from console.apps.evidence.read import MOST_EVENTS, TimelineEvent, timeline, trend
from console.apps.ranking.current_policy import current_date
from console.apps.ranking.models import PublishedRun, Ranked, Reason
from console.apps.ranking.runs import alias_of, current_run, ranked_of, shared_identifiers_of
from console.core import clock
from console.core.policy import Policy, policy_of
from console.web.access import for_roles, note_view
from console.web.forms.decisions import decision_forms, step_forms
from console.web.queries.list_query import came_from, carried, next_case
from console.web.queries.past_runs import visible_now
from console.web.queries.reasons import legal_basis, reasons_with_details
from jobs.texts.names import definition

DECISION = "decision"
"""What such an event is, beside the kinds that the lake knows."""


@dataclass(frozen=True)
class Decided:
    """A step of the entity's case, on the day on which it was taken where the profile is; whether it was taken back since."""

    decision: Decision
    happened_on: date
    is_undone: bool
    kind: str = DECISION


def with_decisions(
    events: Iterable[TimelineEvent], history: Iterable[Decision], run: PublishedRun, zone: ZoneInfo, *, is_newest: bool
) -> list[TimelineEvent | Decided]:
    """The newest first; of a day the decisions before what the lake has, since what was decided followed from that.

    Args:
        events: of the entity, the newest first, as :func:`console.apps.evidence.read.timeline` gives them.
        history: all steps of its case, the newest first; of a case that the reader may see.
        run: the run that is shown. Of one that is no longer the newest, what was decided as long as it was is told: the rest of the
            page, too, is as it was then.
        zone: where the profile is.
        is_newest: whether the run is the newest.
    """
    steps = list(history)
    if not is_newest:
        until = _shown_until(run)
        steps = [step for step in steps if step.at < until or step.run_id == run.run_id]
    undone = {step.undoes_id for step in steps if step.undoes_id is not None}
    found: list[TimelineEvent | Decided] = [Decided(step, step.at.astimezone(zone).date(), step.pk in undone) for step in steps]
    found += events
    return sorted(found, key=lambda event: event.happened_on or date.min, reverse=True)[:MOST_EVENTS]


def _shown_until(run: PublishedRun) -> datetime:
    """When another took the run's place; of one that was published behind a newer one, never shown as the newest, when it came."""
    later = PublishedRun.objects.filter(as_of__gte=run.as_of, published_at__gt=run.published_at).order_by("published_at")
    at: datetime = later.values_list("published_at", flat=True).first() or run.published_at
    return at


PEERS = 8


def find(request: HttpRequest, entity_id: str, run_id: str = "") -> tuple[PublishedRun, Ranked]:
    """The run and the entity in it, if the user may see it.

    Raises:
        Http404: when there is no such run or entity, or it is now of a region that is not the user's: nobody learns which.
    """
    run = PublishedRun.objects.filter(run_id=run_id).first() if run_id else current_run()
    # PostgreSQL takes no text with a NUL, not even to find that nothing is called so.
    if run is None or "\x00" in entity_id:
        raise Http404
    entity = Ranked.objects.using(alias_of(run.run_id)).filter(entity_id=entity_id).first()
    if entity is None or entity_id not in visible_now(request.user, run, [entity_id]):
        raise Http404
    return run, entity


@for_roles(READS_LIST)
def entity(request: HttpRequest, entity_id: str) -> HttpResponse:
    """The page, as of the newest run, or of the one that the URL names: as it was when somebody decided."""
    run, shown = find(request, entity_id, request.GET.get("run", "").replace("\x00", "")[:64])
    return show(request, run, shown)


def show(
    request: HttpRequest, run: PublishedRun, shown: Ranked, *, forms: dict[Action, Any] | None = None, status: int = 200
) -> HttpResponse:
    """The page, noted for the audit: also where a form that is not right brings it back, or a wrong form would be a way round."""
    standing = {"risk_class": shown.risk_class, "credit_points": shown.credit_points}
    newest = current_run()
    page = PAGE if newest is not None and newest.run_id == run.run_id else "entity as it was"
    note_view(request, page, run=run, entity=shown, position=shown.position, **standing)
    return render(request, "entity.html", context_of(request, run, shown, forms), status=status)


def context_of(request: HttpRequest, run: PublishedRun, shown: Ranked, forms: dict[Action, Any] | None = None) -> dict[str, Any]:
    """All that the page shows; ``forms`` are those that were sent and are not right."""
    limits = policy_of(run.profile)
    newest = current_run()
    is_newest = newest is not None and newest.run_id == run.run_id
    case = Case.objects.visible_to(request.user).filter(entity_id=shown.entity_id).first()
    state = State(case.state) if case else State.TO_REVIEW
    standing = case or Case(entity_id=shown.entity_id)
    allowed = [
        action
        for action in (Action.VISIT, Action.DEFER, Action.DISMISS, Action.ASSIGN)
        if is_newest and case_allows(action, state) and user_can(request.user, action, standing)
    ]
    history = _history(request, case, limits)
    version = case.version if case else 0
    zone = ZoneInfo(limits.time_zone)
    cutoff = datetime.combine(run.as_of + timedelta(days=1), time.min, tzinfo=zone).astimezone(UTC)
    classes = {str(letter): int(bound) for letter, bound in run.profile.get("classes", {}).items()}
    asked = request.POST if request.method == "POST" else request.GET
    query = came_from(asked)
    near = list(ranked_of(run, request.user).filter(peer_group=shown.peer_group).exclude(pk=shown.pk).order_by("position")[:PEERS])
    here = visible_now(request.user, run, [peer.entity_id for peer in near]) if not is_newest else {peer.entity_id for peer in near}
    follows = next_case(request, run, shown, query) if "list" in asked and is_newest else None
    return {
        "list_query": query,
        "comes_from_list": "list" in asked,
        "carried": carried(query),
        "next": follows,
        "run": run,
        "newest": newest,
        "is_newest": is_newest,
        "entity": shown,
        "moved": shown.previous_position - shown.position if shown.previous_position else 0,
        "reasons": _reasons(run, shown, request.language, limits),
        "near": [peer for peer in near if peer.entity_id in here],
        "ties": _ties(request, run, shown),
        "trend": trend(shown.entity_id, run.as_of, classes),
        "timeline": with_decisions(
            timeline(shown.entity_id, cutoff=cutoff, as_of=run.as_of), history, run, zone, is_newest=is_newest
        ),
        "most_events": MOST_EVENTS,
        "appeals": case.appeals.select_related("answer").order_by("-received_on", "-id") if case else (),
        "may_appeal": is_newest and request.user.role in DECIDES,
        "case": case,
        "state": state,
        "days_overdue": days_overdue(case, current_date(), limits) if case else 0,
        "sent_form": next(iter((forms or {}).values()), None),
        "forms": decision_forms(request, allowed, version, run.run_id, uuid.uuid4().hex, sent=forms),
        "two_people": needs_two_people(shown.risk_class, limits),
        "history": history,
        "sees_who": request.user.role in SEES_WHO_DECIDED,
        "steps": step_forms(request.texts, standing, sent=forms),
        "may_reopen": case is not None and case_allows(Action.REOPEN, state) and user_can(request.user, Action.REOPEN, case),
        "may_approve": case is not None and state == State.DISMISSAL_PROPOSED and user_can(request.user, Action.APPROVE, case),
        "may_record": case is not None and state == State.VISIT_PLANNED and user_can(request.user, Action.RECORD, case),
        "may_correct": case is not None and case_allows(Action.CORRECT, state) and user_can(request.user, Action.CORRECT, case),
        "sources": {source["source"]: source for source in run.sources},
    }


def _reasons(run: PublishedRun, shown: Ranked, language: str, limits: Policy) -> list[Reason]:
    """The entity's reasons, each with what it is made of, how fresh that is, and by what law it may be looked into."""
    reasons = reasons_with_details(run, [shown]).get(shown.position, [])
    largest = max((abs(reason.contribution) for reason in reasons), default=1.0) or 1.0
    for reason in reasons:
        reason.share = round(abs(reason.contribution) / largest * 100)
        reason.code = reason.about.code if reason.about else ""
        reason.definition = definition(reason.indicator, language)
        reason.legal_basis = legal_basis(reason, limits, language)
    return reasons


def _ties(request: HttpRequest, run: PublishedRun, shown: Ranked) -> list[dict[str, Any]]:
    """By kind, with how many something is shared, and those of the user's regions among the first of them."""
    found = list(shared_identifiers_of(run).filter(position=shown.position))
    ranked = ranked_of(run, request.user).filter(entity_id__in=visible_now(request.user, run, {tie.other_id for tie in found}))
    others = {row.entity_id: row for row in ranked}
    kinds: dict[str, dict[str, Any]] = {}
    for tie in found:
        kind = kinds.setdefault(tie.kind, {"kind": tie.kind, "sharing": tie.sharing, "others": []})
        if tie.other_id in others:
            kind["others"].append(others[tie.other_id])
    for kind in kinds.values():
        kind["more"] = kind["sharing"] - len(kind["others"])
    return list(kinds.values())


def _history(request: HttpRequest, case: Case | None, limits: Any) -> list[Decision]:
    if case is None:
        return []
    history = list(case.decisions.select_related("actor", "result").order_by("-at", "-id"))
    for at, decision in enumerate(history):
        decision.may_undo = at == 0 and _may_undo(request, decision, limits)
    return history


def _may_undo(request: HttpRequest, decision: Decision, limits: Any) -> bool:
    try:
        check_undo(decision, request.user, clock.now(), limits)
    except NotPossible:
        return False
    return user_can(request.user, Action.UNDO, decision.case)
