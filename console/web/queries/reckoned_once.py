"""Sums over what was published, reckoned once for a jurisdiction and kept until something is published again.

A run's tables never change, and figures change when a day is published and at no other time. What people do meanwhile, decisions
and results, is never kept here. Each process that serves keeps its own.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2s
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import cache
from django.db.models import Max
from django.http import HttpRequest

from console.apps.accounts.jurisdiction import bounds_of
from console.apps.ranking.models import PublishedRun

SECONDS = 2 * 24 * 3600
"""How long a sum that nobody asks for any more is kept at most; one that is out of date is never asked for."""
T = TypeVar("T")


def reckoned_once(request: HttpRequest, run: PublishedRun, what: str, reckon: Callable[[], T]) -> T:
    """What ``reckon`` gives, or gave before for the same regions, run and state of what is published.

    Args:
        request: of whoever asks; ``reckon`` must count what they may see, and depend on nothing else of them.
        run: the run that is shown.
        what: names the sum, with all that it is filtered by.
        reckon: the sum, in plain values.
    """
    newest = PublishedRun.objects.aggregate(Max("published_at"))["published_at__max"]
    about = (str(settings.FOLDER.path), run.run_id, run.is_whole, newest, _bounds_of(request.user), what)
    kept: T = cache.get_or_set(blake2s(repr(about).encode()).hexdigest(), reckon, SECONDS)
    return kept


def _bounds_of(user: Any) -> list[tuple[str, str]] | None:
    """The regions that bound what somebody sees: two with the same ones see the same."""
    bounds = bounds_of(user)
    return None if bounds is None else sorted((str(level), code) for level, code in bounds)
