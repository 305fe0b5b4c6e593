"""The audit's one table. Triggers refuse UPDATE and DELETE on it; see migration 0002."""

from __future__ import annotations

from enum import StrEnum

from django.db import models


class Kind(StrEnum):
    """The kinds of events."""

    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SIGN_IN_FAILED = "sign_in_failed"
    LOCKED_OUT = "locked_out"
    VIEWED = "viewed"
    SEARCHED = "searched"
    EXPORTED = "exported"
    DECIDED = "decided"
    WOKEN = "woken"
    RECORDED = "recorded"
    HANDLED = "handled"
    REFUSED = "refused"
    ACCOUNT_MADE = "account_made"
    ACCOUNT_CHANGED = "account_changed"
    PASSWORD_CHANGED = "password_changed"
    SECOND_FACTOR_ADDED = "second_factor_added"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    SECOND_FACTOR_PASSED = "second_factor_passed"
    SECOND_FACTOR_FAILED = "second_factor_failed"
    PUBLISHED = "published"
    VERIFIED = "verified"
    TOKEN_MADE = "token_made"
    TOKEN_REVOKED = "token_revoked"
    CAMPAIGN_MADE = "campaign_made"
    CAMPAIGN_CLOSED = "campaign_closed"
    APPEAL_RECEIVED = "appeal_received"
    APPEAL_ANSWERED = "appeal_answered"


class AuditEvent(models.Model):
    """One event. ``detail`` is the JSON text that was hashed: a database may rewrite its own JSON type."""

    number = models.BigIntegerField(primary_key=True)
    uid = models.CharField(max_length=32, unique=True)
    at = models.CharField(max_length=32, db_index=True)
    kind = models.CharField(max_length=24)
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=150)
    role = models.CharField(max_length=16)
    entity_id = models.CharField(max_length=64, default="")
    region_code = models.CharField(max_length=32, default="")
    run_id = models.CharField(max_length=64, default="")
    batch = models.CharField(max_length=32, default="")
    detail = models.TextField(default="{}")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("number",)
        indexes = (
            models.Index(fields=("actor", "-number"), name="audit_by_actor"),
            models.Index(fields=("entity_id", "-number"), name="audit_by_entity"),
            models.Index(fields=("kind", "-number"), name="audit_by_kind"),
            # Thinning out a published run asks which of its entities anybody viewed or decided.
            models.Index(fields=("run_id", "entity_id"), name="audit_by_run", condition=~models.Q(entity_id="")),
        )
