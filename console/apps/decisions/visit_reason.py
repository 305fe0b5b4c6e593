"""How an entity came to be visited: settled when the visit is decided, since nothing that comes later can change it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db.models import Q

from console.apps.campaigns.models import Campaign


def campaign_of(entity_id: str, at: datetime, today: date) -> Campaign | None:
    """The campaign that took the entity in and ran on the day, the newest of several; None where none did.

    Args:
        entity_id: the entity.
        at: the instant of the decision: a campaign made after it, or closed by then, sent nobody.
        today: the day of it, where the profile is.
    """
    is_open = Q(closed_at=None) | Q(closed_at__gt=at)
    running = Campaign.objects.filter(is_open, made_at__lte=at, starts_on__lte=today, ends_on__gte=today)
    return running.filter(members__entity_id=entity_id).order_by("-made_at", "-pk").first()


def selected_by(reason: str, chosen: Mapping[str, str], campaign: Campaign | None) -> str:
    """How the entity was selected, in the words of the inspections' contract.

    Who goes since complaints ask for it goes whether a campaign runs or not. Somebody who says "drawn at random" names no draw, and
    only a visit of a known draw counts as random: this is of another kind.
    """
    if reason == "complaints":
        return "complaint"
    if campaign is not None:
        return "campaign"
    if reason == "drawn":
        return "other"
    return "joint" if chosen.get("kind") == "joint" else "targeted"
