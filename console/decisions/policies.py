"""What the state of a case and the jurisdiction's policy allow, whoever asks."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from console.decisions.states import OF_SYSTEM, TRANSITIONS, UNDOABLE, Action, State
from console.policy import Policy
from console.working_days import add_working_days


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


def check_deferral(wake_on: date | None, condition: str, today: date, policy: Policy) -> None:
    """A deferral ends: on a day to come, not too far, or when something happens.

    Raises:
        NotPossible: when it names neither, or a day that is past or too far.
    """
    if wake_on is None and not condition:
        raise NotPossible("refused.no_end")
    if wake_on is not None and wake_on <= today:
        raise NotPossible("refused.past")
    if wake_on is not None and wake_on > longest_deferral(today, policy):
        raise NotPossible("refused.too_far")


def longest_deferral(today: date, policy: Policy) -> date:
    """The day on which a deferral ends at the latest, also one that waits for something to happen.

    Without it one person alone could put off for good what takes two to dismiss.
    """
    return add_working_days(today, policy.longest_deferral, policy)


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
        return add_working_days(today, policy.visit_days, policy)
    if action == Action.PROPOSE:
        return add_working_days(today, policy.second_person_days, policy)
    return None
