"""Who may do what, by role, region and earlier part in the case. policies.py says what the state of a case allows."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from console.apps.accounts.models import User
from console.apps.accounts.roles import APPROVES, DECIDES
from console.apps.decisions.states import OF_RESULT, Action, Refused
from console.apps.ranking.current_policy import current_policy
from jobs.texts.codes import regions_of

_DECISIONS = frozenset({Action.VISIT, Action.DEFER, Action.DISMISS, Action.PROPOSE, Action.UNDO})
_APPROVALS = frozenset({Action.APPROVE, Action.REFUSE, Action.REOPEN, Action.ASSIGN})


class NotAllowed(Refused):
    """The user may not do this."""


def check_user_can(user: Any, action: Action, case: Any) -> None:
    """Check that a user may do something to a case within the user's regions.

    Raises:
        NotAllowed: if the user may not.
    """
    if not user.is_authenticated or not user.is_active:
        raise NotAllowed("refused.not_signed_in")
    if action in _DECISIONS and user.role not in DECIDES:
        raise NotAllowed("refused.role")
    if action in OF_RESULT and (user.role not in DECIDES or (user.role not in APPROVES and case.assigned_to_id != user.pk)):
        raise NotAllowed("refused.not_yours")
    if action in _APPROVALS and user.role not in APPROVES:
        raise NotAllowed("refused.role")
    if action == Action.APPROVE and case.proposed_by_id == user.pk:
        raise NotAllowed("refused.own")
    if action not in _DECISIONS | OF_RESULT | _APPROVALS:
        raise NotAllowed("refused.role")


def user_can(user: Any, action: Action, case: Any) -> bool:
    """Whether :func:`check_user_can` allows it. Pages hide what would be refused."""
    try:
        check_user_can(user, action, case)
    except NotAllowed:
        return False
    return True


def assignable_users(user: Any) -> QuerySet[User]:
    """Users to whom a user may assign a case: for a supervisor those who decide in the supervisor's regions or parts of them.

    The supervisor of a city can assign to inspectors of its districts. The supervisor of a district cannot assign to the city.
    """
    if user.role != "supervisor":
        return User.objects.none()
    people = User.objects.filter(is_active=True, role__in=DECIDES)
    own = {(place.level, place.code) for place in user.regions()}
    if ("all", "") in own:
        return people
    regions = regions_of(current_policy().profile)
    within = {code for _, own_code in own for code in regions.within(own_code)}
    return people.filter(jurisdictions__code__in=within).distinct()
