"""Who may open a page at all, by role; what is on it is bounded by :meth:`InJurisdiction.visible_to`.

Views and searches, noted for the audit before the page leaves, and what was refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from console.apps.audit import spool
from console.apps.audit.chain import append
from console.apps.audit.events import event_facts
from console.apps.audit.models import Kind
from console.apps.decisions.models import Case
from console.apps.ranking.models import PublishedRun, Ranked

View = Callable[..., HttpResponse]


def for_roles(roles: Collection[str]) -> Callable[[View], View]:
    """The page is not there for other roles; that it exists is no news to them."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.role not in roles:
                raise Http404
            return view(request, *args, **kwargs)

        # Read by whoever wants to know of each address who may open it, such as a test.
        guarded.roles = frozenset(roles)  # type: ignore[attr-defined]
        return guarded

    return decorate


def note_view(
    request: HttpRequest, what: str, *, run: PublishedRun | None = None, entity: Ranked | Case | None = None, **detail: Any
) -> None:
    """Note that a person saw a page: which, of which run, about whom."""
    spool.put(
        event_facts(
            Kind.VIEWED,
            request.user,
            entity_id=entity.entity_id if entity else "",
            region_code=entity.region_code if entity else "",
            run_id=run.run_id if run else "",
            detail={"page": what, **detail},
        )
    )


def note_search(request: HttpRequest, run: PublishedRun, filters: dict[str, str], found: int, **detail: Any) -> None:
    """Note what a person searched the list for, how many were found, and what part of them was shown."""
    spool.put(event_facts(Kind.SEARCHED, request.user, run_id=run.run_id, detail={"filters": filters, "found": found, **detail}))


def note_refusal(request: HttpRequest, about: Ranked | Case, why: str) -> None:
    """Keep that a person tried what they may not, or what is not possible, and why it was refused: a key of the words."""
    append([event_facts(Kind.REFUSED, request.user, entity_id=about.entity_id, region_code=about.region_code, detail={"why": why})])
