"""Django's configuration of the app."""

from __future__ import annotations

from django.apps import AppConfig


class Decisions(AppConfig):
    """See the package's docstring."""

    name = "console.apps.decisions"
    label = "decisions"
