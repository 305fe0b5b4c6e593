"""The states of a case, the actions that each allows, and the state that each action leads to; the error of a refused action."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType


class Refused(Exception):
    """An action is refused; ``why`` is a key of the texts, ``values`` are the values in the text."""

    def __init__(self, why: str, **values: object) -> None:
        super().__init__(why)
        self.why, self.values = why, values


class State(StrEnum):
    """The state of a case."""

    TO_REVIEW = "to_review"
    VISIT_PLANNED = "visit_planned"
    DEFERRED = "deferred"
    DISMISSAL_PROPOSED = "dismissal_proposed"
    DISMISSED = "dismissed"
    VISITED = "visited"
    NOT_INSPECTED = "not_inspected"


class Action(StrEnum):
    """A step of a case. The system alone takes the steps ``wake`` and ``return``."""

    VISIT = "visit"
    DEFER = "defer"
    DISMISS = "dismiss"
    PROPOSE = "propose"
    APPROVE = "approve"
    REFUSE = "refuse"
    RECORD = "record"
    RECORD_NO_VISIT = "record_no_visit"
    CORRECT = "correct"
    CORRECT_NO_VISIT = "correct_no_visit"
    REOPEN = "reopen"
    ASSIGN = "assign"
    UNDO = "undo"
    WAKE = "wake"
    RETURN = "return"


TRANSITIONS = MappingProxyType(
    {
        (State.TO_REVIEW, Action.VISIT): State.VISIT_PLANNED,
        (State.TO_REVIEW, Action.DEFER): State.DEFERRED,
        (State.TO_REVIEW, Action.DISMISS): State.DISMISSED,
        (State.TO_REVIEW, Action.PROPOSE): State.DISMISSAL_PROPOSED,
        (State.DEFERRED, Action.VISIT): State.VISIT_PLANNED,
        (State.DEFERRED, Action.DEFER): State.DEFERRED,
        (State.DEFERRED, Action.DISMISS): State.DISMISSED,
        (State.DEFERRED, Action.PROPOSE): State.DISMISSAL_PROPOSED,
        (State.DEFERRED, Action.WAKE): State.TO_REVIEW,
        (State.DISMISSAL_PROPOSED, Action.APPROVE): State.DISMISSED,
        (State.DISMISSAL_PROPOSED, Action.REFUSE): State.TO_REVIEW,
        (State.VISIT_PLANNED, Action.RECORD): State.VISITED,
        (State.VISIT_PLANNED, Action.RECORD_NO_VISIT): State.NOT_INSPECTED,
        (State.VISITED, Action.CORRECT): State.VISITED,
        (State.VISITED, Action.CORRECT_NO_VISIT): State.NOT_INSPECTED,
        (State.NOT_INSPECTED, Action.CORRECT): State.VISITED,
        (State.NOT_INSPECTED, Action.CORRECT_NO_VISIT): State.NOT_INSPECTED,
        (State.TO_REVIEW, Action.ASSIGN): State.TO_REVIEW,
        (State.DEFERRED, Action.ASSIGN): State.DEFERRED,
        (State.VISIT_PLANNED, Action.ASSIGN): State.VISIT_PLANNED,
        (State.NOT_INSPECTED, Action.VISIT): State.VISIT_PLANNED,
        (State.NOT_INSPECTED, Action.DEFER): State.DEFERRED,
        (State.DISMISSED, Action.REOPEN): State.TO_REVIEW,
        (State.VISITED, Action.REOPEN): State.TO_REVIEW,
        (State.DISMISSED, Action.RETURN): State.TO_REVIEW,
        (State.VISITED, Action.RETURN): State.TO_REVIEW,
        (State.NOT_INSPECTED, Action.RETURN): State.TO_REVIEW,
    }
)

UNDOABLE = frozenset({Action.VISIT, Action.DEFER, Action.DISMISS, Action.PROPOSE, Action.ASSIGN})
"""Actions that their actor may undo for a while. A result, an approval and a refusal cannot be undone."""
CORRECTIONS = frozenset({Action.CORRECT, Action.CORRECT_NO_VISIT})
OF_RESULT = frozenset({Action.RECORD, Action.RECORD_NO_VISIT, *CORRECTIONS})
"""Results of a visit and their corrections."""
WITH_DEADLINE = frozenset({State.VISIT_PLANNED, State.DISMISSAL_PROPOSED})
"""States in which somebody must act by a deadline of the policy (``due_after``)."""
OF_SYSTEM = frozenset({Action.WAKE, Action.RETURN})
