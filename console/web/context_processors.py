"""What every page's frame shows.

Whether what is shown is older than it should be.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest

from console.apps.accounts.roles import APPROVES, DECIDES, KEEPS_ACCOUNTS, READS_AUDIT, READS_FEEDBACK
from console.apps.ranking.models import PublishedRun
from console.apps.ranking.runs import current_run
from console.core import clock
from console.core.policy import policy_of
from console.core.texts import load_texts
from console.web.middleware import first_thing
from jobs.profile.calendar import is_working_day
from jobs.texts.languages import LANGUAGES

LONG = 30
"""Days after which no calendar is asked any more."""


def is_stale(run: PublishedRun) -> bool:
    """Whether a working day went by since the day that is shown, so that yesterday's list is not there."""
    limits = policy_of(run.profile)
    days = (clock.now().astimezone(ZoneInfo(limits.time_zone)).date() - run.as_of).days
    return days > LONG or any(is_working_day(run.as_of + timedelta(days=at), limits.calendar) for at in range(1, days))


def every_page(request: HttpRequest) -> dict[str, Any]:
    """Words, languages, the places that the person may go to, and, for whoever reads the list, whether it is stale."""
    user = getattr(request, "user", None)
    run = current_run()
    is_through = user is not None and user.is_authenticated and not first_thing(request)
    reads = is_through and getattr(user, "may_read_list", False)
    return {
        "texts": getattr(request, "texts", load_texts("en")),
        "language": getattr(request, "language", "en"),
        "languages": [(code, load_texts(code)("language.name")) for code in LANGUAGES],
        "profile": run.profile if run else {},
        "stale_since": run.as_of if run and reads and is_stale(run) else None,
        "places": _places(user) if is_through else [],
    }


def _places(user: Any) -> list[tuple[str, str]]:
    """Names of routes with the key of their words."""
    places = [("home", "place.home")]
    if user.may_read_list:
        places.append(("risk_list", "place.list"))
    if user.role in DECIDES:
        places.append(("visits", "place.visits"))
    if user.may_read_list:
        places.append(("campaigns", "place.campaigns"))
        places.append(("appeals", "place.appeals"))
    if user.role in APPROVES:
        places.append(("supervisor", "place.supervisor"))
    if user.may_read_list:
        places.append(("explore", "place.explore"))
    if user.role in READS_FEEDBACK:
        places.append(("feedback", "place.feedback"))
    if user.role in READS_AUDIT:
        places.append(("audit", "place.audit"))
    if user.may_read_list:
        places.append(("status", "place.status"))
    if user.role in KEEPS_ACCOUNTS:
        places.append(("accounts", "place.accounts"))
    return places
