"""Queues of dismissals that report wrong data or wrong rules of the list. Each can be closed and reopened.

The newest :class:`Handling` of a dismissal gives its state; a dismissal without one is open. Rows are only added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from console.apps.accounts.roles import DEALS_WITH_QUEUES
from console.apps.audit.chain import record_event
from console.apps.audit.content import CONTENT, content_digest
from console.apps.audit.models import Kind
from console.apps.decisions import catalogue
from console.apps.decisions.decide import one_step
from console.apps.decisions.models import Case, Decision, Handling
from console.apps.decisions.permissions import NotAllowed
from console.apps.decisions.policies import NotPossible
from console.apps.decisions.states import Action
from console.core import clock

QUEUES = ("data", "policy")
"""The queues of the catalogue that people work through."""


@dataclass(frozen=True)
class HandlingInput:
    """What a user enters about a dismissal in a queue.

    ``token`` identifies the form; ``seen`` is the key of the newest handling that the user saw, 0 for none; ``reason`` is a code of
    the kind that :func:`reasons_for` returns.
    """

    token: str
    seen: int
    reason: str
    comment: str = ""


def dismissals_of(user: Any, queue: str) -> QuerySet[Decision]:
    """The dismissals of a queue that a user may see, the newest first, each with ``is_open``."""
    codes = [code for code in catalogue.codes("dismiss") if catalogue.queue_of("dismiss", code) == queue]
    newest = Handling.objects.filter(decision=OuterRef("pk")).order_by("-pk").values("is_open")[:1]
    cases = Case.objects.visible_to(user)
    found = Decision.objects.filter(case__in=cases, action__in=[Action.DISMISS, Action.PROPOSE], undone_by=None, reason__in=codes)
    return found.annotate(is_open=Coalesce(Subquery(newest), True)).order_by("-at", "-id")


def reasons_for(queue: str, *, is_open: bool) -> str:
    """The catalogue's kind of reasons for closing an open dismissal of a queue, or for reopening a closed one."""
    return f"dealt_{queue}" if is_open else "undealt"


def user_deals_with_queues(user: Any) -> bool:
    """Whether a user may close and reopen dismissals in queues."""
    return user.is_active and user.role in DEALS_WITH_QUEUES


def handle(user: Any, decision: Decision, form: HandlingInput) -> Handling:
    """Close an open dismissal of :func:`dismissals_of` for this user, or reopen a closed one. The case does not move.

    Raises:
        NotAllowed: the user may not.
        NotPossible: somebody else was faster, or the form was sent before.
    """
    if not user_deals_with_queues(user):
        raise NotAllowed("refused.role")
    with one_step():
        case = Case.objects.select_for_update().get(pk=decision.case_id)
        newest = decision.handlings.last()
        if (newest.pk if newest else 0) != form.seen:
            raise NotPossible("refused.changed")
        made = Handling.objects.create(
            decision=decision,
            at=clock.now(),
            actor=user,
            is_open=newest is not None and not newest.is_open,
            reason=form.reason,
            comment=form.comment,
            form_token=form.token,
        )
        facts = {"decision": decision.pk, "is_open": made.is_open, "reason": made.reason}
        detail = {**facts, "handling": made.pk, CONTENT: content_digest(made)}
        record_event(Kind.HANDLED, user, entity_id=case.entity_id, region_code=case.region_code, detail=detail)
    return made
