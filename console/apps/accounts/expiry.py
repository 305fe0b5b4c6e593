"""Delete what has expired: sessions and counts of wrong passwords."""

from __future__ import annotations

from datetime import timedelta

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session

from console.apps.accounts.models import Tries
from console.apps.accounts.sign_in_attempts import WINDOW
from console.core import clock

_ATTEMPTS_EXPIRE_AFTER = timedelta(days=1)


def delete_expired() -> int:
    """Delete expired sessions and counts of wrong passwords; return the number of rows."""
    now = clock.now()
    expired = (
        Session.objects.filter(expire_date__lt=now),
        Tries.objects.filter(window__lt=int(now.timestamp()) // WINDOW),
        AccessAttempt.objects.filter(attempt_time__lt=now - _ATTEMPTS_EXPIRE_AFTER),
    )
    return sum(rows.delete()[0] for rows in expired)
