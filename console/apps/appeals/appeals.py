"""Record an appeal, and answer it: checked, and in the audit's chain within the same transaction."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from console.apps.accounts.roles import APPROVES, DECIDES
from console.apps.appeals.models import Answer, Appeal
from console.apps.audit.chain import append
from console.apps.audit.events import event_facts
from console.apps.audit.models import Kind
from console.apps.decisions.decide import case_of
from console.apps.decisions.models import Case, Decision
from console.apps.decisions.permissions import NotAllowed
from console.apps.decisions.policies import NotPossible
from console.apps.ranking.current_policy import current_policy
from console.apps.ranking.models import Ranked
from console.core import clock
from jobs.profile.calendar import add_working_days


def appeals_of(user: Any) -> QuerySet[Appeal]:
    """The appeals of entities that a user may see, what is due first at the beginning."""
    return Appeal.objects.filter(case__in=Case.objects.visible_to(user)).select_related(
        "case", "recorded_by", "answer", "answer__answered_by"
    )


def record_appeal(user: Any, entity: Ranked, run_id: str, said: dict[str, Any]) -> Appeal:
    """Record that a business objects; where its case stands changes nothing, and it is due in the policy's working days.

    Args:
        user: who records it.
        entity: as :meth:`InJurisdiction.visible_to` gave it for them.
        run_id: the run that they saw.
        said: the form's ``received_on``, ``ground``, ``text`` and ``token``.

    Raises:
        NotAllowed: the user may not.
        NotPossible: the form was sent before.
    """
    if user.role not in DECIDES:
        raise NotAllowed("refused.role")
    try:
        with transaction.atomic():
            case, policy = case_of(entity), current_policy()
            appeal = Appeal.objects.create(
                case=case,
                received_on=said["received_on"],
                ground=said["ground"],
                text=said["text"],
                run_id=run_id,
                due_on=add_working_days(said["received_on"], policy.appeal_days, policy.calendar),
                recorded_at=clock.now(),
                recorded_by=user,
                form_token=said["token"],
            )
            detail = {"appeal": appeal.pk, "ground": appeal.ground, "received_on": appeal.received_on, "due_on": appeal.due_on}
            append([_facts(Kind.APPEAL_RECEIVED, user, appeal, detail)])
    except IntegrityError as error:
        raise NotPossible("refused.sent_before") from error
    return appeal


def check_user_may_answer(user: Any, appeal: Appeal) -> None:
    """See that a user may answer an appeal within their regions: who decided something of the entity before may not.

    Raises:
        NotAllowed: when they may not.
    """
    if user.role not in APPROVES:
        raise NotAllowed("refused.role")
    if Decision.objects.filter(case=appeal.case_id, actor=user).exists():
        raise NotAllowed("refused.had_part")


def cases_had_part_in(user: Any) -> set[int]:
    """Of the cases with an appeal that waits those from which :func:`check_user_may_answer` keeps a supervisor, in one question."""
    waiting = Decision.objects.filter(actor=user, case__appeals__isnull=False, case__appeals__answer__isnull=True)
    return set(waiting.order_by().values_list("case", flat=True).distinct())


def answer(user: Any, appeal: Appeal, said: dict[str, Any]) -> Answer:
    """Answer an appeal, once. What follows from it, such as a corrected source, is done where it belongs, and not by this.

    Raises:
        NotAllowed: the user may not.
        NotPossible: it was answered before.
    """
    check_user_may_answer(user, appeal)
    try:
        with transaction.atomic():
            made = Answer.objects.create(
                appeal=appeal, outcome=said["outcome"], comment=said["comment"], at=clock.now(), answered_by=user
            )
            append([_facts(Kind.APPEAL_ANSWERED, user, appeal, {"appeal": appeal.pk, "outcome": made.outcome})])
    except IntegrityError as error:
        raise NotPossible("refused.answered") from error
    return made


def _facts(kind: Kind, user: Any, appeal: Appeal, detail: dict[str, Any]) -> Any:
    case = appeal.case
    return event_facts(kind, user, entity_id=case.entity_id, region_code=case.region_code, run_id=appeal.run_id, detail=detail)
