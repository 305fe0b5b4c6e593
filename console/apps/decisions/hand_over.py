"""Hand over the open cases of a person who can no longer handle them, so that no planned visit is lost."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import Q, QuerySet

from console.apps.accounts.jurisdiction import region_condition
from console.apps.accounts.models import User
from console.apps.accounts.roles import DECIDES
from console.apps.decisions.decide import DecisionInput, act_on_case, why_refused
from console.apps.decisions.models import Case
from console.apps.decisions.states import TRANSITIONS, Action

_OPEN = sorted(state for state, action in TRANSITIONS if action == Action.ASSIGN)


def open_cases_of(person: User) -> QuerySet[Case]:
    """The person's open cases (visits to make and cases to review) that the person can no longer handle.

    The account is deactivated, its role may not decide, or the entity is outside its regions.
    """
    return Case.objects.filter(_out_of_reach(person), state__in=_OPEN)


def open_cases_by_person(user: Any) -> list[tuple[User, list[Case]]]:
    """Each person with such cases in the user's regions, the first due first. The number of queries is fixed."""
    visible = Case.objects.visible_to(user).filter(state__in=_OPEN)
    people = User.objects.filter(pk__in=visible.order_by().values("assigned_to")).prefetch_related("jurisdictions")
    out_of_reach = Q(pk__in=[])
    for person in people:
        out_of_reach |= _out_of_reach(person)
    by_person: dict[User, list[Case]] = {}
    for case in visible.filter(out_of_reach).select_related("assigned_to").order_by("assigned_to__username", "due_on", "pk"):
        by_person.setdefault(case.assigned_to, []).append(case)
    return list(by_person.items())


def _out_of_reach(person: User) -> Q:
    """The condition on a person's cases that the person cannot handle."""
    own = Q(assigned_to=person)
    if not person.is_active or person.role not in DECIDES:
        return own
    in_regions = region_condition(person)
    return Q(pk__in=[]) if in_regions is None else own & ~in_regions


def hand_over(user: Any, person: User, to: User, batch: str) -> list[tuple[Case, str]]:
    """Assign a person's open cases in the user's regions to another person. Deadlines stay.

    The steps share ``batch``, the form's token, so that they can be undone together.

    Returns:
        Each case with the reason why it could not be assigned, or an empty text. One failure does not stop the others.
    """
    outcomes = []
    for owner, cases in open_cases_by_person(user):
        for case in cases if owner == person else ():
            step = DecisionInput(Action.ASSIGN, f"{batch}:{case.pk}", version=case.version, assigned_to=to, batch=batch)
            outcomes.append((case, why_refused(partial(act_on_case, user, case, step))))
    return outcomes
