"""Steps that nobody takes in person, such as the end of a deferral: many at once, by as many statements as for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import F

from console.apps.audit.chain import append
from console.apps.audit.events import SYSTEM, facts_of
from console.apps.audit.models import Kind
from console.apps.decisions.decide import standing_of
from console.apps.decisions.models import Case, Decision
from console.apps.decisions.policies import check_case_allows
from console.apps.decisions.states import OF_SYSTEM, Action, State
from console.core import clock


def move_all_by_system(moves: Iterable[tuple[Case, Action, str]], *, run_id: str) -> None:
    """Move cases, each with why, within the caller's transaction, which has locked them.

    A case that comes back is nobody's and has no deadline. All steps are added to the audit's chain at once, after the last case
    has moved: from then on nobody else can.
    """
    at = clock.now()
    steps: list[Decision] = []
    moved: defaultdict[State, list[int]] = defaultdict(list)
    for case, action, why in moves:
        if action not in OF_SYSTEM:
            raise ValueError(f"{action} is done by a person")
        after = check_case_allows(action, State(case.state))
        moved[after].append(case.pk)
        steps.append(
            Decision(
                case=case,
                at=at,
                action=action,
                state_before=case.state,
                state_after=after,
                reason=why,
                run_id=run_id,
                risk_class=case.risk_class,
                position=case.position,
                form_token=f"{action}:{case.pk}:{case.version}",
                before=standing_of(case),
            )
        )
    Decision.objects.bulk_create(steps)
    for after, cases in moved.items():
        Case.objects.filter(pk__in=cases).update(
            state=after, version=F("version") + 1, changed_at=at,
            assigned_to=None, proposed_by=None, due_on=None, wake_on=None, wake_condition="",
        )  # fmt: skip
    append(
        [
            facts_of(
                Kind.WOKEN,
                SYSTEM,
                entity_id=step.case.entity_id,
                region_code=step.case.region_code,
                run_id=run_id,
                detail={
                    "action": str(step.action),
                    "from": step.state_before,
                    "to": str(step.state_after),
                    "reason": step.reason,
                    "decision": step.pk,
                },
            )
            for step in steps
        ]
    )
