"""The one place that asks for the time, so that a test can set it."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """The current time in UTC."""
    return timezone.now()
