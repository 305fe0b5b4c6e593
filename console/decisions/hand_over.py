"""Hand on what a shut account leaves open: no visit is lost with the person who was to make it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from console.accounts.models import User
from console.decisions.decide import Wanted, act_on_case
from console.decisions.models import Case
from console.decisions.permissions import NotAllowed
from console.decisions.policies import NotPossible
from console.decisions.states import TRANSITIONS, Action

_OPEN = sorted(state for state, action in TRANSITIONS if action == Action.ASSIGN)


def open_cases_of(person: User) -> QuerySet[Case]:
    """The cases that are in a person's name and wait for something: visits to make, and what was given to them to review."""
    return Case.objects.filter(assigned_to=person, state__in=_OPEN)


def left_open(user: Any) -> list[tuple[User, list[Case]]]:
    """Each shut account with what it leaves open in the user's regions, what is due first at the beginning."""
    cases = Case.objects.visible_to(user).filter(assigned_to__is_active=False, state__in=_OPEN).select_related("assigned_to")
    by_person: dict[User, list[Case]] = {}
    for case in cases.order_by("assigned_to__username", "due_on", "pk"):
        by_person.setdefault(case.assigned_to, []).append(case)
    return list(by_person.items())


def hand_over(user: Any, person: User, to: User, batch: str) -> list[tuple[Case, str]]:
    """Give what a shut account leaves open in the user's regions to somebody else, deadlines as they are.

    Args:
        user: the supervisor who does it.
        person: whose account is shut.
        to: who is to have it.
        batch: binds what is done, so that it can be taken back together; a form's name.

    Returns:
        Each case with why it could not be given, empty where it was. One that cannot be stops no other.
    """
    outcomes = []
    for shut, cases in left_open(user):
        for case in cases if shut == person else ():
            wanted = Wanted(Action.ASSIGN, f"{batch}:{case.pk}", version=case.version, assigned_to=to, batch=batch)
            try:
                act_on_case(user, case, wanted)
            except (NotAllowed, NotPossible) as error:
                outcomes.append((case, error.why))
            else:
                outcomes.append((case, ""))
    return outcomes
