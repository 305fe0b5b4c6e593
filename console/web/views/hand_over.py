"""Where a supervisor hands on what somebody leaves open who can no longer do it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from console.apps.accounts.roles import APPROVES
from console.apps.audit.chain import append
from console.apps.audit.events import facts_of
from console.apps.audit.models import Kind
from console.apps.decisions.hand_over import hand_over
from console.apps.decisions.states import Action
from console.web.access import for_roles
from console.web.forms.decisions import HandOver
from console.web.queries.list_filters import Filters


@require_POST
@for_roles(APPROVES)
def hand_over_open(request: HttpRequest) -> HttpResponse:
    """All that one such person leaves open in the user's regions, to one colleague, as one batch."""
    form = HandOver(request.texts, request.POST, user=request.user)
    if not form.is_valid():
        messages.error(request, request.texts("refused.form"))
        return redirect("supervisor")
    said = form.cleaned_data
    batch = said["token"][:32]
    outcomes = hand_over(request.user, said["person"], said["to"], batch)
    done = sum(not why for _, why in outcomes)
    detail = {"bulk": "hand_over", "from": said["person"].username, "to": said["to"].username, "asked": len(outcomes), "done": done}
    append([facts_of(Kind.DECIDED, request.user, batch=batch, detail=detail)])
    context = {"outcomes": outcomes, "done": done, "asked": len(outcomes), "batch": batch, "action": Action.ASSIGN}
    return render(request, "bulk_done.html", {**context, "filters": Filters()})
