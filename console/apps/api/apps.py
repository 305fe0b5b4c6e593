"""Django's configuration of the app."""

from __future__ import annotations

from django.apps import AppConfig


class Api(AppConfig):
    """See the package's docstring."""

    name = "console.apps.api"
    label = "api"
