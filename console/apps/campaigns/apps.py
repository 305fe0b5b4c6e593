"""Django's configuration of the app."""

from __future__ import annotations

from django.apps import AppConfig


class Campaigns(AppConfig):
    """See the package's docstring."""

    name = "console.apps.campaigns"
    label = "campaigns"
