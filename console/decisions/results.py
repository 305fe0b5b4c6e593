"""Keep what a visit found, with how the entity was selected: what a label needs."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from console.campaigns.models import Member
from console.decisions.decide import Wanted, act_on_case
from console.decisions.models import Case, Decision, ReasonVerdict, Result
from console.decisions.result_form import INSPECTED
from console.decisions.states import Action
from console.policy import policy


def record_result(user: Any, case: Case, said: dict[str, Any], verdicts: dict[str, str]) -> Result:
    """Record a visit's result, or that none took place.

    Args:
        user: who visited.
        case: the case, in which a visit is planned.
        said: the form's answers.
        verdicts: whether each reason was right.

    Raises:
        NotAllowed: it is not theirs to record.
        NotPossible: no visit is planned any more, or the form was sent before.
    """
    is_inspected = said["visit_status"] == INSPECTED
    action = Action.RECORD if is_inspected else Action.RECORD_NO_VISIT
    planned = planned_visit(case)
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
            selected_by=_selected_by(case, planned),
            planned_on=planned.due_on if planned else None,
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


def planned_visit(case: Case) -> Decision | None:
    """The decision by which the visit was planned."""
    return case.decisions.filter(action=Action.VISIT).order_by("-at", "-id").first()


def _selected_by(case: Case, planned: Decision | None) -> str:
    """How the entity was selected, in the words of the inspections' contract.

    A draw that the console did not make has no inclusion probability here, so its visits count in no unbiased rate.
    """
    if planned is None:
        return "targeted"
    if planned.reason in _BY_REASON:
        return _BY_REASON[planned.reason]
    if planned.chosen.get("kind") == "joint":
        return "joint"
    return "campaign" if _is_in_campaign(case, planned) else "targeted"


_BY_REASON = {"complaints": "complaint", "drawn": "random"}


def _is_in_campaign(case: Case, planned: Decision) -> bool:
    """Whether a campaign that ran when the visit was decided had taken the entity in."""
    on = planned.at.astimezone(ZoneInfo(policy().time_zone)).date()
    ran = Q(campaign__closed_at=None) | Q(campaign__closed_at__gt=planned.at)
    members = Member.objects.filter(ran, entity_id=case.entity_id, campaign__made_at__lte=planned.at)
    return members.filter(campaign__starts_on__lte=on, campaign__ends_on__gte=on).exists()
