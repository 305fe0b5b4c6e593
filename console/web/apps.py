"""The app as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class Pages(AppConfig):
    """See the package's docstring."""

    name = "console.web"
    label = "pages"
    default_auto_field = "django.db.models.BigAutoField"
