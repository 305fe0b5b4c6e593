"""Make a campaign and close it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from console.apps.audit.chain import record_event
from console.apps.audit.models import Kind
from console.apps.campaigns.models import Campaign, Member
from console.apps.ranking.models import PublishedRun, Ranked
from console.core import clock

_MEMBER_FIELDS = ("entity_id", "name", "position", "risk_class", "region_code", "region_middle", "region_top")


def make_campaign(
    user: Any, run: PublishedRun, filters: Mapping[str, str], entities: Iterable[Ranked], answers: Mapping[str, Any]
) -> Campaign:
    """Make a campaign of entities of a run, with the filters that selected them and the answers of the form.

    Raises:
        IntegrityError: the form was sent before.
    """
    with transaction.atomic():
        campaign = Campaign.objects.create(
            **{name: answers[name] for name in ("name", "starts_on", "ends_on", "capacity", "checklist")},
            filters=filters,
            run_id=run.run_id,
            made_by=user,
            made_at=clock.now(),
            form_token=answers["token"],
        )
        members = [Member(campaign=campaign, **{name: getattr(entity, name) for name in _MEMBER_FIELDS}) for entity in entities]
        Member.objects.bulk_create(members, batch_size=500)
        detail = {"campaign": campaign.pk, "filters": campaign.filters, "capacity": campaign.capacity, "members": len(members)}
        record_event(Kind.CAMPAIGN_MADE, user, run_id=run.run_id, detail=detail)
    return campaign


def close_campaign(user: Any, campaign: Campaign) -> bool:
    """Close a campaign; False if it is closed already."""
    with transaction.atomic():
        closed = Campaign.objects.filter(pk=campaign.pk, closed_at=None).update(closed_at=clock.now())
        if closed:
            record_event(Kind.CAMPAIGN_CLOSED, user, detail={"campaign": campaign.pk})
    return bool(closed)
