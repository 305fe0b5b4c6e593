"""Whoever asks for a page finds deferrals ended whose day has come, whichever page it is."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from console.decisions.wake import wake_by_date

_UNAWARE = frozenset({"sign_in", "sign_out", "to_provider", "provider_back", "language", "second_factor", "second_factor_set_up"})
"""Routes that show no case and move none."""


class WakesByDate:
    """Before a page, or a program's answer, that may tell where a case stands. It costs one look at an index where none is due."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: object, _args: object, _kwargs: object) -> None:
        """Before a view is called: for whoever is signed in, or holds a token, which the view itself asks for."""
        match = request.resolver_match
        if (request.user.is_authenticated or "api" in match.namespaces) and match.url_name not in _UNAWARE:
            wake_by_date()
