"""What the state of a case and the jurisdiction's policy allow, whoever asks.

What waits longer than the policy lets it: visits without a result, proposals without a second person's word.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from console.apps.decisions.models import Case
from console.apps.decisions.states import OF_SYSTEM, TRANSITIONS, UNDOABLE, WITH_DEADLINE, Action, State
from console.core.policy import Policy
from jobs.profile.calendar import add_working_days, working_days_between

SETTLED = frozenset({State.VISITED, State.DISMISSED})
"""Where somebody looked into the entity, or as many agreed as it takes that nobody need."""


class NotPossible(Exception):
    """The state or the policy does not allow something; ``why`` is a key of the words, ``said`` what they are filled in with."""

    def __init__(self, why: str, **said: object) -> None:
        super().__init__(why)
        self.why, self.said = why, said


def check_case_allows(action: Action, state: State) -> State:
    """The state that an action leads to.

    Raises:
        NotPossible: when it cannot be done in this state.
    """
    try:
        return TRANSITIONS[State(state), action]
    except KeyError as error:
        raise NotPossible("refused.state") from error


def case_allows(action: Action, state: State) -> bool:
    """Whether an action can be done in a state."""
    return (State(state), action) in TRANSITIONS


def needs_two_people(risk_class: str, policy: Policy) -> bool:
    """Whether dismissing an entity of this class takes a second person."""
    return risk_class in policy.two_people


def check_dismissal(action: Action, risk_class: str, policy: Policy) -> None:
    """Nobody dismisses alone what takes two.

    Raises:
        NotPossible: when it takes two.
    """
    if action == Action.DISMISS and needs_two_people(risk_class, policy):
        raise NotPossible("refused.two_people")


def check_deferral(wake_on: date | None, condition: str, today: date, policy: Policy, deferred: int = 0) -> None:
    """A deferral ends: on a day to come, not too far, or when something happens.

    Args:
        wake_on: the day that it names, if any.
        condition: what is to happen, if anything.
        today: when it is asked for.
        policy: how long an entity may be deferred.
        deferred: for how many working days it was already (:func:`days_deferred`).

    Raises:
        NotPossible: when it names neither, or a day that is past or too far, or the entity was deferred as long as may be.
    """
    if wake_on is None and not condition:
        raise NotPossible("refused.no_end")
    if wake_on is not None and wake_on <= today:
        raise NotPossible("refused.past")
    if deferred >= policy.longest_deferral:
        raise NotPossible("refused.deferred_enough")
    if wake_on is not None and wake_on > longest_deferral(today, policy, deferred):
        raise NotPossible("refused.too_far")


def longest_deferral(today: date, policy: Policy, deferred: int = 0) -> date:
    """The day on which a deferral ends at the latest, also one that waits for something to happen.

    Without it, or if each deferral began to count anew, one person alone could put off for good what takes two to dismiss.
    """
    return add_working_days(today, policy.longest_deferral - deferred, policy.calendar)


def days_deferred(steps: Iterable[tuple[date, State]], today: date, policy: Policy) -> int:
    """For how many working days an entity was deferred in all since it was last visited or dismissed.

    What lies further back than ``again_after_days`` is over: by then the policy has whatever was settled reviewed again, too.

    Args:
        steps: the day of each step of the case and the state that it led to, in order.
        today: until when a deferral that goes on counts.
        policy: the calendar, and how far back counts.
    """
    since = today - timedelta(days=policy.again_after_days)
    days, began = 0, None
    for on, state in (*steps, (today, None)):
        if began is not None and state != State.DEFERRED:
            days += working_days_between(max(began, since), on, policy.calendar)
            began = None
        if state == State.DEFERRED:
            began = began or on
        if state in SETTLED:
            days = 0
    return days


def check_visited_on(on: date, decided_on: date, today: date, policy: Policy) -> None:
    """A visit takes place between the day on which it was decided and today, and is told of while people remember it.

    Raises:
        NotPossible: when the day is yet to come, before the decision, or too long ago.
    """
    if on > today:
        raise NotPossible("refused.day_to_come")
    if on < decided_on:
        raise NotPossible("refused.before_decision", on=decided_on)
    if on < today - timedelta(days=policy.result_within):
        raise NotPossible("refused.too_long_ago", n=policy.result_within)


def first_day_of_visit(decided_on: date, today: date, policy: Policy) -> date:
    """The earliest day that :func:`check_visited_on` lets a visit have."""
    return max(decided_on, today - timedelta(days=policy.result_within))


def check_undo(decision: Any, user: Any, now: datetime, policy: Policy) -> None:
    """A person takes back their own newest decision, soon.

    Raises:
        NotPossible: when it is another's, of a kind that stands, too old, or something followed it.
    """
    if Action(decision.action) in OF_SYSTEM or Action(decision.action) not in UNDOABLE or decision.actor_id != user.pk:
        raise NotPossible("refused.undo_other")
    if now - decision.at > timedelta(minutes=policy.undo_minutes):
        raise NotPossible("refused.undo_late")


def due_after(action: Action, today: date, policy: Policy) -> date | None:
    """By when the next step is due: a visit's result, or a second person's word."""
    if action == Action.VISIT:
        return add_working_days(today, policy.visit_days, policy.calendar)
    if action == Action.PROPOSE:
        return add_working_days(today, policy.second_person_days, policy.calendar)
    return None


def back_after_no_visit(today: date, policy: Policy) -> date:
    """When an entity whose visit was not made is to review again by itself: soon, since nobody has looked into it.

    Were it away for as long as one that was visited, saying "not made" would be a dismissal that takes no second person.
    """
    return add_working_days(today, policy.no_visit_days, policy.calendar)


def overdue(cases: QuerySet[Case], today: date) -> QuerySet[Case]:
    """Those of the cases whose deadline is past, the longest first. On its last day nothing is overdue yet."""
    return cases.filter(state__in=WITH_DEADLINE, due_on__lt=today).order_by("due_on", "pk")


def days_overdue(case: Case, today: date, policy: Policy) -> int:
    """For how many working days a case has been overdue; 0 where it is not, or only since days on which nobody works."""
    if case.state not in WITH_DEADLINE or case.due_on is None:
        return 0
    return working_days_between(case.due_on, today, policy.calendar)
