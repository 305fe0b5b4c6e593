"""Steps that the system takes: end deferrals, and return entities to review that were not visited or are listed again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType

from django.db import transaction
from django.db.models import F, Q

from console.apps.audit.chain import append
from console.apps.audit.events import SYSTEM, event_facts
from console.apps.audit.models import Kind as AuditKind
from console.apps.decisions.decide import audit_detail, restorable_fields
from console.apps.decisions.models import Case, Decision
from console.apps.decisions.policies import CLOSED_STATES, check_case_allows
from console.apps.decisions.states import OF_SYSTEM, Action, State
from console.apps.evidence.models import Event, Link
from console.apps.ranking.current_policy import current_date
from console.apps.ranking.models import PublishedRun, Ranked
from console.apps.ranking.runs import alias_of, current_run
from console.core import clock
from console.core.policy import policy_of
from expectations.contracts import silver

CLASS_CHANGE, NEW_COMPLAINT = "class_change", "new_complaint"
AT_ONCE = 200
"""Cases that move in one transaction."""
_BY_DATE = MappingProxyType({State.DEFERRED: (Action.WAKE, "date"), State.NOT_INSPECTED: (Action.RETURN, "no_visit")})
"""The action and the reason that return a case on its day, by the case's state."""


def apply_system_steps(moves: Iterable[tuple[Case, Action, str]], *, run_id: str) -> None:
    """Move cases, each with an action and a reason, within the caller's transaction, which has locked them.

    A case that returns has no assignee and no deadline. The number of statements does not depend on the number of cases. All steps
    are appended to the audit's chain together, after the last case has moved: from then on no other writer can append.
    """
    at = clock.now()
    steps: list[Decision] = []
    moved: defaultdict[State, list[int]] = defaultdict(list)
    for case, action, why in moves:
        if action not in OF_SYSTEM:
            raise ValueError(f"{action} is not a step of the system")
        after = check_case_allows(action, State(case.state))
        moved[after].append(case.pk)
        steps.append(
            Decision(
                case=case,
                at=at,
                action=action,
                state_before=case.state,
                state_after=after,
                reason=why,
                run_id=run_id,
                risk_class=case.risk_class,
                position=case.position,
                form_token=f"{action}:{case.pk}:{case.version}",
                before=restorable_fields(case),
            )
        )
    Decision.objects.bulk_create(steps)
    for after, cases in moved.items():
        Case.objects.filter(pk__in=cases).update(
            state=after, version=F("version") + 1, changed_at=at,
            assigned_to=None, proposed_by=None, due_on=None, wake_on=None, wake_condition="",
        )  # fmt: skip
    about = [{"entity_id": step.case.entity_id, "region_code": step.case.region_code, "run_id": run_id} for step in steps]
    pairs = zip(steps, about, strict=True)
    append([event_facts(AuditKind.WOKEN, SYSTEM, detail=audit_detail(step), **where) for step, where in pairs])


def end_deferrals(run: PublishedRun) -> int:
    """Move the cases that a newly published run moves; return their number.

    Each batch of cases moves in one transaction, so that a user who decides meanwhile waits for one batch at most. Look-ups come
    before the transaction; a case that a user moved since then stays. After an interruption the next call continues.
    """
    until = clock.now() - timedelta(days=policy_of(run.profile).decisions.again_after_days)
    is_ended = Q(state__in=CLOSED_STATES, changed_at__lt=until)
    is_unvisited = Q(state=State.NOT_INSPECTED) & (Q(wake_on=None) | Q(wake_on__lte=max(run.as_of, current_date())))
    candidates = Case.objects.filter(Q(state=State.DEFERRED) | is_ended | is_unvisited).order_by("pk")
    pks = list(candidates.values_list("pk", flat=True))
    moved = 0
    for at in range(0, len(pks), AT_ONCE):
        cases = list(candidates.filter(pk__in=pks[at : at + AT_ONCE]))
        entities = _entities_of(run, [case.entity_id for case in cases])
        moved += _move(cases, partial(_move_of, run=run, entities=entities), run)
    return moved


def end_due_deferrals(most: int) -> bool:
    """Return to review at most ``most`` cases, deferred or not visited, whose day has come. It needs no new published run.

    Returns:
        Whether no due case is left; otherwise the next call continues.
    """
    run = current_run()
    if run is None:
        return True
    today = policy_of(run.profile).date_of(clock.now())
    due = list(Case.objects.filter(state__in=_BY_DATE, wake_on__lte=today).order_by("pk")[: most + 1])
    for at in range(0, min(len(due), most), AT_ONCE):
        _move(due[at : min(at + AT_ONCE, most)], lambda case: _BY_DATE[State(case.state)], run)
    return len(due) <= most


def _move(cases: list[Case], move_of: Callable[[Case], tuple[Action, str] | None], run: PublishedRun) -> int:
    """Move those of the cases that are to move; return their number.

    A user's decision locks the case and then the end of the audit's chain. Here the whole batch is locked in one order before
    anything is written, so that the two cannot deadlock.
    """
    moves = {case.pk: (case.version, move) for case in cases if (move := move_of(case)) is not None}
    if not moves:
        return 0
    with transaction.atomic():
        locked = Case.objects.select_for_update().filter(pk__in=list(moves)).order_by("pk")
        unmoved = [case for case in locked if case.version == moves[case.pk][0]]
        apply_system_steps([(case, *moves[case.pk][1]) for case in unmoved], run_id=run.run_id)
    return len(unmoved)


def _move_of(case: Case, *, run: PublishedRun, entities: dict[str, Ranked]) -> tuple[Action, str] | None:
    """The action and the reason by which a newly published run moves a case; None if it does not."""
    entity = entities.get(case.entity_id)
    if case.state == State.NOT_INSPECTED:
        return _BY_DATE[State.NOT_INSPECTED]
    if case.state == State.DEFERRED:
        why = _wake_reason(case, run, entity)
        return (Action.WAKE, why) if why else None
    return (Action.RETURN, "listed_again") if entity is not None and entity.is_listed else None


def _wake_reason(case: Case, run: PublishedRun, entity: Ranked | None) -> str:
    """Why a deferral ends; empty if it does not."""
    if case.wake_on is not None and case.wake_on <= max(run.as_of, current_date()):
        return "date"
    if case.wake_condition == CLASS_CHANGE and entity is not None and entity.risk_class != case.risk_class:
        return CLASS_CHANGE
    if case.wake_condition == NEW_COMPLAINT:
        linked = list(Link.objects.filter(entity_id=case.entity_id).values_list("complaint_id", flat=True))
        complaints = Event.objects.filter(Q(entity_id=case.entity_id) | Q(record__in=linked), kind=silver.COMPLAINT.name)
        seen = _seen_until(case)
        # A later version of a known complaint, such as its outcome or its withdrawal, is not a new complaint.
        old = complaints.filter(known_at__lt=seen).values("record")
        if complaints.filter(known_at__gte=seen, is_absent=False).exclude(record__in=old).exists():
            return NEW_COMPLAINT
    return ""


def _seen_until(case: Case) -> datetime:
    """The end of the day that was published when the case was deferred: later facts were not visible."""
    deferred = case.decisions.filter(action=Action.DEFER, undone_by=None).latest("at", "id")
    seen = PublishedRun.objects.get(run_id=deferred.run_id)
    return policy_of(seen.profile).start_of(seen.as_of + timedelta(days=1))


def _entities_of(run: PublishedRun, names: list[str]) -> dict[str, Ranked]:
    rows = Ranked.objects.using(alias_of(run.run_id)).filter(entity_id__in=names)
    return {row.entity_id: row for row in rows}
