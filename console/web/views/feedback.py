"""Feedback from visits and dismissals: how often reasons were right, the queues of dismissals, and the use of reason codes."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from console.apps.accounts.roles import DEALS_WITH_QUEUES, KEEPS_ACCOUNTS, READS_FEEDBACK
from console.apps.decisions import catalogue
from console.apps.decisions.models import Decision, ReasonVerdict
from console.apps.decisions.queues import QUEUES, HandlingInput, dismissals_of, handle, reasons_for, user_deals_with_queues
from console.web.access import for_roles, note_view, refusal_shown
from console.web.forms.decisions import HandleForm
from jobs.texts.languages import LANGUAGES
from jobs.texts.names import indicator_name
from models.statistics.proportions import wilson

MAX_SHOWN = 100
OPEN, DEALT = "open", "dealt"
STANDING = (OPEN, DEALT)


@for_roles(READS_FEEDBACK)
def feedback(request: HttpRequest) -> HttpResponse:
    """For each indicator, how often visits found its reason right; and the queues of dismissals."""
    return _page(request)


def _page(request: HttpRequest, sent: dict[int, HandleForm] | None = None) -> HttpResponse:
    standing = DEALT if request.GET.get("standing") == DEALT else OPEN
    note_view(request, "feedback", standing=standing)
    context = {
        "rows": _verdicts(request),
        "queues": [(queue, *_queue(request, queue, sent or {}, is_open=standing == OPEN)) for queue in QUEUES],
        "standing": standing,
        "standings": STANDING,
        "sent_form": next(iter((sent or {}).values()), None),
    }
    return render(request, "feedback.html", context, status=422 if sent else 200)


def _verdicts(request: HttpRequest) -> list[dict[str, Any]]:
    """Verdicts on the reasons of each indicator: right, wrong or unknown, and the share of right ones with its interval."""
    verdicts = ReasonVerdict.objects.visible_to(request.user).filter(result__corrections=None)
    counts = verdicts.values("indicator").annotate(
        yes=Count("id", filter=Q(right="yes")), no=Count("id", filter=Q(right="no")), unknown=Count("id", filter=Q(right="unknown"))
    )  # fmt: skip
    rows = []
    for row in counts.order_by("indicator"):
        judged = row["yes"] + row["no"]
        low, high = wilson(row["yes"], judged)
        rows.append(
            {
                **row,
                "name": indicator_name(row["indicator"], request.language),
                "share": row["yes"] / judged if judged else None,
                "low": low,
                "high": high,
            }
        )
    return rows


def _queue(request: HttpRequest, queue: str, sent: dict[int, HandleForm], *, is_open: bool) -> tuple[list[Decision], int]:
    """The newest open or handled dismissals of a queue, each with its form if the user may handle it; and their number."""
    dismissals = dismissals_of(request.user, queue).filter(is_open=is_open)
    shown = list(dismissals.select_related("case").prefetch_related("handlings__actor")[:MAX_SHOWN])
    for decision in shown:
        decision.handled = [(reasons_for(queue, is_open=not one.is_open), one) for one in decision.handlings.all()]
        decision.form = sent.get(decision.pk) or (_form(request, queue, decision) if user_deals_with_queues(request.user) else None)
    return shown, dismissals.count()


def _form(request: HttpRequest, queue: str, decision: Decision, data: Any = None) -> HandleForm:
    steps = list(decision.handlings.all())
    initial = {"token": uuid.uuid4().hex, "seen": steps[-1].pk if steps else 0}
    kind = reasons_for(queue, is_open=decision.is_open)
    return HandleForm(request.texts, kind, data, initial=initial, auto_id=f"dealt_{decision.pk}_%s")


def _find(user: Any, pk: int) -> tuple[str, Decision]:
    """The queue of a dismissal, and the dismissal.

    Raises:
        Http404: if it is in no queue, or the user may not see its case.
    """
    for queue in QUEUES:
        decision = dismissals_of(user, queue).filter(pk=pk).first()
        if decision is not None:
            return queue, decision
    raise Http404


@require_POST
@for_roles(DEALS_WITH_QUEUES)
def handle_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark a dismissal as handled, or reopen it. A refusal is shown and recorded."""
    queue, decision = _find(request.user, pk)
    form = _form(request, queue, decision, request.POST)
    if not form.is_valid():
        return _page(request, {pk: form})
    data = form.cleaned_data
    with refusal_shown(request, decision.case):
        made = handle(request.user, decision, HandlingInput(data["token"], data["seen"], data["reason"], data["comment"]))
        messages.success(request, request.texts("message.opened_in_queue" if made.is_open else "message.dealt_with"))
    return redirect(f"{reverse('feedback')}?standing={OPEN if decision.is_open else DEALT}")


OF_ACTIONS = {
    "dismiss": ("dismiss", "propose"),
    "defer": ("defer",),
    "visit": ("visit",),
    "refuse": ("refuse",),
    "reopen": ("reopen",),
}
"""The kinds of the catalogue that give the reason of an action, with these actions."""
CHOSEN = ("objective", "kind", "proportion")


@for_roles(KEEPS_ACCOUNTS)
def reason_texts(request: HttpRequest) -> HttpResponse:
    """The codes of each kind, in each language, with their use. They are edited in the file of the catalogue only."""
    used = _used()
    kinds = [(kind, [_row(kind, code, used) for code in catalogue.codes(kind)]) for kind in (*OF_ACTIONS, *CHOSEN)]
    return render(request, "reason_texts.html", {"kinds": kinds})


def _row(kind: str, code: str, used: Counter[tuple[str, str]]) -> tuple[str, list[tuple[str, str]], int]:
    return code, [(language, catalogue.words(kind, code, language)) for language in LANGUAGES], used[kind, code]


def _used() -> Counter[tuple[str, str]]:
    """How often each code was chosen, in all regions: a number does not identify an entity."""
    used: Counter[tuple[str, str]] = Counter()
    kind_of = {action: kind for kind, actions in OF_ACTIONS.items() for action in actions}
    rows: Any = Decision.objects.filter(action__in=kind_of).order_by().values_list("action", "reason", "chosen")
    for action, reason, chosen in rows.iterator(chunk_size=2000):
        used[kind_of[action], reason] += 1
        used.update((kind, code) for kind, code in chosen.items() if kind in CHOSEN)
    return used
