"""Where somebody goes on to who works through a list: the next to review of the filter that they came from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict

from console.decisions.models import Case
from console.decisions.states import State
from console.pages.filters import Filters
from console.ranking.models import PublishedRun, Ranked
from console.ranking.runs import ranked_of
from console.ranking.search import Part

_PART = 200


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
    listed = filters.told(ranked_of(run, request.user).filter(is_listed=True), request.user)
    wanted = Part(after=after.position, until=run.listed, most=_PART)
    while part := list(filters.of_part(listed, run, request.user, wanted).order_by("position")[:_PART]):
        names = [row.entity_id for row in part]
        decided = Case.objects.visible_to(request.user).filter(entity_id__in=names).exclude(state=State.TO_REVIEW)
        away = set(decided.values_list("entity_id", flat=True))
        for row in part:
            if row.entity_id not in away:
                return row
        wanted = replace(wanted, after=part[-1].position)
    return None
