"""Keep what a visit found, with how the entity was selected: what a label needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from console.apps.decisions.decide import Wanted, act_on_case
from console.apps.decisions.models import Case, Decision, ReasonVerdict, Result
from console.apps.decisions.policies import case_allows, check_visited_on
from console.apps.decisions.states import Action, State
from console.apps.decisions.visit_reason import campaign_of, selected_by
from console.apps.ranking.current_policy import current_date, current_policy

INSPECTED = "inspected"
"""The status of a visit that took place."""
_ACTIONS = MappingProxyType(
    {
        (False, True): Action.RECORD,
        (False, False): Action.RECORD_NO_VISIT,
        (True, True): Action.CORRECT,
        (True, False): Action.CORRECT_NO_VISIT,
    }
)
"""What is done, by whether there is a result to correct, and whether the visit took place."""


def record_result(user: Any, case: Case, said: dict[str, Any], verdicts: dict[str, str]) -> Result:
    """Record a visit's result, or that none took place; or correct what was recorded, as long as the entity is not to review again.

    A correction is the same visit's: how its entity was selected stays.

    Args:
        user: who visited, or a supervisor.
        case: the case, in which a visit is planned or has its result.
        said: the form's answers.
        verdicts: whether each reason was right.

    Raises:
        NotAllowed: it is not theirs to record.
        NotPossible: no visit is planned or has its result any more, it cannot have been on that day, or the form was sent before.
    """
    is_inspected = said["visit_status"] == INSPECTED
    corrected = standing_result(case)
    action = _ACTIONS[corrected is not None, is_inspected]
    planned = planned_visit(case)
    if is_inspected:
        check_visited_on(said["inspected_on"], decided_on(planned), current_date(), current_policy())
    with transaction.atomic():
        decision = act_on_case(user, case, Wanted(action, said["token"], version=said["version"]))
        result = Result.objects.create(
            decision=decision,
            visit_status=said["visit_status"],
            inspected_on=said["inspected_on"],
            items_checked=said["items_checked"],
            breaches=said["breaches"],
            severity=int(said["severity"]) if said["severity"] else None,
            found_violation=said["found_violation"] == "yes" if said["found_violation"] else None,
            evidence=said["evidence"],
            selected_by=corrected.selected_by if corrected else _selected_by(planned, case),
            inclusion_probability=corrected.inclusion_probability if corrected else None,
            planned_on=None if is_inspected else (corrected and corrected.planned_on) or _last_planned_on(planned),
            corrects=corrected,
        )
        run_id = planned.run_id if planned else ""
        regions = {name: getattr(case, name) for name in ("region_code", "region_middle", "region_top")}
        ReasonVerdict.objects.bulk_create(
            [
                ReasonVerdict(result=result, indicator=name, right=right, run_id=run_id, **regions)
                for name, right in verdicts.items()
            ]
        )
    return result


def standing_result(case: Case) -> Result | None:
    """What is held to be found by the visit that the case had last; None while none is recorded of it."""
    if not case_allows(Action.CORRECT, State(case.state)):
        return None
    return Result.objects.standing().filter(decision__case=case).order_by("-pk").first()


def planned_visit(case: Case) -> Decision | None:
    """The decision by which the visit was planned."""
    return newest_decisions([case], Action.VISIT).get(case.pk)


def decided_on(planned: Decision | None) -> date:
    """The day of the decision to visit, in the profile's time zone; today where there is none."""
    return planned.at.astimezone(ZoneInfo(current_policy().time_zone)).date() if planned is not None else current_date()


def newest_decisions(cases: Iterable[Case], action: Action) -> dict[int, Decision]:
    """The newest decision of a kind about each case that was not taken back, by the case's key; a query for each thousand."""
    pks = [case.pk for case in cases]
    found: dict[int, Decision] = {}
    for at in range(0, len(pks), 1000):
        of_part = Decision.objects.filter(case__in=pks[at : at + 1000], action=action, undone_by=None).order_by("at", "id")
        found |= {decision.case_id: decision for decision in of_part}
    return found


def _selected_by(planned: Decision | None, case: Case) -> str:
    """How the entity was selected, as the decision to visit settled it; reckoned for one that was taken before it did."""
    if planned is None:
        return "targeted"
    if planned.selected_by is not None:
        return planned.selected_by
    return selected_by(planned.reason, planned.chosen, campaign_of(case.entity_id, planned.at, decided_on(planned)))


def _last_planned_on(planned: Decision | None) -> date:
    """The last day for which a visit that was not made can have been planned: its deadline, or today where that is yet to come.

    A visit that was made has a day of its own, and for which it was planned nobody says.
    """
    today = current_date()
    return min(planned.due_on, today) if planned is not None and planned.due_on is not None else today
