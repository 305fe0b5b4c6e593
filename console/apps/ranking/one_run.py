"""One newest run a request: asked for once, and the same wherever an answer needs it, though a day is published meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from console.apps.ranking.models import PublishedRun

_FOUND: ContextVar[list[PublishedRun | None] | None] = ContextVar("found", default=None)
"""Of the request that is being answered the newest run, once it was asked for; None where no request is."""


class OneRun:
    """Whatever of an answer is of the newest run is of the same one: the frame, the policy, the list of no other day."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response."""
        before = _FOUND.set([])
        try:
            return self.get_response(request)
        finally:
            _FOUND.reset(before)


def once(ask: Callable[[], PublishedRun | None]) -> PublishedRun | None:
    """What ``ask`` gives, asked once a request; each time where there is no request."""
    found = _FOUND.get()
    if found is None:
        return ask()
    if not found:
        found.append(ask())
    return found[0]
