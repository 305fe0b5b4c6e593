"""How an entity was selected for a visit. It is determined when the visit is decided; later events do not change it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db.models import Q

from console.apps.campaigns.models import Campaign


def campaign_of(entity_id: str, at: datetime, today: date) -> Campaign | None:
    """The newest campaign that includes the entity and runs on the day; None if there is none.

    A campaign made after ``at``, the time of the decision, or closed by then does not count.
    """
    is_open = Q(closed_at=None) | Q(closed_at__gt=at)
    running = Campaign.objects.filter(is_open, made_at__lte=at, starts_on__lte=today, ends_on__gte=today)
    return running.filter(members__entity_id=entity_id).order_by("-made_at", "-pk").first()


def selected_by(reason: str, chosen: Mapping[str, str], campaign: Campaign | None) -> str:
    """How the entity was selected, as a value of the inspection contract.

    A visit because of complaints would take place without a campaign too, so complaints come first. "Drawn at random" becomes
    ``other``: the form names no draw, and only a visit from a known draw counts as random.
    """
    if reason == "complaints":
        return "complaint"
    if campaign is not None:
        return "campaign"
    if reason == "drawn":
        return "other"
    return "joint" if chosen.get("kind") == "joint" else "targeted"
