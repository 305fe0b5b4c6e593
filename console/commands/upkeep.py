"""What ends by itself and nobody needs afterwards, cleared once a day."""

from __future__ import annotations

from datetime import timedelta

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session

from console.apps.accounts.models import Tries
from console.apps.accounts.tries import WINDOW
from console.core import clock

_FORGOTTEN = timedelta(days=1)
"""After so long no wrong password counts any more, whatever counted it."""


def clear_up() -> int:
    """Clear sessions that are over, and counts of wrong passwords that no longer count; give how many rows there were."""
    now = clock.now()
    over = (
        Session.objects.filter(expire_date__lt=now),
        Tries.objects.filter(window__lt=int(now.timestamp()) // WINDOW),
        AccessAttempt.objects.filter(attempt_time__lt=now - _FORGOTTEN),
    )
    return sum(rows.delete()[0] for rows in over)
