"""Whether what is shown is older than it should be."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from console.apps.ranking.models import PublishedRun
from console.core import clock
from console.core.policy import policy_of
from console.core.working_days import is_working_day

LONG = 30
"""Days after which no calendar is asked any more."""


def is_stale(run: PublishedRun) -> bool:
    """Whether a working day went by since the day that is shown, so that yesterday's list is not there."""
    limits = policy_of(run.profile)
    days = (clock.now().astimezone(ZoneInfo(limits.time_zone)).date() - run.as_of).days
    return days > LONG or any(is_working_day(run.as_of + timedelta(days=at), limits) for at in range(1, days))
