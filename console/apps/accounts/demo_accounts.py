"""Accounts for looking around: one for each role, on a database that has none, of a site that this machine alone reaches."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from console.apps.accounts.jurisdiction import Level
from console.apps.accounts.models import Jurisdiction, User
from console.apps.accounts.roles import Role
from console.apps.audit.chain import append
from console.apps.audit.events import SYSTEM, event_facts
from console.apps.audit.models import Kind
from jobs.foundation.errors import ConfigError, InputMissing

_PRODUCTION = (
    "the settings are for others to reach: STEELYARD_CONSOLE_HTTPS is on, or STEELYARD_CONSOLE_HOSTS names another machine"
)


def are_allowed() -> bool:
    """Whether the settings are of a site for looking around; those of a module that does not say so are not."""
    return bool(getattr(settings, "DEMO_ACCOUNTS", False))


def make_demo_accounts() -> list[tuple[str, str]]:
    """Names and passwords of the accounts made; none where there is any account.

    Raises:
        ConfigError: on settings for production.
    """
    if not are_allowed():
        raise ConfigError(
            what="accounts for looking around are made only where this machine alone reaches the site",
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
            append([event_facts(Kind.ACCOUNT_MADE, SYSTEM, detail={"account": user.pk, "role": str(role), "is_demo": True})])
            made.append((user.username, password))
    return made


def check_accounts_of_production() -> None:
    """See that a site for others to reach has accounts of its own, and none for looking around that is open.

    Raises:
        InputMissing: nobody could sign in.
        ConfigError: accounts that were made for looking around came along with the database.
    """
    if open_demo_accounts().exists():
        raise ConfigError(
            what="this database has open accounts that were made for looking around",
            where=_PRODUCTION,
            next_step="begin with a folder or database of its own, or shut them: `python -m console.manage shut_demo_accounts`",
        )
    if not User.objects.exists():
        raise InputMissing(
            what="there is no account yet, and on settings for production none is made for looking around",
            where=_PRODUCTION,
            next_step="make the first administrator with `python -m console.manage make_administrator NAME`",
        )


def open_demo_accounts() -> QuerySet[User]:
    """The accounts for looking around that are not shut."""
    return User.objects.filter(is_demo=True, is_active=True)
