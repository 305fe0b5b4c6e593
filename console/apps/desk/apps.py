"""Django's configuration of the app."""

from __future__ import annotations

from django.apps import AppConfig


class Desk(AppConfig):
    """See the package's docstring."""

    name = "console.apps.desk"
    label = "desk"

    def ready(self) -> None:
        """Store looks when the audit appends them."""
        from console.apps.audit.spool import appended
        from console.apps.desk.looks import store_looks

        appended.connect(store_looks, dispatch_uid="desk looks")
