"""Steps of people on a case: checked, stored with what the user saw, and added to the audit in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Model

from console.apps.audit.chain import record_event
from console.apps.audit.content import CONTENT, content_digest
from console.apps.audit.models import Kind
from console.apps.decisions import policies
from console.apps.decisions.models import Case, Decision
from console.apps.decisions.permissions import check_user_can
from console.apps.decisions.policies import NotPossible
from console.apps.decisions.selection import campaign_of, selected_by
from console.apps.decisions.states import CORRECTIONS, OF_RESULT, Action, Refused, State
from console.apps.ranking.current_policy import current_date, current_policy
from console.apps.ranking.models import Ranked
from console.apps.ranking.runs import run_id_of
from console.core import clock
from console.core.policy import Policy


@dataclass(frozen=True)
class DecisionInput:
    """What a user's form asks for.

    ``token`` identifies the form, so that sending it twice has one effect. ``version`` is the version of the case that the user
    saw, if known; ``seen`` is the same for a form about many cases: the newest step of any case at that time. ``chosen`` holds
    catalogue codes by kind.
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


def decide(user: Any, entity: Ranked, run_id: str, form: DecisionInput) -> Decision:
    """Take a user's decision about an entity.

    A dismissal that needs two people becomes a proposal. Class, place and region are the published ones, not the form's.

    Args:
        user: who decides.
        entity: an entity that the user may see.
        run_id: the run that the user saw.
        form: what the user asks for.

    Raises:
        NotAllowed: the user may not.
        NotPossible: the case or the policy does not allow it, the case has changed, or the form was sent before.
    """
    limits = current_policy()
    action = form.action
    if action == Action.DISMISS and policies.needs_two_people(entity.risk_class, limits):
        action = Action.PROPOSE
    with one_step():
        case = case_of(entity)
        check_user_can(user, action, case)
        _check_form(case, form)
        after = policies.check_case_allows(action, State(case.state))
        policies.check_dismissal(action, entity.risk_class, limits)
        if action == Action.DEFER:
            deferred = policies.days_deferred(_steps_of(case, limits), current_date(), limits)
            policies.check_deferral(form.wake_on, form.wake_condition, current_date(), limits, deferred)
            form = replace(form, wake_on=form.wake_on or policies.longest_deferral(current_date(), limits, deferred))
        if form.assigned_to is not None and not _sees(form.assigned_to, entity):
            raise NotPossible("refused.assignee")
        due_on = policies.due_after(action, current_date(), limits)
        if action == Action.ASSIGN:
            due_on, form = _with_dates_of(case, form)
        return _move(case, action, after, user, entity=entity, run_id=run_id, form=form, due_on=due_on)


@contextmanager
def one_step(repeated: str = "refused.sent_before") -> Iterator[None]:
    """One transaction.

    Raises:
        NotPossible: with ``repeated``, if a unique constraint refuses a second row of the same form.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise NotPossible(repeated) from error


def why_refused(take: Callable[[], object]) -> str:
    """Take a step. If it is refused, return why, a key of the texts, else an empty text."""
    try:
        take()
    except Refused as error:
        return error.why
    return ""


def case_of(entity: Ranked) -> Case:
    """An entity's case, created if there is none, and locked within the caller's transaction."""
    case, _ = Case.objects.select_for_update().get_or_create(entity_id=entity.entity_id, defaults=_of(entity))
    return case


MakeRows = Callable[[Decision], Sequence[Model]]
"""Creates the rows that belong to a step, such as its result, and returns them. The step's event covers them."""


def act_on_case(user: Any, case: Case, form: DecisionInput, make_rows: MakeRows = lambda _: ()) -> Decision:
    """Approve, refuse, reopen, record or assign: a step of an existing case that does not look at a published run.

    Raises:
        NotAllowed: the user may not.
        NotPossible: the case does not allow it, the case has changed, or the form was sent before.
    """
    with one_step():
        case = Case.objects.select_for_update().get(pk=case.pk)
        check_user_can(user, form.action, case)
        _check_form(case, form)
        after = policies.check_case_allows(form.action, State(case.state))
        due_on = None
        if form.action == Action.ASSIGN:
            if form.assigned_to is not None and not Case.objects.visible_to(form.assigned_to).filter(pk=case.pk).exists():
                raise NotPossible("refused.assignee")
            due_on, form = _with_dates_of(case, form)
        elif after == State.NOT_INSPECTED:
            # A correction keeps the day of return: otherwise repeated corrections would put it off again and again.
            form = replace(form, wake_on=case.wake_on or policies.return_date_after_no_visit(current_date(), current_policy()))
        return _move(case, form.action, after, user, form=form, due_on=due_on, make_rows=make_rows)


def undo(user: Any, decision: Decision, token: str, *, batch: str = "") -> Decision:
    """Undo a decision: the case is as before, and both steps stay on record.

    Raises:
        NotAllowed: the user may not decide at all.
        NotPossible: it is another person's decision, too old, not the newest step, or undone already.
    """
    with one_step():
        case = Case.objects.select_for_update().get(pk=decision.case_id)
        check_user_can(user, Action.UNDO, case)
        policies.check_undo(decision, user, clock.now(), current_policy())
        newest = case.decisions.order_by("-at", "-id").first()
        if newest is None or newest.pk != decision.pk:
            raise NotPossible("refused.undo_followed")
        before = decision.before
        due_on, wake_on = (date.fromisoformat(before[name]) if before.get(name) else None for name in ("due_on", "wake_on"))
        form = DecisionInput(Action.UNDO, token, wake_on=wake_on, wake_condition=before.get("wake_condition", ""), batch=batch)
        case.assigned_to_id, case.proposed_by_id = before.get("assigned_to"), before.get("proposed_by")
        case.risk_class, case.position = before.get("risk_class", case.risk_class), before.get("position", case.position)
        return _move(case, Action.UNDO, State(decision.state_before), user, form=form, due_on=due_on, undoes=decision)


def newest_step() -> int:
    """The key of the newest step of any case; 0 before the first."""
    return Decision.objects.aggregate(Max("pk"))["pk__max"] or 0


def _move(
    case: Case,
    action: Action,
    after: State,
    user: Any,
    *,
    form: DecisionInput,
    entity: Ranked | None = None,
    run_id: str = "",
    due_on: date | None = None,
    undoes: Decision | None = None,
    make_rows: MakeRows = lambda _: (),
) -> Decision:
    """Move the case, store the step, and append it to the audit."""
    before = restorable_fields(case)
    if entity is not None:
        for name, value in _of(entity).items():
            setattr(case, name, value)
    if undoes is None:
        if action == Action.VISIT:
            case.assigned_to = form.assigned_to or user
        elif action == Action.ASSIGN:
            case.assigned_to = form.assigned_to
        elif action not in OF_RESULT:
            case.assigned_to = None
        case.proposed_by = user if action == Action.PROPOSE else None
    chosen = dict(form.chosen)
    if form.assigned_to is not None:
        chosen["assigned_to"] = form.assigned_to.username
    at, campaign, selected = clock.now(), None, None
    if action == Action.VISIT:
        campaign = campaign_of(case.entity_id, at, current_date())
        selected = selected_by(form.reason, chosen, campaign)
    decision = Decision.objects.create(
        case=case,
        at=at,
        actor=user,
        action=action,
        state_before=case.state,
        state_after=after,
        reason=form.reason,
        chosen=chosen,
        comment=form.comment,
        run_id=run_id,
        risk_class=case.risk_class,
        position=case.position,
        due_on=due_on,
        wake_on=form.wake_on,
        wake_condition=form.wake_condition,
        undoes=undoes,
        batch=form.batch,
        form_token=form.token,
        before=before,
        selected_by=selected,
        campaign=campaign,
    )
    case.state, case.due_on = after, due_on
    if action not in CORRECTIONS:  # a correction does not change when the visit was
        case.changed_at = decision.at
    case.wake_on, case.wake_condition = form.wake_on, form.wake_condition
    case.version += 1
    case.save()
    kind = Kind.RECORDED if action in OF_RESULT else Kind.DECIDED
    detail = audit_detail(decision, make_rows(decision))
    if chosen:
        detail["chosen"] = chosen
    if selected is not None:
        detail |= {"selected_by": selected} | ({"campaign": campaign.pk} if campaign else {})
    about = {"entity_id": case.entity_id, "region_code": case.region_code, "run_id": run_id, "batch": form.batch}
    record_event(kind, user, detail=detail, **about)
    return decision


def restorable_fields(case: Case) -> dict[str, Any]:
    """What a step changes of a case besides its state, as JSON values. Undoing the step restores it."""
    return {
        "assigned_to": case.assigned_to_id,
        "proposed_by": case.proposed_by_id,
        "due_on": case.due_on and case.due_on.isoformat(),
        "wake_on": case.wake_on and case.wake_on.isoformat(),
        "wake_condition": case.wake_condition,
        "risk_class": case.risk_class,
        "position": case.position,
    }


def audit_detail(step: Decision, rows: Sequence[Model] = ()) -> dict[str, Any]:
    """What the audit records of each step, with the digest of the step and of the rows that belong to it."""
    states = {"from": step.state_before, "to": str(step.state_after)}
    content = {CONTENT: content_digest(step, *rows)}
    return {"action": str(step.action), **states, "reason": step.reason, "decision": step.pk, **content}


def _check_form(case: Case, form: DecisionInput) -> None:
    if Decision.objects.filter(form_token=form.token).exists():
        raise NotPossible("refused.sent_before")
    if form.version is not None and form.version != case.version:
        raise NotPossible("refused.changed")
    if form.seen is not None and case.decisions.filter(pk__gt=form.seen).exists():
        raise NotPossible("refused.changed")


def _with_dates_of(case: Case, form: DecisionInput) -> tuple[date | None, DecisionInput]:
    """The case's deadline, and the input with the case's end of deferral: assigning a case changes neither."""
    return case.due_on, replace(form, wake_on=case.wake_on, wake_condition=case.wake_condition)


def _steps_of(case: Case, limits: Policy) -> list[tuple[date, State]]:
    """The date of each step so far and the state that it led to, in order."""
    steps = case.decisions.order_by("at", "id").values_list("at", "state_after")
    return [(limits.date_of(at), State(state)) for at, state in steps]


def _sees(user: Any, entity: Ranked) -> bool:
    """Whether a user sees an entity: a visit that the assignee cannot see would be lost."""
    return Ranked.objects.using(entity._state.db).visible_to(user).filter(pk=entity.pk).exists()


def _of(entity: Ranked) -> dict[str, Any]:
    names = ("name", "region_code", "region_middle", "region_top", "risk_class", "position")
    return {name: getattr(entity, name) for name in names} | {
        "place": entity.position,
        "placed_in": run_id_of(entity._state.db),
        "changed_at": clock.now(),
    }
