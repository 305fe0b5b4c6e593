"""Make a campaign, see how far it is, and close it."""

from __future__ import annotations

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from console.apps.audit.chain import append
from console.apps.audit.events import event_facts
from console.apps.audit.models import Kind
from console.apps.campaigns.models import Campaign, Member
from console.apps.decisions.models import Case, Result
from console.apps.decisions.states import State
from console.apps.ranking.models import PublishedRun
from console.core import clock
from console.core.policy import policy
from console.web.queries.list_filters import Filters
from console.web.queries.list_query import Filtered


def make_campaign(user: Any, run: PublishedRun, filters: Filters, said: dict[str, Any]) -> Campaign:
    """Make a campaign of the first entities, by rank, that the filter leaves in the user's regions, as many as its capacity.

    Args:
        user: the supervisor who makes it.
        run: the run that it is drawn from.
        filters: whom it is about.
        said: ``name``, ``starts_on``, ``ends_on``, ``capacity``, ``checklist`` and the form's ``token``.
    """
    chosen = list(Filtered.by(filters, run, user).rows(most=said["capacity"]))
    with transaction.atomic():
        campaign = Campaign.objects.create(
            name=said["name"],
            filters=filters.given(),
            run_id=run.run_id,
            starts_on=said["starts_on"],
            ends_on=said["ends_on"],
            capacity=said["capacity"],
            checklist=said["checklist"],
            made_by=user,
            made_at=clock.now(),
            form_token=said["token"],
        )
        names = ("entity_id", "name", "position", "risk_class", "region_code", "region_middle", "region_top")
        Member.objects.bulk_create(
            [Member(campaign=campaign, **{name: getattr(entity, name) for name in names}) for entity in chosen], batch_size=500
        )
        detail = {"campaign": campaign.pk, "filters": campaign.filters, "capacity": campaign.capacity, "members": len(chosen)}
        append([event_facts(Kind.CAMPAIGN_MADE, user, run_id=run.run_id, detail=detail)])
    return campaign


def close_campaign(user: Any, campaign: Campaign) -> bool:
    """Close a campaign; False when it was closed before."""
    with transaction.atomic():
        closed = Campaign.objects.filter(pk=campaign.pk, closed_at=None).update(closed_at=clock.now())
        if closed:
            append([event_facts(Kind.CAMPAIGN_CLOSED, user, detail={"campaign": campaign.pk})])
    return bool(closed)


def follow(user: Any, campaign: Campaign) -> dict[str, Any]:
    """The members that a user may see, where each stands, and how many there do; of visits those count that were made from the
    campaign's first day on, and before it was closed."""
    members = list(Member.objects.visible_to(user).filter(campaign=campaign))
    names = [member.entity_id for member in members]
    states: dict[str, str] = {}
    found: dict[str, bool | None] = {}
    made = Q(inspected_on__gte=campaign.starts_on)
    if campaign.closed_at is not None:
        made &= Q(inspected_on__lte=campaign.closed_at.astimezone(ZoneInfo(policy().time_zone)).date())
    for at in range(0, len(names), 500):
        part = names[at : at + 500]
        cases = Case.objects.visible_to(user).filter(entity_id__in=part)
        states |= dict(cases.values_list("entity_id", "state"))
        results = Result.objects.standing().filter(made, decision__case__in=cases)
        found |= dict(results.order_by("pk").values_list("decision__case__entity_id", "found_violation"))
    for member in members:
        member.state = states.get(member.entity_id, State.TO_REVIEW)
        member.found = found.get(member.entity_id)
        member.is_visited = member.entity_id in found
    return {
        "members": members,
        "states": sorted(Counter(member.state for member in members).items()),
        "visited": sum(member.is_visited for member in members),
        "hits": sum(bool(member.found) for member in members),
        "is_overdue": campaign.closed_at is None and campaign.ends_on < clock.today(),
    }
