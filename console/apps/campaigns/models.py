"""Campaigns and their members."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from console.apps.accounts.jurisdiction import OfRegion


class Campaigns(models.QuerySet):
    """Campaigns, each with members in some regions."""

    def visible_to(self, user: Any) -> Self:
        """The campaigns with a member in the user's regions, and those that the user made."""
        return self.filter(Q(pk__in=Member.objects.visible_to(user).values("campaign")) | Q(made_by=user))


class Campaign(models.Model):
    """A supervisor's plan of what to check in a period. Other users see the members in their regions."""

    name = models.CharField(max_length=80)
    filters = models.JSONField(default=dict)
    run_id = models.CharField(max_length=64)
    starts_on = models.DateField()
    ends_on = models.DateField()
    capacity = models.IntegerField()
    checklist = models.TextField(max_length=4000)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="campaigns")
    made_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    form_token = models.CharField(max_length=64, unique=True)

    objects = Campaigns.as_manager()

    class Meta:
        ordering = ("-made_at",)

    @property
    def items(self) -> list[str]:
        """The checklist's items."""
        return [line.strip() for line in self.checklist.splitlines() if line.strip()]


class Member(OfRegion):
    """An entity of a campaign, as it was in the run that the campaign was made from."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="members")
    entity_id = models.CharField(max_length=64)
    name = models.TextField()
    position = models.IntegerField()
    risk_class = models.CharField(max_length=2)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("campaign", "entity_id"), name="one_member_an_entity"),)
        ordering = ("position",)
