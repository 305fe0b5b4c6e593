"""Django's configuration of the app."""

from __future__ import annotations

from django.apps import AppConfig


class Ranking(AppConfig):
    """See the package's docstring."""

    name = "console.apps.ranking"
    label = "ranking"
