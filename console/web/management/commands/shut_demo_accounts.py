"""``python -m console.manage shut_demo_accounts``: before a database that was looked around in serves others."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from console.apps.accounts.deactivation import deactivate
from console.apps.accounts.demo_accounts import open_demo_accounts
from console.apps.audit.events import SYSTEM


class Command(BaseCommand):
    """Shut the accounts that were made for looking around."""

    help = "Shut the accounts that serve made for looking around; what they did stays."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Do it, and name them."""
        with transaction.atomic():
            users = list(open_demo_accounts())
            for user in users:
                deactivate(user, by=SYSTEM)
        self.stdout.write(f"shut: {', '.join(user.username for user in users) or 'none was open'}")
