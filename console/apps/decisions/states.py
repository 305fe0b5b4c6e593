"""The states of a case, what may be done in each, and where it leads."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """Where an entity stands with the regulator."""

    TO_REVIEW = "to_review"
    VISIT_PLANNED = "visit_planned"
    DEFERRED = "deferred"
    DISMISSAL_PROPOSED = "dismissal_proposed"
    DISMISSED = "dismissed"
    VISITED = "visited"
    NOT_INSPECTED = "not_inspected"


class Action(StrEnum):
    """What somebody does; ``wake`` and ``return`` are done by nobody in person."""

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
"""What the person who did it may take back for a while; a result, an approval and a refusal stand."""
CORRECTIONS = frozenset({Action.CORRECT, Action.CORRECT_NO_VISIT})
OF_RESULT = frozenset({Action.RECORD, Action.RECORD_NO_VISIT, *CORRECTIONS})
"""What is said of a visit, first or anew."""
WITH_DEADLINE = frozenset({State.VISIT_PLANNED, State.DISMISSAL_PROPOSED})
"""Where somebody is to do something, by a day that the policy gives (``due_after``)."""
OF_SYSTEM = frozenset({Action.WAKE, Action.RETURN})
