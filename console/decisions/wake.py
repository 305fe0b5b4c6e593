"""End deferrals whose day has come or whose condition is fulfilled; bring back who was not visited, or is listed again after long."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from console import clock
from console.decisions.decide import move_by_system
from console.decisions.models import Case
from console.decisions.policies import SETTLED
from console.decisions.states import Action, State
from console.evidence.models import Event, Kind, Link
from console.policy import policy_of
from console.ranking.models import PublishedRun, Ranked
from console.ranking.runs import alias_of, current_run

CLASS_CHANGE, NEW_COMPLAINT = "class_change", "new_complaint"
_BY_DATE = MappingProxyType({State.DEFERRED: (Action.WAKE, "date"), State.NOT_INSPECTED: (Action.RETURN, "no_visit")})
"""What brings a case back whose day has come, and why, by its state."""


def wake(run: PublishedRun) -> int:
    """Move the cases that a newly published run moves; give how many. Within the caller's transaction.

    Who decides locks their case and then the end of the audit's chain. Here all cases are locked before the first event is written,
    in the same order, so that neither waits for the other, and nothing that somebody decides meanwhile is written over.
    """
    until = clock.now() - timedelta(days=policy_of(run.profile).again_after_days)
    is_ended = Q(state__in=SETTLED, changed_at__lt=until)
    is_unvisited = Q(state=State.NOT_INSPECTED) & (Q(wake_on=None) | Q(wake_on__lte=max(run.as_of, clock.today())))
    cases = list(Case.objects.filter(Q(state=State.DEFERRED) | is_ended | is_unvisited).select_for_update().order_by("pk"))
    entities = _entities_of(run, [case.entity_id for case in cases])
    moved = 0
    for case in cases:
        entity = entities.get(case.entity_id)
        if case.state == State.DEFERRED:
            action, why = Action.WAKE, _why(case, run, entity)
        elif case.state == State.NOT_INSPECTED:
            action, why = _BY_DATE[State.NOT_INSPECTED]
        else:
            action, why = Action.RETURN, "listed_again" if entity is not None and entity.is_listed else ""
        if why:
            move_by_system(case, action, why, run_id=run.run_id, token=f"{action}:{case.pk}:{case.version}")
            moved += 1
    return moved


def wake_by_date() -> int:
    """Bring back those whose day has come, deferred or not visited, also on a day on which nothing is published; give how many."""
    run = current_run()
    if run is None:
        return 0
    today = clock.now().astimezone(ZoneInfo(policy_of(run.profile).time_zone)).date()
    due = Case.objects.filter(state__in=_BY_DATE, wake_on__lte=today)
    if not due.exists():
        return 0
    with transaction.atomic():
        cases = list(due.select_for_update().order_by("pk"))
        for case in cases:
            action, why = _BY_DATE[State(case.state)]
            move_by_system(case, action, why, run_id=run.run_id, token=f"{action}:{case.pk}:{case.version}")
    return len(cases)


def _why(case: Case, run: PublishedRun, entity: Ranked | None) -> str:
    if case.wake_on is not None and case.wake_on <= max(run.as_of, clock.today()):
        return "date"
    if case.wake_condition == CLASS_CHANGE and entity is not None and entity.risk_class != case.risk_class:
        return CLASS_CHANGE
    if case.wake_condition == NEW_COMPLAINT:
        linked = list(Link.objects.filter(entity_id=case.entity_id).values_list("complaint_id", flat=True))
        complaints = Event.objects.filter(Q(entity_id=case.entity_id) | Q(record__in=linked), kind=Kind.COMPLAINT)
        seen = _seen_until(case)
        # What became known of a complaint that was there before, such as how it ended, or that it was withdrawn, is no new one.
        old = complaints.filter(known_at__lt=seen).values("record")
        if complaints.filter(known_at__gte=seen, is_absent=False).exclude(record__in=old).exists():
            return NEW_COMPLAINT
    return ""


def _seen_until(case: Case) -> datetime:
    """The end of the day that was published when the case was deferred: what became known later was not seen."""
    deferred = case.decisions.filter(action=Action.DEFER, undone_by=None).latest("at", "id")
    seen = PublishedRun.objects.get(run_id=deferred.run_id)
    return datetime.combine(seen.as_of + timedelta(days=1), time.min, tzinfo=ZoneInfo(policy_of(seen.profile).time_zone))


def _entities_of(run: PublishedRun, names: list[str]) -> dict[str, Ranked]:
    found: dict[str, Ranked] = {}
    for at in range(0, len(names), 500):
        rows = Ranked.objects.using(alias_of(run.run_id)).filter(entity_id__in=names[at : at + 500])
        found |= {row.entity_id: row for row in rows}
    return found
