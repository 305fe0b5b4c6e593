"""End deferrals whose day has come or whose condition is fulfilled, and bring back what is listed again after long."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from console import clock
from console.decisions.decide import move_by_system
from console.decisions.models import Case
from console.decisions.states import Action, State
from console.evidence.models import Event, Kind, Link
from console.policy import policy_of
from console.ranking.models import PublishedRun, Ranked
from console.ranking.runs import alias_of

CLASS_CHANGE, NEW_COMPLAINT = "class_change", "new_complaint"


def wake(run: PublishedRun) -> int:
    """Move the cases that a newly published run moves; give how many. Within the caller's transaction."""
    moved = 0
    entities = _entities_of(run, [State.DEFERRED])
    for case in Case.objects.filter(state=State.DEFERRED):
        why = _why(case, run, entities.get(case.entity_id))
        if why:
            move_by_system(case, Action.WAKE, why, run_id=run.run_id, token=f"wake:{case.pk}:{case.version}")
            moved += 1
    ended = [State.DISMISSED, State.VISITED, State.NOT_INSPECTED]
    entities = _entities_of(run, ended)
    until = clock.now() - timedelta(days=policy_of(run.profile).again_after_days)
    for case in Case.objects.filter(state__in=ended, changed_at__lt=until):
        entity = entities.get(case.entity_id)
        if entity is not None and entity.is_listed:
            move_by_system(case, Action.RETURN, "listed_again", run_id=run.run_id, token=f"return:{case.pk}:{case.version}")
            moved += 1
    return moved


def wake_by_date() -> int:
    """End the deferrals whose day has come, on a day on which nothing is published; give how many."""
    from django.db import transaction

    from console.ranking.runs import current_run

    run = current_run()
    due = Case.objects.filter(state=State.DEFERRED, wake_on__lte=clock.today())
    if run is None or not due.exists():
        return 0
    with transaction.atomic():
        cases = list(due.select_for_update())
        for case in cases:
            move_by_system(case, Action.WAKE, "date", run_id=run.run_id, token=f"wake:{case.pk}:{case.version}")
    return len(cases)


def _why(case: Case, run: PublishedRun, entity: Ranked | None) -> str:
    if case.wake_on is not None and case.wake_on <= max(run.as_of, clock.today()):
        return "date"
    if case.wake_condition == CLASS_CHANGE and entity is not None and entity.risk_class != case.risk_class:
        return CLASS_CHANGE
    if case.wake_condition == NEW_COMPLAINT:
        linked = list(Link.objects.filter(entity_id=case.entity_id).values_list("complaint_id", flat=True))
        news = Event.objects.filter(kind=Kind.COMPLAINT, known_at__gte=_seen_until(case))
        if news.filter(entity_id=case.entity_id).exists() or news.filter(record__in=linked).exists():
            return NEW_COMPLAINT
    return ""


def _seen_until(case: Case) -> datetime:
    """The end of the day that was published when the case was deferred: what became known later was not seen."""
    seen = PublishedRun.objects.get(run_id=case.decisions.filter(action=Action.DEFER).latest("at", "id").run_id)
    return datetime.combine(seen.as_of + timedelta(days=1), time.min, tzinfo=ZoneInfo(policy_of(seen.profile).time_zone))


def _entities_of(run: PublishedRun, states: list[State]) -> dict[str, Ranked]:
    names = list(Case.objects.filter(state__in=states).values_list("entity_id", flat=True))
    found: dict[str, Ranked] = {}
    for at in range(0, len(names), 500):
        rows = Ranked.objects.using(alias_of(run.run_id)).filter(entity_id__in=names[at : at + 500])
        found |= {row.entity_id: row for row in rows}
    return found
