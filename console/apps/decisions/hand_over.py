"""Hand on what somebody leaves open who can no longer do it: no visit is lost with the person who was to make it."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from console.apps.accounts.jurisdiction import bound_of
from console.apps.accounts.models import User
from console.apps.accounts.roles import DECIDES
from console.apps.decisions.decide import Wanted, act_on_case
from console.apps.decisions.models import Case
from console.apps.decisions.permissions import NotAllowed
from console.apps.decisions.policies import NotPossible
from console.apps.decisions.states import TRANSITIONS, Action

_OPEN = sorted(state for state, action in TRANSITIONS if action == Action.ASSIGN)


def open_cases_of(person: User) -> QuerySet[Case]:
    """The cases, visits to make and what was given to review, that wait for a person who can no longer do them.

    The account is shut, or its role decides nothing, or it does not answer for the region: its own or the entity's is another than
    it was.
    """
    return Case.objects.filter(_beyond(person), state__in=_OPEN)


def left_open(user: Any) -> list[tuple[User, list[Case]]]:
    """Each person with what they leave open so in the user's regions, what is due first at the beginning; as many questions
    whoever has how much to do."""
    seen = Case.objects.visible_to(user).filter(state__in=_OPEN)
    people = User.objects.filter(pk__in=seen.order_by().values("assigned_to")).prefetch_related("jurisdictions")
    beyond = Q(pk__in=[])
    for person in people:
        beyond |= _beyond(person)
    by_person: dict[User, list[Case]] = {}
    for case in seen.filter(beyond).select_related("assigned_to").order_by("assigned_to__username", "due_on", "pk"):
        by_person.setdefault(case.assigned_to, []).append(case)
    return list(by_person.items())


def _beyond(person: User) -> Q:
    """Which of a person's cases they can do nothing of."""
    theirs = Q(assigned_to=person)
    if not person.is_active or person.role not in DECIDES:
        return theirs
    bound = bound_of(person)
    return Q(pk__in=[]) if bound is None else theirs & ~bound


def hand_over(user: Any, person: User, to: User, batch: str) -> list[tuple[Case, str]]:
    """Give what somebody leaves open in the user's regions to somebody else, deadlines as they are.

    Args:
        user: the supervisor who does it.
        person: who leaves it, as :func:`left_open` tells.
        to: who is to have it.
        batch: binds what is done, so that it can be taken back together; a form's name.

    Returns:
        Each case with why it could not be given, empty where it was. One that cannot be stops no other.
    """
    outcomes = []
    for leaves, cases in left_open(user):
        for case in cases if leaves == person else ():
            wanted = Wanted(Action.ASSIGN, f"{batch}:{case.pk}", version=case.version, assigned_to=to, batch=batch)
            try:
                act_on_case(user, case, wanted)
            except (NotAllowed, NotPossible) as error:
                outcomes.append((case, error.why))
            else:
                outcomes.append((case, ""))
    return outcomes
