"""The page of an entity: reasons, peers, trend and timeline on the left, decisions on the right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from console.apps.accounts.roles import DECIDES, READS_LIST, SEES_WHO_DECIDED
from console.apps.decisions.models import Case, Decision
from console.apps.decisions.permissions import user_can
from console.apps.decisions.policies import NotPossible, case_allows, check_undo, days_overdue, needs_two_people
from console.apps.decisions.states import Action, State
from console.apps.desk.looks import PAGE
from console.apps.evidence.models import Event
from console.apps.evidence.read import MOST_EVENTS, timeline, trend
from console.apps.ranking.current_policy import current_date
from console.apps.ranking.models import PublishedRun, Ranked, Reason
from console.apps.ranking.runs import alias_of, current_run, ranked_of, shared_identifiers_of
from console.core import clock
from console.core.policy import Policy, policy_of
from console.web.access import for_roles, note_view
from console.web.forms.decisions import decision_forms, step_forms
from console.web.queries.filtered_list import came_from, carried, next_case
from console.web.queries.past_runs import visible_now
from console.web.queries.reasons import legal_basis, reasons_with_details
from jobs.texts.classes import class_lines, family_name
from jobs.texts.names import definition
from jobs.texts.reasons import better_in_words

PEERS = 8
DECISION = "decision"
"""The kind of a decision in the timeline, beside the kinds of events of the lake."""


@for_roles(READS_LIST)
def entity(request: HttpRequest, entity_id: str) -> HttpResponse:
    """The page for the newest run, or for the run in the URL: as it was when somebody decided."""
    run, shown = find_entity(request, entity_id, request.GET.get("run", "").replace("\x00", "")[:64])
    return render_entity(request, run, shown)


def find_entity(request: HttpRequest, entity_id: str, run_id: str = "") -> tuple[PublishedRun, Ranked]:
    """The run, by default the newest, and the entity in it.

    Raises:
        Http404: if there is no such run or entity, or the entity is now outside the user's regions. The answer does not say which.
    """
    run = PublishedRun.objects.filter(run_id=run_id).first() if run_id else current_run()
    # PostgreSQL rejects text with a NUL character, also in a comparison.
    if run is None or "\x00" in entity_id:
        raise Http404
    entity = Ranked.objects.using(alias_of(run.run_id)).filter(entity_id=entity_id).first()
    if entity is None or entity_id not in visible_now(request.user, run, [entity_id]):
        raise Http404
    return run, entity


def render_entity(
    request: HttpRequest, run: PublishedRun, shown: Ranked, *, forms: dict[Action, Any] | None = None, status: int = 200
) -> HttpResponse:
    """The page, recorded in the audit, also if an invalid form (in ``forms``) brings it back: else that would bypass the audit."""
    newest = current_run()
    page = PAGE if newest is not None and newest.run_id == run.run_id else "entity as it was"
    standing = {"risk_class": shown.risk_class, "credit_points": shown.credit_points}
    note_view(request, page, run=run, entity=shown, position=shown.position, **standing)
    return render(request, "entity.html", _context(request, run, shown, forms), status=status)


def _context(request: HttpRequest, run: PublishedRun, shown: Ranked, forms: dict[Action, Any] | None) -> dict[str, Any]:
    user, limits, newest = request.user, policy_of(run.profile), current_run()
    is_newest = newest is not None and newest.run_id == run.run_id
    case = Case.objects.visible_to(user).filter(entity_id=shown.entity_id).first()
    state = State(case.state) if case else State.TO_REVIEW
    case_or_new = case or Case(entity_id=shown.entity_id)
    actions = [
        action
        for action in (Action.VISIT, Action.DEFER, Action.DISMISS, Action.ASSIGN)
        if is_newest and case_allows(action, state) and user_can(user, action, case_or_new)
    ]
    history = _history(request, case, limits)
    values = request.POST if request.method == "POST" else request.GET
    query = came_from(values)
    events = timeline(shown.entity_id, cutoff=limits.start_of(run.as_of + timedelta(days=1)), as_of=run.as_of)
    return {
        "list_query": query,
        "comes_from_list": "list" in values,
        "carried": carried(query),
        "next": next_case(request, run, shown, query) if "list" in values and is_newest else None,
        "run": run,
        "newest": newest,
        "is_newest": is_newest,
        "entity": shown,
        "class_lines": class_lines({"class_bounds": run.model.get("class_bounds"), "model": run.model}, request.texts),
        "held_by": family_name(shown.held_source, request.texts),
        "moved": shown.previous_position - shown.position if shown.previous_position else 0,
        "reasons": _reasons(run, shown, request.language, limits),
        "better": better_in_words(shown.better_class, shown.better_changes, run.names(request.language)),
        "near": _nearest_peers(request, run, shown, is_newest=is_newest),
        "shared_identifiers": _shared_identifiers(request, run, shown),
        "trend": trend(shown.entity_id, run.as_of, run.lowest_points),
        "timeline": _with_decisions(events, history, run, limits, is_newest=is_newest),
        "most_events": MOST_EVENTS,
        "appeals": case.appeals.select_related("answer").order_by("-received_on", "-id") if case else (),
        "may_appeal": is_newest and user.role in DECIDES,
        "case": case,
        "state": state,
        "days_overdue": days_overdue(case, current_date(), limits) if case else 0,
        "sent_form": next(iter((forms or {}).values()), None),
        "forms": decision_forms(request, actions, case.version if case else 0, run.run_id, sent=forms),
        "two_people": needs_two_people(shown.risk_class, limits),
        "history": history,
        "sees_who": user.role in SEES_WHO_DECIDED,
        "steps": step_forms(request.texts, case_or_new, sent=forms),
        "may_reopen": case is not None and case_allows(Action.REOPEN, state) and user_can(user, Action.REOPEN, case),
        "may_approve": case is not None and state == State.DISMISSAL_PROPOSED and user_can(user, Action.APPROVE, case),
        "may_record": case is not None and state == State.VISIT_PLANNED and user_can(user, Action.RECORD, case),
        "may_correct": case is not None and case_allows(Action.CORRECT, state) and user_can(user, Action.CORRECT, case),
        "sources": {source["source"]: source for source in run.sources},
    }


def _reasons(run: PublishedRun, shown: Ranked, language: str, limits: Policy) -> list[Reason]:
    """The reasons with their details, definition, legal basis and the length of their bar in percent."""
    reasons = reasons_with_details(run, [shown]).get(shown.position, [])
    largest = max((abs(reason.contribution) for reason in reasons), default=1.0) or 1.0
    for reason in reasons:
        reason.share = round(abs(reason.contribution) / largest * 100)
        reason.code = reason.about.code if reason.about else ""
        reason.definition = definition(reason.indicator, language)
        reason.legal_basis = legal_basis(reason, limits, language)
    return reasons


def _nearest_peers(request: HttpRequest, run: PublishedRun, shown: Ranked, *, is_newest: bool) -> list[Ranked]:
    """The first entities of the peer group that the user may see now."""
    peers = list(ranked_of(run, request.user).filter(peer_group=shown.peer_group).exclude(pk=shown.pk).order_by("position")[:PEERS])
    if is_newest:
        return peers
    visible = visible_now(request.user, run, [peer.entity_id for peer in peers])
    return [peer for peer in peers if peer.entity_id in visible]


def _shared_identifiers(request: HttpRequest, run: PublishedRun, shown: Ranked) -> list[dict[str, Any]]:
    """Shared identifiers by kind: the number of entities that share one, and those of the first that the user may see."""
    shared = list(shared_identifiers_of(run).filter(position=shown.position))
    ranked = ranked_of(run, request.user).filter(entity_id__in=visible_now(request.user, run, {one.other_id for one in shared}))
    others = {row.entity_id: row for row in ranked}
    kinds: dict[str, dict[str, Any]] = {}
    for one in shared:
        kind = kinds.setdefault(one.kind, {"kind": one.kind, "sharing": one.sharing, "others": []})
        if one.other_id in others:
            kind["others"].append(others[one.other_id])
    for kind in kinds.values():
        kind["more"] = kind["sharing"] - len(kind["others"])
    return list(kinds.values())


def _history(request: HttpRequest, case: Case | None, limits: Policy) -> list[Decision]:
    """The decisions of the case, the newest first, each with whether the user may undo it."""
    if case is None:
        return []
    history = list(case.decisions.select_related("actor", "result").order_by("-at", "-id"))
    for at, decision in enumerate(history):
        decision.may_undo = at == 0 and _may_undo(request, decision, limits)
    return history


def _may_undo(request: HttpRequest, decision: Decision, limits: Policy) -> bool:
    try:
        check_undo(decision, request.user, clock.now(), limits)
    except NotPossible:
        return False
    return user_can(request.user, Action.UNDO, decision.case)


@dataclass(frozen=True)
class CaseEvent:
    """A decision in the timeline, on its date in the profile's time zone, and whether it was undone."""

    decision: Decision
    happened_on: date
    is_undone: bool
    kind: str = DECISION


def _with_decisions(
    events: list[Event], history: list[Decision], run: PublishedRun, limits: Policy, *, is_newest: bool
) -> list[Event | CaseEvent]:
    """Events and decisions, the newest first. Decisions precede events of the same day, which they followed.

    For an older run only decisions made while it was shown are included.
    """
    decisions = history
    if not is_newest:
        until = _shown_until(run)
        decisions = [decision for decision in decisions if decision.at < until or decision.run_id == run.run_id]
    undone = {decision.undoes_id for decision in decisions if decision.undoes_id is not None}
    rows: list[Event | CaseEvent] = [CaseEvent(one, limits.date_of(one.at), one.pk in undone) for one in decisions]
    return sorted([*rows, *events], key=lambda row: row.happened_on or date.min, reverse=True)[:MOST_EVENTS]


def _shown_until(run: PublishedRun) -> datetime:
    """When a newer run replaced this one; if it was published after a newer one and so never shown, when it was published."""
    later = PublishedRun.objects.filter(as_of__gte=run.as_of, published_at__gt=run.published_at).order_by("published_at")
    at: datetime = later.values_list("published_at", flat=True).first() or run.published_at
    return at
