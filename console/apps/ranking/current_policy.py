"""The policy and the date of the profile that was published last."""

from __future__ import annotations

from datetime import date, timedelta

from console.apps.ranking.runs import current_run
from console.core import clock
from console.core.policy import Policy, policy_of


def current_policy() -> Policy:
    """The policy of the newest published run's profile, or the default policy if nothing is published."""
    run = current_run()
    return policy_of(run.profile if run else {})


def current_date() -> date:
    """The current date in that profile's time zone."""
    return current_policy().date_of(clock.now())


def lock_time(_request: object = None) -> timedelta:
    """How long too many wrong passwords lock an account by that policy. Axes calls it, as ``AXES_COOLOFF_TIME``."""
    return timedelta(minutes=current_policy().sign_in.lock_minutes)
