"""Views and searches, noted for the audit before the page leaves, and what was refused."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from console.apps.audit import spool
from console.apps.audit.chain import append
from console.apps.audit.events import facts_of
from console.apps.audit.models import Kind
from console.apps.decisions.models import Case
from console.apps.ranking.models import PublishedRun, Ranked


def note_view(
    request: HttpRequest, what: str, *, run: PublishedRun | None = None, entity: Ranked | Case | None = None, **detail: Any
) -> None:
    """Note that a person saw a page: which, of which run, about whom."""
    spool.put(
        facts_of(
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
    spool.put(facts_of(Kind.SEARCHED, request.user, run_id=run.run_id, detail={"filters": filters, "found": found, **detail}))


def note_refusal(request: HttpRequest, about: Ranked | Case, why: str) -> None:
    """Keep that a person tried what they may not, or what is not possible, and why it was refused: a key of the words."""
    append([facts_of(Kind.REFUSED, request.user, entity_id=about.entity_id, region_code=about.region_code, detail={"why": why})])
