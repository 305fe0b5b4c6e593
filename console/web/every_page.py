"""What every page's frame shows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from console.apps.accounts.roles import APPROVES, DECIDES, KEEPS_ACCOUNTS, READS_AUDIT, READS_FEEDBACK
from console.apps.ranking.runs import current_run
from console.core.texts import LANGUAGES, load_texts
from console.web.first_things import first_thing
from console.web.stale import is_stale

NAMES = {"en": "English", "zh-Hans": "简体中文", "zh-Hant": "繁體中文"}


def every_page(request: HttpRequest) -> dict[str, Any]:
    """Words, languages, the places that the person may go to, and, for whoever reads the list, whether it is stale."""
    user = getattr(request, "user", None)
    run = current_run()
    is_through = user is not None and user.is_authenticated and not first_thing(request)
    reads = is_through and getattr(user, "may_read_list", False)
    return {
        "texts": getattr(request, "texts", load_texts("en")),
        "language": getattr(request, "language", "en"),
        "languages": [(code, NAMES[code]) for code in LANGUAGES],
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
