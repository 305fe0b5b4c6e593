"""``python -m console.manage remove_second_factor NAME``: for an administrator who lost it and has no other to help."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.apps.accounts.models import User
from console.apps.accounts.second_factor import remove_second_factor
from console.apps.audit.events import SYSTEM


class Command(BaseCommand):
    """Remove the second factor of an account."""

    help = "Remove the second factor of an account; the next sign-in sets up another if the role requires one."

    def add_arguments(self, parser: Any) -> None:
        """The account's name."""
        parser.add_argument("username")

    def handle(self, *_args: Any, username: str, **_options: Any) -> None:
        """Remove it."""
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"there is no account {username!r}; the page Accounts lists all accounts")
        if not remove_second_factor(user, by=SYSTEM):
            raise CommandError(f"account {username!r} has no second factor; nothing to remove")
        self.stdout.write(f"removed the second factor of {username}")
