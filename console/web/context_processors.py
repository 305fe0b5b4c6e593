"""What the frame of every page shows: texts, languages, navigation, and a warning if the list is out of date."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest

from console.apps.accounts.roles import APPROVES, DECIDES, KEEPS_ACCOUNTS, READS_AUDIT, READS_FEEDBACK
from console.apps.ranking.models import PublishedRun
from console.apps.ranking.runs import current_run
from console.core import clock
from console.core.policy import policy_of
from console.core.texts import load_texts
from console.web.middleware import required_step
from jobs.profile.calendar import is_working_day
from jobs.texts.languages import DEFAULT, LANGUAGES

MAX_CALENDAR_DAYS = 30
"""An older list is out of date without a look at the calendar."""


def every_page(request: HttpRequest) -> dict[str, Any]:
    """Texts, languages, the pages that the user may open, and, for readers of the list, the day of a list that is out of date."""
    user = getattr(request, "user", None)
    run = current_run()
    is_signed_in = user is not None and user.is_authenticated and not required_step(request)
    reads = is_signed_in and getattr(user, "may_read_list", False)
    return {
        "texts": getattr(request, "texts", load_texts(DEFAULT)),
        "language": getattr(request, "language", DEFAULT),
        "languages": [(code, load_texts(code)("language.name")) for code in LANGUAGES],
        "profile": run.profile if run else {},
        "stale_since": run.as_of if run and reads and is_stale(run) else None,
        "places": _places(user) if is_signed_in else [],
    }


def _places(user: Any) -> list[tuple[str, str]]:
    """The routes that the user may open, with the keys of their texts."""
    places = [
        ("home", "place.home", True),
        ("risk_list", "place.list", user.may_read_list),
        ("visits", "place.visits", user.role in DECIDES),
        ("campaigns", "place.campaigns", user.may_read_list),
        ("appeals", "place.appeals", user.may_read_list),
        ("supervisor", "place.supervisor", user.role in APPROVES),
        ("explore", "place.explore", user.may_read_list),
        ("feedback", "place.feedback", user.role in READS_FEEDBACK),
        ("audit", "place.audit", user.role in READS_AUDIT),
        ("status", "place.status", user.may_read_list),
        ("accounts", "place.accounts", user.role in KEEPS_ACCOUNTS),
    ]
    return [(route, key) for route, key, may_open in places if may_open]


def is_stale(run: PublishedRun) -> bool:
    """Whether a working day passed after the day that is shown, so that a newer list is missing."""
    limits = policy_of(run.profile)
    days = (limits.date_of(clock.now()) - run.as_of).days
    return days > MAX_CALENDAR_DAYS or any(is_working_day(run.as_of + timedelta(days=at), limits.calendar) for at in range(1, days))
