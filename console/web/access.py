"""Access to pages by role, and the audit events of page views, searches and refusals.

:meth:`InJurisdiction.visible_to` limits the rows on a page to the user's regions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse

from console.apps.audit import spool
from console.apps.audit.chain import record_event
from console.apps.audit.events import event_facts
from console.apps.audit.models import Kind
from console.apps.decisions.models import Case
from console.apps.decisions.states import Refused
from console.apps.ranking.models import PublishedRun, Ranked

View = Callable[..., HttpResponse]


def for_roles(roles: Collection[str]) -> Callable[[View], View]:
    """Answer 404 to users with another role, so that they do not learn that the page exists."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.role not in roles:
                raise Http404
            return view(request, *args, **kwargs)

        # For tests of who may open which address.
        guarded.roles = frozenset(roles)  # type: ignore[attr-defined]
        return guarded

    return decorate


def note_view(
    request: HttpRequest, what: str, *, run: PublishedRun | None = None, entity: Ranked | Case | None = None, **detail: Any
) -> None:
    """Record in the audit that the user saw this page, with its run and entity."""
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
    """Record in the audit a search of the list: the filters, the number of entities found and the part shown."""
    spool.put(event_facts(Kind.SEARCHED, request.user, run_id=run.run_id, detail={"filters": filters, "found": found, **detail}))


def note_refusal(request: HttpRequest, about: Ranked | Case, why: str) -> None:
    """Record in the audit that an action was refused, and why: a key of the texts."""
    record_event(Kind.REFUSED, request.user, entity_id=about.entity_id, region_code=about.region_code, detail={"why": why})


@contextmanager
def refusal_shown(request: HttpRequest, about: Ranked | Case) -> Iterator[None]:
    """If the body is refused, show the reason as a message and record it in the audit."""
    try:
        yield
    except Refused as error:
        show_refusal(request, about, error.why)


def show_refusal(request: HttpRequest, about: Ranked | Case, why: str) -> None:
    """Show why an action was refused, a key of the texts, as a message, and record it in the audit."""
    note_refusal(request, about, why)
    messages.error(request, request.texts(why))
