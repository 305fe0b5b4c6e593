"""The one place that asks what time it is, so that a test can say."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from console.core.policy import policy


def now() -> datetime:
    """This instant, UTC."""
    return timezone.now()


def today() -> date:
    """The date in the profile's time zone."""
    return now().astimezone(ZoneInfo(policy().time_zone)).date()
