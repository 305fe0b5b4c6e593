"""The app as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class Desk(AppConfig):
    """See the package's docstring."""

    name = "console.apps.desk"
    label = "desk"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Learn from the audit what people look at."""
        from console.apps.audit.spool import taken_in
        from console.apps.desk.looks import keep_looks

        taken_in.connect(keep_looks, dispatch_uid="desk looks")
