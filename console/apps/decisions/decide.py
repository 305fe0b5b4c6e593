"""Do something to a case: checked, kept with what was seen, in the audit's chain within the same transaction."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Max

from console.apps.audit.chain import append
from console.apps.audit.events import EventFacts, event_facts
from console.apps.audit.models import Kind
from console.apps.decisions.models import Case, Decision
from console.apps.decisions.permissions import check_user_can
from console.apps.decisions.policies import (
    NotPossible,
    back_after_no_visit,
    check_case_allows,
    check_deferral,
    check_dismissal,
    check_undo,
    days_deferred,
    due_after,
    longest_deferral,
    needs_two_people,
)
from console.apps.decisions.states import CORRECTIONS, OF_RESULT, Action, State
from console.apps.decisions.visit_reason import campaign_of, selected_by
from console.apps.ranking.current_policy import current_date, current_policy
from console.apps.ranking.models import Ranked
from console.apps.ranking.runs import run_id_of
from console.core import clock
from console.core.policy import Policy


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to do, as their form says.

    ``token`` names the form, so that sending it twice does it once. ``version`` is the case's as they saw it, None where
    they do not say; ``seen`` says the same of a form about many: the newest step of any case when they saw it. ``chosen`` holds
    codes of the catalogue by kind.
    """

    action: Action
    token: str
    version: int | None = None
    seen: int | None = None
    reason: str = ""
    chosen: dict[str, str] = field(default_factory=dict)
    comment: str = ""
    wake_on: date | None = None
    wake_condition: str = ""
    assigned_to: Any = None
    batch: str = ""


def decide(user: Any, entity: Ranked, run_id: str, wanted: Wanted) -> Decision:
    """Do what a user wants to an entity that they may see.

    A dismissal that takes two people becomes a proposal. Class, place and region are the published ones, whatever a form says.

    Args:
        user: who decides.
        entity: as :meth:`InJurisdiction.visible_to` gave it for them.
        run_id: the run that they saw.
        wanted: what they want.

    Raises:
        NotAllowed: the user may not.
        NotPossible: the case or the policy does not allow it, it changed meanwhile, or the form was sent before.
    """
    limits = current_policy()
    action = wanted.action
    if action == Action.DISMISS and needs_two_people(entity.risk_class, limits):
        action = Action.PROPOSE
    try:
        with transaction.atomic():
            case = case_of(entity)
            check_user_can(user, action, case)
            _check_form(case, wanted)
            after = check_case_allows(action, State(case.state))
            check_dismissal(action, entity.risk_class, limits)
            if action == Action.DEFER:
                deferred = days_deferred(_steps_of(case, limits), current_date(), limits)
                check_deferral(wanted.wake_on, wanted.wake_condition, current_date(), limits, deferred)
                wanted = replace(wanted, wake_on=wanted.wake_on or longest_deferral(current_date(), limits, deferred))
            if wanted.assigned_to is not None and not _sees(wanted.assigned_to, entity):
                raise NotPossible("refused.assignee")
            due_on = due_after(action, current_date(), limits)
            if action == Action.ASSIGN:
                due_on, wanted = _as_it_stands(case, wanted)
            return _move(case, action, after, user, entity=entity, run_id=run_id, wanted=wanted, due_on=due_on)
    except IntegrityError as error:
        raise NotPossible("refused.sent_before") from error


def case_of(entity: Ranked) -> Case:
    """An entity's case, made where there is none, and locked within the caller's transaction."""
    case, _ = Case.objects.select_for_update().get_or_create(entity_id=entity.entity_id, defaults=_of(entity))
    return case


def act_on_case(user: Any, case: Case, wanted: Wanted) -> Decision:
    """Approve, refuse, reopen, record, or hand over: a step of a case that is there, for which nothing new is published.

    Raises:
        NotAllowed: the user may not.
        NotPossible: the case does not allow it, it changed meanwhile, or the form was sent before.
    """
    try:
        with transaction.atomic():
            case = Case.objects.select_for_update().get(pk=case.pk)
            check_user_can(user, wanted.action, case)
            _check_form(case, wanted)
            after = check_case_allows(wanted.action, State(case.state))
            due_on = None
            if wanted.action == Action.ASSIGN:
                if wanted.assigned_to is not None and not Case.objects.visible_to(wanted.assigned_to).filter(pk=case.pk).exists():
                    raise NotPossible("refused.assignee")
                due_on, wanted = _as_it_stands(case, wanted)
            elif after == State.NOT_INSPECTED:
                # Corrected, it is back when it was to be: else saying anew that no visit was made would put it off again and again.
                wanted = replace(wanted, wake_on=case.wake_on or back_after_no_visit(current_date(), current_policy()))
            return _move(case, wanted.action, after, user, wanted=wanted, due_on=due_on)
    except IntegrityError as error:
        raise NotPossible("refused.sent_before") from error


def undo(user: Any, decision: Decision, token: str, *, batch: str = "") -> Decision:
    """Take a decision back: the case is as it was, and both stay on record.

    Raises:
        NotAllowed: the user may not decide at all.
        NotPossible: it is not theirs, too old, something followed it, or it was taken back before.
    """
    try:
        with transaction.atomic():
            case = Case.objects.select_for_update().get(pk=decision.case_id)
            check_user_can(user, Action.UNDO, case)
            check_undo(decision, user, clock.now(), current_policy())
            newest = case.decisions.order_by("-at", "-id").first()
            if newest is None or newest.pk != decision.pk:
                raise NotPossible("refused.undo_followed")
            before = decision.before
            wanted = Wanted(
                Action.UNDO,
                token,
                wake_on=date.fromisoformat(before["wake_on"]) if before.get("wake_on") else None,
                wake_condition=before.get("wake_condition", ""),
                batch=batch,
            )
            case.assigned_to_id, case.proposed_by_id = before.get("assigned_to"), before.get("proposed_by")
            case.risk_class, case.position = before.get("risk_class", case.risk_class), before.get("position", case.position)
            due_on = date.fromisoformat(before["due_on"]) if before.get("due_on") else None
            return _move(
                case, Action.UNDO, State(decision.state_before), user, wanted=wanted, due_on=due_on, undoes=decision, is_undo=True
            )
    except IntegrityError as error:
        raise NotPossible("refused.sent_before") from error


def newest_step() -> int:
    """The newest step of any case, by its key; 0 before the first."""
    return Decision.objects.aggregate(Max("pk"))["pk__max"] or 0


def _move(case: Case, action: Action, after: State, user: Any, **more: Any) -> Decision:
    decision, facts = _step(case, action, after, user, **more)
    append([facts])
    return decision


def _step(
    case: Case,
    action: Action,
    after: State,
    user: Any,
    *,
    wanted: Wanted,
    entity: Ranked | None = None,
    run_id: str = "",
    due_on: date | None = None,
    undoes: Decision | None = None,
    is_undo: bool = False,
) -> tuple[Decision, EventFacts]:
    """Move the case; give the step, and what the audit is to hold of it."""
    before = standing_of(case)
    if entity is not None:
        for name, value in _of(entity).items():
            setattr(case, name, value)
    if not is_undo:
        if action == Action.VISIT:
            case.assigned_to = wanted.assigned_to or user
        elif action == Action.ASSIGN:
            case.assigned_to = wanted.assigned_to
        elif action not in OF_RESULT:
            case.assigned_to = None
        case.proposed_by = user if action == Action.PROPOSE else None
    chosen = dict(wanted.chosen)
    if wanted.assigned_to is not None:
        chosen["assigned_to"] = wanted.assigned_to.username
    at, campaign, selected = clock.now(), None, None
    if action == Action.VISIT:
        campaign = campaign_of(case.entity_id, at, current_date())
        selected = selected_by(wanted.reason, chosen, campaign)
    decision = Decision.objects.create(
        case=case,
        at=at,
        actor=user,
        action=action,
        state_before=case.state,
        state_after=after,
        reason=wanted.reason,
        chosen=chosen,
        comment=wanted.comment,
        run_id=run_id,
        risk_class=case.risk_class,
        position=case.position,
        due_on=due_on,
        wake_on=wanted.wake_on,
        wake_condition=wanted.wake_condition,
        undoes=undoes,
        batch=wanted.batch,
        form_token=wanted.token,
        before=before,
        selected_by=selected,
        campaign=campaign,
    )
    case.state, case.due_on = after, due_on
    if action not in CORRECTIONS:  # what is corrected is as long ago as it was
        case.changed_at = decision.at
    case.wake_on, case.wake_condition = wanted.wake_on, wanted.wake_condition
    case.version += 1
    case.save()
    kind = Kind.RECORDED if action in OF_RESULT else Kind.DECIDED
    detail = {
        "action": str(action),
        "from": decision.state_before,
        "to": str(after),
        "reason": wanted.reason,
        "decision": decision.pk,
    }
    if chosen:
        detail["chosen"] = chosen
    if selected is not None:
        detail |= {"selected_by": selected} | ({"campaign": campaign.pk} if campaign else {})
    facts = event_facts(
        kind,
        user,
        entity_id=case.entity_id,
        region_code=case.region_code,
        run_id=run_id,
        batch=wanted.batch,
        detail=detail,
    )
    return decision, facts


def standing_of(case: Case) -> dict[str, Any]:
    """What a step changes of a case besides its state, as JSON can hold it: what taking the step back brings back."""
    return {
        "assigned_to": case.assigned_to_id,
        "proposed_by": case.proposed_by_id,
        "due_on": case.due_on and case.due_on.isoformat(),
        "wake_on": case.wake_on and case.wake_on.isoformat(),
        "wake_condition": case.wake_condition,
        "risk_class": case.risk_class,
        "position": case.position,
    }


def _check_form(case: Case, wanted: Wanted) -> None:
    if Decision.objects.filter(form_token=wanted.token).exists():
        raise NotPossible("refused.sent_before")
    if wanted.version is not None and wanted.version != case.version:
        raise NotPossible("refused.changed")
    if wanted.seen is not None and case.decisions.filter(pk__gt=wanted.seen).exists():
        raise NotPossible("refused.changed")


def _as_it_stands(case: Case, wanted: Wanted) -> tuple[date | None, Wanted]:
    """When the case is due, and what is wanted with when it wakes: whose it is changes neither."""
    return case.due_on, replace(wanted, wake_on=case.wake_on, wake_condition=case.wake_condition)


def _steps_of(case: Case, limits: Policy) -> list[tuple[date, State]]:
    """The day of each step so far and the state that it led to, in order."""
    zone = ZoneInfo(limits.time_zone)
    steps = case.decisions.order_by("at", "id").values_list("at", "state_after")
    return [(at.astimezone(zone).date(), State(state)) for at, state in steps]


def _sees(user: Any, entity: Ranked) -> bool:
    """Whether a user answers for an entity's region: a visit that its visitor cannot see would be lost."""
    return Ranked.objects.using(entity._state.db).visible_to(user).filter(pk=entity.pk).exists()


def _of(entity: Ranked) -> dict[str, Any]:
    return {
        "name": entity.name,
        "region_code": entity.region_code,
        "region_middle": entity.region_middle,
        "region_top": entity.region_top,
        "risk_class": entity.risk_class,
        "position": entity.position,
        "place": entity.position,
        "placed_in": run_id_of(entity._state.db),
        "changed_at": clock.now(),
    }
