"""What the state of a case and the jurisdiction's policy allow, for every user; and which cases are overdue."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from console.apps.decisions.models import Case
from console.apps.decisions.states import OF_SYSTEM, TRANSITIONS, UNDOABLE, WITH_DEADLINE, Action, Refused, State
from console.core.policy import Policy
from jobs.profile.calendar import add_working_days, working_days_between

CLOSED_STATES = frozenset({State.VISITED, State.DISMISSED})
"""States after a visit, or after as many people as needed agreed that no visit is needed."""


class NotPossible(Refused):
    """The state or the policy does not allow this."""


def check_case_allows(action: Action, state: State) -> State:
    """The state that an action leads to.

    Raises:
        NotPossible: if this state does not allow the action.
    """
    try:
        return TRANSITIONS[State(state), action]
    except KeyError as error:
        raise NotPossible("refused.state") from error


def case_allows(action: Action, state: State) -> bool:
    """Whether a state allows an action."""
    return (State(state), action) in TRANSITIONS


def needs_two_people(risk_class: str, policy: Policy) -> bool:
    """Whether the dismissal of an entity of this class needs a second person."""
    return risk_class in policy.decisions.two_people


def check_dismissal(action: Action, risk_class: str, policy: Policy) -> None:
    """Check that one person alone may dismiss an entity of this class.

    Raises:
        NotPossible: if it needs two people.
    """
    if action == Action.DISMISS and needs_two_people(risk_class, policy):
        raise NotPossible("refused.two_people")


def check_deferral(wake_on: date | None, condition: str, today: date, policy: Policy, deferred: int = 0) -> None:
    """Check that a deferral ends: on a future day within the limit, or when a condition is met.

    ``deferred`` is the number of working days for which the entity was deferred already (:func:`days_deferred`).

    Raises:
        NotPossible: if there is neither day nor condition, the day is past or beyond the limit, or the limit is used up.
    """
    if wake_on is None and not condition:
        raise NotPossible("refused.no_end")
    if wake_on is not None and wake_on <= today:
        raise NotPossible("refused.past")
    if deferred >= policy.deadlines.longest_deferral:
        raise NotPossible("refused.deferred_enough")
    if wake_on is not None and wake_on > longest_deferral(today, policy, deferred):
        raise NotPossible("refused.too_far")


def longest_deferral(today: date, policy: Policy, deferred: int = 0) -> date:
    """The last possible day of a deferral, also of one that waits for a condition.

    Without this limit over all deferrals together, one person alone could put off for good what needs two people to dismiss.
    """
    return add_working_days(today, policy.deadlines.longest_deferral - deferred, policy.calendar)


def days_deferred(steps: Iterable[tuple[date, State]], today: date, policy: Policy) -> int:
    """The working days for which an entity was deferred in total since its last visit or dismissal.

    Days further back than ``again_after_days`` do not count: after that time visited and dismissed entities return as well. A
    running deferral counts up to today. ``steps`` has the date of each step and the state that it led to, in order.
    """
    since = today - timedelta(days=policy.decisions.again_after_days)
    days, began = 0, None
    for on, state in (*steps, (today, None)):
        if began is not None and state != State.DEFERRED:
            days += working_days_between(max(began, since), on, policy.calendar)
            began = None
        if state == State.DEFERRED:
            began = began or on
        if state in CLOSED_STATES:
            days = 0
    return days


def check_visited_on(on: date, decided_on: date, today: date, policy: Policy) -> None:
    """Check that a visit took place between its decision and today, and recently enough for people to remember it.

    Raises:
        NotPossible: if the day is in the future, before the decision, or too long ago.
    """
    if on > today:
        raise NotPossible("refused.day_to_come")
    if on < decided_on:
        raise NotPossible("refused.before_decision", on=decided_on)
    if on < today - timedelta(days=policy.deadlines.result_within):
        raise NotPossible("refused.too_long_ago", n=policy.deadlines.result_within)


def first_day_of_visit(decided_on: date, today: date, policy: Policy) -> date:
    """The earliest day of a visit that :func:`check_visited_on` accepts."""
    return max(decided_on, today - timedelta(days=policy.deadlines.result_within))


def check_undo(decision: Any, user: Any, now: datetime, policy: Policy) -> None:
    """Check that a user undoes their own decision, of an undoable kind, in time.

    Raises:
        NotPossible: if it is another person's decision, not undoable, or too old.
    """
    if Action(decision.action) in OF_SYSTEM or Action(decision.action) not in UNDOABLE or decision.actor_id != user.pk:
        raise NotPossible("refused.undo_other")
    if now - decision.at > timedelta(minutes=policy.decisions.undo_minutes):
        raise NotPossible("refused.undo_late")


def due_after(action: Action, today: date, policy: Policy) -> date | None:
    """The deadline of the next step: a visit's result, or the second person's answer."""
    if action == Action.VISIT:
        return add_working_days(today, policy.deadlines.visit, policy.calendar)
    if action == Action.PROPOSE:
        return add_working_days(today, policy.deadlines.second_person, policy.calendar)
    return None


def return_date_after_no_visit(today: date, policy: Policy) -> date:
    """The day on which an entity whose visit did not take place returns to review.

    It returns soon: otherwise "no visit took place" would be a dismissal without a second person.
    """
    return add_working_days(today, policy.deadlines.no_visit, policy.calendar)


def is_overdue(today: date) -> Q:
    """The condition of a case whose deadline is past. On the day of the deadline a case is not overdue."""
    return Q(state__in=WITH_DEADLINE, due_on__lt=today)


def overdue(cases: QuerySet[Case], today: date) -> QuerySet[Case]:
    """The overdue cases, the oldest deadline first."""
    return cases.filter(is_overdue(today)).order_by("due_on", "pk")


def days_overdue(case: Case, today: date, policy: Policy) -> int:
    """The working days for which a case has been overdue; 0 if it is not, or if only days off have passed."""
    if case.state not in WITH_DEADLINE or case.due_on is None:
        return 0
    return working_days_between(case.due_on, today, policy.calendar)
