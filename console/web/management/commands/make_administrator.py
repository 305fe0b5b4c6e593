"""``python -m console.manage make_administrator NAME``: create the first account, which creates the others."""

from __future__ import annotations

import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from console.apps.accounts.models import User
from console.apps.accounts.roles import Role
from console.apps.audit.chain import record_event
from console.apps.audit.events import SYSTEM
from console.apps.audit.models import Kind
from console.publishing.open_site import migrate


class Command(BaseCommand):
    """Create an administrator account and show its password once."""

    help = "Create an administrator account. Its password is shown once and must be changed at the first sign-in."

    def add_arguments(self, parser: Any) -> None:
        """The account's name."""
        parser.add_argument("username")

    def handle(self, *_args: Any, username: str, **_options: Any) -> None:
        """Migrate the tables, then create the account."""
        migrate()
        password = secrets.token_urlsafe(12)
        with transaction.atomic():
            if User.objects.filter(username__iexact=username).exists():
                raise CommandError(f"account {username!r} exists; choose another name")
            user = User.objects.create_user(username=username, password=password, role=Role.ADMIN)
            detail = {"account": user.pk, "username": username, "role": str(Role.ADMIN)}
            record_event(Kind.ACCOUNT_MADE, SYSTEM, detail=detail)
        self.stdout.write(f"{username} is an administrator. Password, shown once: {password}")
