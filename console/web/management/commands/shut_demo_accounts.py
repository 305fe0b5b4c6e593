"""``python -m console.manage shut_demo_accounts``: before a demonstration database is used in earnest."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from console.apps.accounts.deactivation import deactivate
from console.apps.accounts.demo_accounts import open_demo_accounts
from console.apps.audit.events import SYSTEM


class Command(BaseCommand):
    """Deactivate the demonstration accounts."""

    help = "Deactivate the demonstration accounts that `serve` created; their decisions stay."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Deactivate them and print their names."""
        with transaction.atomic():
            users = list(open_demo_accounts())
            for user in users:
                deactivate(user, by=SYSTEM)
        self.stdout.write(f"deactivated: {', '.join(user.username for user in users) or 'none was active'}")
