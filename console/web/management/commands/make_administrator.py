"""``python -m console.manage make_administrator NAME``: the account that makes the others, where there is none yet."""

from __future__ import annotations

import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from console.apps.accounts.models import User
from console.apps.accounts.roles import Role
from console.apps.audit.chain import append
from console.apps.audit.events import SYSTEM, event_facts
from console.apps.audit.models import Kind
from console.publishing.open_site import migrate


class Command(BaseCommand):
    """Make an administrator's account and show its password once."""

    help = "Make an administrator's account; its password is shown this once and must be changed at the first sign-in."

    def add_arguments(self, parser: Any) -> None:
        """The account's name."""
        parser.add_argument("username")

    def handle(self, *_args: Any, username: str, **_options: Any) -> None:
        """Do it, or say what is wrong. The tables are made first where there are none."""
        migrate()
        password = secrets.token_urlsafe(12)
        with transaction.atomic():
            if User.objects.filter(username__iexact=username).exists():
                raise CommandError(f"there is an account {username!r} already; nothing was done")
            user = User.objects.create_user(username=username, password=password, role=Role.ADMIN)
            append(
                [event_facts(Kind.ACCOUNT_MADE, SYSTEM, detail={"account": user.pk, "username": username, "role": str(Role.ADMIN)})]
            )
        self.stdout.write(f"{username} is an administrator. Password, shown this once: {password}")
