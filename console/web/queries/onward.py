"""Where somebody goes on to who works through a list: the next to review of the filter that they came from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict

from console.apps.decisions.states import State
from console.apps.ranking.models import PublishedRun, Ranked
from console.web.queries.filtered import Filtered
from console.web.queries.list_filters import Filters


def came_from(values: Any) -> str:
    """The query of the list that a page was opened from, as ``list`` in its own query or form says; empty when from none."""
    asked = str(values.get("list", ""))[:2000]
    return Filters.read(QueryDict(asked)).query() if "list" in values else ""


def carried(query: str) -> str:
    """A list's query as an entity's page carries it."""
    return urlencode({"list": query})


def next_to_review(request: HttpRequest, run: PublishedRun, after: Ranked, query: str) -> Ranked | None:
    """The first entity behind ``after`` that the filter leaves and nobody has decided of; None at the list's end."""
    filters = Filters.read(QueryDict(query))
    if filters.state not in ("", State.TO_REVIEW):
        return None
    to_review = Filtered.by(replace(filters, state=State.TO_REVIEW), run, request.user)
    return next(iter(to_review.rows(after=after.position, until=run.listed, most=1)), None)
