"""Shut an account: whatever was opened in its name is over at once, and what it did stays as it is."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from console.apps.accounts.models import User
from console.apps.audit.chain import append
from console.apps.audit.events import event_facts
from console.apps.audit.models import Kind


def deactivate(user: User, by: Any) -> None:
    """Shut an account; it is in the audit who did."""
    with transaction.atomic():
        user.is_active = False
        revoked = end_access(user)
        user.save(update_fields=["is_active", "sessions_ended"])
        detail = {"account": user.pk, "username": user.username, "is_active": False, "tokens_revoked": revoked}
        append([event_facts(Kind.ACCOUNT_CHANGED, by, detail=detail)])


def end_access(user: User) -> int:
    """End all sessions of an account, also for when it is opened again, and its tokens; give how many tokens. The caller saves."""
    user.sessions_ended += 1
    return int(user.tokens.filter(is_revoked=False).update(is_revoked=True))
