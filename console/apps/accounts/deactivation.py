"""Deactivate an account: its sessions and tokens end immediately, and what it did stays."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from console.apps.accounts.models import User
from console.apps.audit.chain import append
from console.apps.audit.events import event_facts
from console.apps.audit.models import Kind


def deactivate(user: User, by: Any) -> None:
    """Deactivate an account. The audit records who did it."""
    with transaction.atomic():
        user.is_active = False
        revoked = end_access(user)
        user.save(update_fields=["is_active", "sessions_ended"])
        detail = {"account": user.pk, "username": user.username, "is_active": False, "tokens_revoked": revoked}
        append([event_facts(Kind.ACCOUNT_CHANGED, by, detail=detail)])


def end_access(user: User) -> int:
    """End all sessions and tokens of an account, also for a later reactivation. The caller saves the account.

    Returns:
        The number of tokens revoked.
    """
    user.sessions_ended += 1
    return int(user.tokens.filter(is_revoked=False).update(is_revoked=True))
