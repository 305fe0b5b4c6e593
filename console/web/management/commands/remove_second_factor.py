"""``python -m console.manage remove_second_factor NAME``: for whoever lost theirs where no other administrator can help."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.apps.accounts.models import User
from console.apps.accounts.second_factor import remove_second_factor
from console.apps.audit.events import SYSTEM


class Command(BaseCommand):
    """Take the second factor of an account away."""

    help = "Take the second factor of an account away; the next sign-in sets up another where the role needs one."

    def add_arguments(self, parser: Any) -> None:
        """The account's name."""
        parser.add_argument("username")

    def handle(self, *_args: Any, username: str, **_options: Any) -> None:
        """Do it, or say what is wrong."""
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"there is no account {username!r}; the page Accounts lists them")
        if not remove_second_factor(user, by=SYSTEM):
            raise CommandError(f"{username} has no second factor; nothing was done")
        self.stdout.write(f"{username} has no second factor any more")
