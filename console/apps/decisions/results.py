"""Record the result of a visit together with how the entity was selected, as training labels need it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from types import MappingProxyType
from typing import Any

from django.db.models import Model

from console.apps.decisions.decide import DecisionInput, act_on_case
from console.apps.decisions.models import Case, Decision, ReasonVerdict, Result
from console.apps.decisions.policies import case_allows, check_visited_on
from console.apps.decisions.selection import campaign_of, selected_by
from console.apps.decisions.states import Action, State
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
"""The action, by whether there is a result to correct and whether the visit took place."""


def record_result(user: Any, case: Case, answers: dict[str, Any], verdicts: dict[str, str]) -> Result:
    """Record a visit's result or that no visit took place, or correct the result until the entity is to be reviewed again.

    A correction is about the same visit, so how the entity was selected stays. ``verdicts`` say whether each reason was right.

    Raises:
        NotAllowed: the user may not record it.
        NotPossible: the case has neither a planned visit nor a result, the date is impossible, or the form was sent before.
    """
    is_inspected = answers["visit_status"] == INSPECTED
    corrected = current_result(case)
    action = _ACTIONS[corrected is not None, is_inspected]
    planned = planned_visit(case)
    if is_inspected:
        check_visited_on(answers["inspected_on"], decided_on(planned), current_date(), current_policy())

    def make_rows(decision: Decision) -> list[Model]:
        result = Result.objects.create(
            decision=decision,
            **{name: answers[name] for name in ("visit_status", "inspected_on", "items_checked", "breaches", "evidence")},
            severity=int(answers["severity"]) if answers["severity"] else None,
            found_violation=answers["found_violation"] == "yes" if answers["found_violation"] else None,
            selected_by=corrected.selected_by if corrected else _selected_by(planned, case),
            inclusion_probability=corrected.inclusion_probability if corrected else None,
            planned_on=None if is_inspected else (corrected and corrected.planned_on) or _last_planned_on(planned),
            corrects=corrected,
        )
        run_id = planned.run_id if planned else ""
        regions = {name: getattr(case, name) for name in ("region_code", "region_middle", "region_top")}
        about = {"result": result, "run_id": run_id, **regions}
        judged = [ReasonVerdict(indicator=name, right=right, **about) for name, right in sorted(verdicts.items())]
        return [result, *ReasonVerdict.objects.bulk_create(judged)]

    step = DecisionInput(action, answers["token"], version=answers["version"])
    return act_on_case(user, case, step, make_rows).result


def current_result(case: Case) -> Result | None:
    """The result of the case's last visit, with its corrections; None if none is recorded."""
    if not case_allows(Action.CORRECT, State(case.state)):
        return None
    return Result.objects.current().filter(decision__case=case).order_by("-pk").first()


def planned_visit(case: Case) -> Decision | None:
    """The decision that planned the visit."""
    return newest_decisions([case], Action.VISIT).get(case.pk)


def decided_on(planned: Decision | None) -> date:
    """The date of the decision to visit, in the profile's time zone; today if there is none."""
    return current_policy().date_of(planned.at) if planned is not None else current_date()


def newest_decisions(cases: Iterable[Case], action: Action) -> dict[int, Decision]:
    """The newest decision of an action for each case that was not undone, by the case's key. One query per thousand cases."""
    pks = [case.pk for case in cases]
    found: dict[int, Decision] = {}
    for at in range(0, len(pks), 1000):
        of_part = Decision.objects.filter(case__in=pks[at : at + 1000], action=action, undone_by=None).order_by("at", "id")
        found |= {decision.case_id: decision for decision in of_part}
    return found


def _selected_by(planned: Decision | None, case: Case) -> str:
    """How the entity was selected, as stored with the decision to visit; computed for decisions from before it was stored."""
    if planned is None:
        return "targeted"
    if planned.selected_by is not None:
        return planned.selected_by
    return selected_by(planned.reason, planned.chosen, campaign_of(case.entity_id, planned.at, decided_on(planned)))


def _last_planned_on(planned: Decision | None) -> date:
    """The last day for which a missed visit can have been planned: its deadline, or today if that is earlier.

    A visit that took place has its own date, and its planned date is not recorded.
    """
    today = current_date()
    return min(planned.due_on, today) if planned is not None and planned.due_on is not None else today
