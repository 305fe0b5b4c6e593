"""``python -m console.manage shut_demo_accounts``: before a demonstration database is used in earnest."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from console.apps.accounts.demo_accounts import deactivate_demo_accounts


class Command(BaseCommand):
    """Deactivate the demonstration accounts."""

    help = "Deactivate the demonstration accounts that `serve` created; their decisions stay."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Deactivate them and print their names."""
        self.stdout.write(f"deactivated: {', '.join(deactivate_demo_accounts()) or 'none was active'}")
