"""The pages of appeals."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from console.apps.accounts.roles import APPROVES, DECIDES, READS_LIST
from console.apps.appeals.appeals import answer_appeal, appeals_of, cases_decided_by, record_appeal
from console.apps.appeals.models import Appeal
from console.apps.ranking.current_policy import current_date
from console.web.access import for_roles, note_view, refusal_shown
from console.web.forms.appeals import AnswerForm, AppealForm
from console.web.views.entity import find_entity

MAX_ANSWERED = 100
"""Answered appeals that the page shows, the newest first."""


@for_roles(READS_LIST)
def appeals(request: HttpRequest) -> HttpResponse:
    """Appeals without an answer, the earliest deadline first, and the last answered ones."""
    note_view(request, "appeals")
    return _page(request)


def _page(request: HttpRequest, sent: dict[int, AnswerForm] | None = None) -> HttpResponse:
    waiting = list(appeals_of(request.user).filter(answer=None))
    approves = request.user.role in APPROVES
    had_part = cases_decided_by(request.user) if approves else set()
    for appeal in waiting:
        form = (sent or {}).get(appeal.pk) or AnswerForm(request.texts, auto_id=f"appeal_{appeal.pk}_%s")
        appeal.form = form if approves and appeal.case_id not in had_part else None
    answered = appeals_of(request.user).exclude(answer=None)
    context = {
        "waiting": waiting,
        "sent_form": next(iter((sent or {}).values()), None),
        "answered": list(answered.order_by("-answer__at")[:MAX_ANSWERED]),
        "count": answered.count(),
        "today": current_date(),
        "approves": approves,
    }
    return render(request, "appeals.html", context, status=422 if sent else 200)


@for_roles(DECIDES)
def appeal_new(request: HttpRequest, entity_id: str) -> HttpResponse:
    """Record an appeal of an entity."""
    run, entity = find_entity(request, entity_id)
    note_view(request, "appeal", run=run, entity=entity)
    initial = {"token": uuid.uuid4().hex, "received_on": current_date()}
    form = AppealForm(request.texts, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        with refusal_shown(request, entity):
            record_appeal(request.user, entity, run.run_id, form.cleaned_data)
            messages.success(request, request.texts("appeal.recorded"))
        return redirect("entity", entity_id=entity.entity_id)
    context: dict[str, Any] = {"form": form, "entity": entity}
    return render(request, "appeal_new.html", context, status=422 if form.errors else 200)


@require_POST
@for_roles(APPROVES)
def appeal_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer an appeal. A refusal is shown and recorded."""
    appeal: Appeal = get_object_or_404(appeals_of(request.user), pk=pk)
    form = AnswerForm(request.texts, request.POST, auto_id=f"appeal_{pk}_%s")
    if not form.is_valid():
        note_view(request, "appeals")
        return _page(request, {pk: form})
    with refusal_shown(request, appeal.case):
        answer_appeal(request.user, appeal, form.cleaned_data)
        messages.success(request, request.texts("appeal.answered"))
    return redirect("appeals")
