"""The Django app of the pages. Its label ``pages`` is older than its path and stays."""

from __future__ import annotations

from django.apps import AppConfig


class Pages(AppConfig):
    """The app of the pages."""

    name = "console.web"
    label = "pages"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Record sign-ins and sign-outs."""
        from console.apps.accounts import sign_ins  # noqa: F401 (connects its receivers)
