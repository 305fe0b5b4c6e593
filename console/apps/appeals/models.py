"""Appeals and their answers. Both are append-only: triggers refuse any change of a row; see migration 0002."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from console.apps.decisions.models import Case


class Appeal(models.Model):
    """An appeal of a business. It belongs to the entity's case and is visible where the case is."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="appeals")
    received_on = models.DateField()
    ground = models.CharField(max_length=32)
    text = models.TextField(default="", max_length=2000)
    run_id = models.CharField(max_length=64)
    due_on = models.DateField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="appeals")
    form_token = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ("due_on", "id")


class Answer(models.Model):
    """The final answer to an appeal."""

    appeal = models.OneToOneField(Appeal, on_delete=models.PROTECT, related_name="answer")
    outcome = models.CharField(max_length=32)
    comment = models.TextField(default="", max_length=2000)
    at = models.DateTimeField()
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="answers")
