"""Tokens. A token may do at most what its owner may, and it expires."""

from __future__ import annotations

from enum import StrEnum

from django.conf import settings
from django.db import models

MUTABLE = ("is_revoked", "minute", "used_in_minute")
"""The columns of a token that change."""


class Scope(StrEnum):
    """What a token may be used for."""

    LIST = "list"
    ENTITY = "entity"
    DECISIONS = "decisions"
    OUTCOMES = "outcomes"
    APPEALS = "appeals"
    EXPORT = "export"
    DECIDE = "decide"


class Token(models.Model):
    """A user's token. Only its SHA-256 is stored. Its use is counted by the minute."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    made_at = models.DateTimeField()
    expires_on = models.DateField()
    is_revoked = models.BooleanField(default=False)
    minute = models.BigIntegerField(default=0)
    used_in_minute = models.IntegerField(default=0)

    class Meta:
        ordering = ("-made_at",)
