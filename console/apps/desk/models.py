"""Saved views and looks."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class SavedView(models.Model):
    """A named filter of the list, visible to its owner only. It shows only entities in the owner's regions at that time."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    filters = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "name"), name="one_view_a_name"),)
        ordering = ("name",)


class Look(models.Model):
    """A user's newest visit to an entity's page, and the entity's class and points at that time."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="looks")
    entity_id = models.CharField(max_length=64)
    at = models.CharField(max_length=32)
    risk_class = models.CharField(max_length=2)
    credit_points = models.IntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "entity_id"), name="one_look_an_entity"),)
        indexes = (models.Index(fields=("user", "-at"), name="newest_looks"),)
