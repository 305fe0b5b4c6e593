"""Record and answer appeals: checked, and added to the audit in the same transaction."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from console.apps.accounts.roles import APPROVES, DECIDES
from console.apps.appeals.models import Answer, Appeal
from console.apps.audit.chain import record_event
from console.apps.audit.content import CONTENT, content_digest
from console.apps.audit.models import Kind
from console.apps.decisions.decide import case_of, one_step
from console.apps.decisions.models import Case, Decision
from console.apps.decisions.permissions import NotAllowed
from console.apps.ranking.current_policy import current_policy
from console.apps.ranking.models import Ranked
from console.core import clock
from jobs.profile.calendar import add_working_days


def appeals_of(user: Any) -> QuerySet[Appeal]:
    """The appeals of entities that a user may see, the first due first."""
    return Appeal.objects.filter(case__in=Case.objects.visible_to(user)).select_related(
        "case", "recorded_by", "answer", "answer__answered_by"
    )


def record_appeal(user: Any, entity: Ranked, run_id: str, answers: dict[str, Any]) -> Appeal:
    """Record an appeal, whatever the state of the case. It is due after the policy's number of working days.

    ``entity`` is one that the user may see, in the run that the user saw; ``answers`` are the form's.

    Raises:
        NotAllowed: the user may not.
        NotPossible: the form was sent before.
    """
    if user.role not in DECIDES:
        raise NotAllowed("refused.role")
    with one_step():
        case, policy = case_of(entity), current_policy()
        appeal = Appeal.objects.create(
            case=case,
            received_on=answers["received_on"],
            ground=answers["ground"],
            text=answers["text"],
            run_id=run_id,
            due_on=add_working_days(answers["received_on"], policy.deadlines.appeal, policy.calendar),
            recorded_at=clock.now(),
            recorded_by=user,
            form_token=answers["token"],
        )
        detail = {"ground": appeal.ground, "received_on": appeal.received_on, "due_on": appeal.due_on}
        _record(Kind.APPEAL_RECEIVED, user, appeal, appeal, detail)
    return appeal


def check_user_may_answer(user: Any, appeal: Appeal) -> None:
    """Check that a user may answer an appeal in the user's regions: nobody who decided about the entity may.

    Raises:
        NotAllowed: if the user may not.
    """
    if user.role not in APPROVES:
        raise NotAllowed("refused.role")
    if Decision.objects.filter(case=appeal.case_id, actor=user).exists():
        raise NotAllowed("refused.had_part")


def cases_decided_by(user: Any) -> set[int]:
    """The keys of cases with an open appeal that a supervisor may not answer (:func:`check_user_may_answer`), in one query."""
    waiting = Decision.objects.filter(actor=user, case__appeals__isnull=False, case__appeals__answer__isnull=True)
    return set(waiting.order_by().values_list("case", flat=True).distinct())


def answer_appeal(user: Any, appeal: Appeal, answers: dict[str, Any]) -> Answer:
    """Answer an appeal. Consequences, such as a corrected source, are not part of this.

    Raises:
        NotAllowed: the user may not.
        NotPossible: it has an answer already.
    """
    check_user_may_answer(user, appeal)
    with one_step("refused.answered"):
        made = Answer.objects.create(
            appeal=appeal, outcome=answers["outcome"], comment=answers["comment"], at=clock.now(), answered_by=user
        )
        _record(Kind.APPEAL_ANSWERED, user, appeal, made, {"outcome": made.outcome})
    return made


def _record(kind: Kind, user: Any, appeal: Appeal, row: Appeal | Answer, detail: dict[str, Any]) -> None:
    case, detail = appeal.case, {"appeal": appeal.pk, **detail, CONTENT: content_digest(row)}
    record_event(kind, user, entity_id=case.entity_id, region_code=case.region_code, run_id=appeal.run_id, detail=detail)
