"""The pages of campaigns."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

from django.contrib import messages
from django.db import IntegrityError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from console.apps.accounts.roles import APPROVES, READS_LIST
from console.apps.campaigns.campaigns import close_campaign, make_campaign
from console.apps.campaigns.models import Campaign, Member
from console.apps.decisions.models import Case, Result
from console.apps.decisions.states import State
from console.apps.ranking.current_policy import current_date, current_policy
from console.apps.ranking.runs import current_run
from console.web.access import for_roles, note_search, note_view
from console.web.forms.campaigns import CampaignForm
from console.web.queries.filtered_list import Filtered
from console.web.queries.list_filters import Filters
from console.web.views.risk_list import CAPPED


@for_roles(READS_LIST)
def campaigns(request: HttpRequest) -> HttpResponse:
    """Running and closed campaigns."""
    note_view(request, "campaigns")
    context = {"campaigns": Campaign.objects.visible_to(request.user), "may_make": request.user.role in APPROVES}
    return render(request, "campaigns.html", context)


@for_roles(READS_LIST)
def campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress of a campaign: its members in the user's regions, and the results of visits."""
    shown = get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    note_view(request, "campaign", campaign=pk)
    may_close = shown.closed_at is None and _may_close(request.user, shown)
    context = {"campaign": shown, "tags": Filters.read(shown.filters).tags(), "may_close": may_close}
    return render(request, "campaign.html", context | _progress(request.user, shown))


def _progress(user: Any, campaign: Campaign) -> dict[str, Any]:
    """The members that a user may see with the state of each, and the counts.

    A visit counts if it was made on or after the campaign's first day and before the campaign was closed.
    """
    members = list(Member.objects.visible_to(user).filter(campaign=campaign))
    ids = [member.entity_id for member in members]
    states: dict[str, str] = {}
    violations: dict[str, bool | None] = {}
    made = Q(inspected_on__gte=campaign.starts_on)
    if campaign.closed_at is not None:
        made &= Q(inspected_on__lte=current_policy().date_of(campaign.closed_at))
    for at in range(0, len(ids), 500):
        part = ids[at : at + 500]
        cases = Case.objects.visible_to(user).filter(entity_id__in=part)
        states |= dict(cases.values_list("entity_id", "state"))
        results = Result.objects.current().filter(made, decision__case__in=cases)
        violations |= dict(results.order_by("pk").values_list("decision__case__entity_id", "found_violation"))
    for member in members:
        member.state = states.get(member.entity_id, State.TO_REVIEW)
        member.found = violations.get(member.entity_id)
        member.is_visited = member.entity_id in violations
    return {
        "members": members,
        "states": sorted(Counter(member.state for member in members).items()),
        "visited": sum(member.is_visited for member in members),
        "hits": sum(bool(member.found) for member in members),
        "is_overdue": campaign.closed_at is None and campaign.ends_on < current_date(),
    }


def _may_close(user: Any, shown: Campaign) -> bool:
    """Whether the user made the campaign, or its maker was deactivated, so that another supervisor has to close it."""
    return user.role in APPROVES and (shown.made_by_id == user.pk or not shown.made_by.is_active)


@for_roles(APPROVES)
def campaign_new(request: HttpRequest) -> HttpResponse:
    """Create a campaign from the list; its filters are in the URL."""
    run = current_run()
    if run is None:
        raise Http404
    filters = Filters.read({**request.GET.dict(), "day": ""})
    initial = {"token": uuid.uuid4().hex, "starts_on": current_date()}
    form = CampaignForm(request.texts, request.POST or None, initial=initial)
    filtered = Filtered.by(filters, run, request.user)
    found, _ = filtered.count(CAPPED + 1)
    note_search(request, run, filters.given(), found, page="campaign new")
    if request.method == "POST" and form.is_valid():
        if not found:
            form.add_error(None, request.texts("bulk.none"))
        else:
            try:
                entities = list(filtered.rows(most=form.cleaned_data["capacity"]))
                made = make_campaign(request.user, run, filters.given(), entities, form.cleaned_data)
            except IntegrityError:
                messages.error(request, request.texts("refused.sent_before"))
                return redirect("campaigns")
            return redirect("campaign", pk=made.pk)
    context = {"form": form, "tags": filters.tags(), "found": min(found, CAPPED), "is_capped": found > CAPPED}
    return render(request, "campaign_new.html", context, status=422 if form.errors else 200)


@require_POST
@for_roles(APPROVES)
def campaign_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a campaign."""
    shown = get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    if not _may_close(request.user, shown):
        raise Http404
    key = "campaign.closed_now" if close_campaign(request.user, shown) else "refused.sent_before"
    messages.success(request, request.texts(key))
    return redirect("campaign", pk=pk)
