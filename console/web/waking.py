"""Whoever asks for a page finds deferrals ended whose day has come, whichever page it is."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from console.apps.decisions.wake import wake_by_date
from console.web.failures import waking

MOST = 1000
"""Cases that come back before one page, in a second or so. Publishing brings back whoever is due, so a page finds few: those of a
day on which nothing was published before somebody came."""
RETRY_SECONDS = 2
_UNAWARE = frozenset({"sign_in", "sign_out", "to_provider", "provider_back", "language", "second_factor", "second_factor_set_up"})
"""Routes that show no case and move none."""


class WakesByDate:
    """Before a page, or a program's answer, that may tell where a case stands. It costs one look at an index where none is due.

    Where more are due than one can wait for, each that asks brings a part of them back and is told to come again: nobody sees a
    case where it no longer stands, and nothing that was sent meanwhile is done.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: object, _args: object, _kwargs: object) -> HttpResponse | None:
        """Before a view is called: for whoever is signed in, or holds a token, which the view itself asks for."""
        match = request.resolver_match
        is_program = "api" in match.namespaces
        if not (request.user.is_authenticated or is_program) or match.url_name in _UNAWARE or wake_by_date(MOST):
            return None
        response = JsonResponse({"detail": "failure.waking"}, status=503) if is_program else waking(request)
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        if not is_program and request.method == "GET":
            response.headers["Refresh"] = str(RETRY_SECONDS)
        if getattr(request, "htmx", False):
            response.headers["HX-Refresh"] = "true"
        return response
