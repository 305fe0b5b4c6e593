"""Demo accounts: one for each role, on an empty database of a site that only this machine can reach."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from console.apps.accounts.jurisdiction import Level
from console.apps.accounts.models import Jurisdiction, User
from console.apps.accounts.roles import Role
from console.apps.audit.chain import record_event
from console.apps.audit.events import SYSTEM
from console.apps.audit.models import Kind
from jobs.foundation.errors import ConfigError, InputMissing

_PRODUCTION = (
    "the settings are for others to reach: STEELYARD_CONSOLE_HTTPS is on, or STEELYARD_CONSOLE_HOSTS names another machine"
)


def are_allowed() -> bool:
    """Whether the settings allow demo accounts; by default they do not."""
    return bool(getattr(settings, "DEMO_ACCOUNTS", False))


def make_demo_accounts() -> list[tuple[str, str]]:
    """Make the accounts and return their names and passwords; none if there is any account.

    Raises:
        ConfigError: on settings for production.
    """
    if not are_allowed():
        raise ConfigError(
            what="demo accounts are made only on a site that this machine alone can reach",
            where=_PRODUCTION,
            next_step="make the first administrator with `python -m console.manage make_administrator NAME`",
        )
    made = []
    with transaction.atomic():
        if User.objects.exists():
            return []
        for role in Role:
            password = secrets.token_urlsafe(12)
            user = User.objects.create_user(username=str(role), password=password, role=role, is_demo=True)
            if user.may_read_list and not user.sees_every_region:
                Jurisdiction.objects.create(user=user, level=Level.ALL)
            record_event(Kind.ACCOUNT_MADE, SYSTEM, detail={"account": user.pk, "role": str(role), "is_demo": True})
            made.append((user.username, password))
    return made


def check_production_accounts() -> None:
    """Check that a production site has accounts and no open demo account.

    Raises:
        InputMissing: there is no account.
        ConfigError: the database has open demo accounts.
    """
    if open_demo_accounts().exists():
        raise ConfigError(
            what="this database has open demo accounts",
            where=_PRODUCTION,
            next_step="use another folder or database, or deactivate them: `python -m console.manage shut_demo_accounts`",
        )
    if not User.objects.exists():
        raise InputMissing(
            what="there is no account yet, and settings for production make no demo accounts",
            where=_PRODUCTION,
            next_step="make the first administrator with `python -m console.manage make_administrator NAME`",
        )


def deactivate_demo_accounts() -> list[str]:
    """Deactivate the active demo accounts and return their names. Sessions and tokens end; what the accounts did stays."""
    with transaction.atomic():
        users = list(open_demo_accounts())
        for user in users:
            user.is_active = False
            revoked = user.end_access()
            user.save(update_fields=["is_active", "sessions_ended"])
            detail = {"account": user.pk, "username": user.username, "is_active": False, "tokens_revoked": revoked}
            record_event(Kind.ACCOUNT_CHANGED, SYSTEM, detail=detail)
    return [user.username for user in users]


def open_demo_accounts() -> QuerySet[User]:
    """The demo accounts that are active."""
    return User.objects.filter(is_demo=True, is_active=True)
