"""Whoever signs in with a password that somebody else chose must choose their own before anything else."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

ALLOWED = frozenset({"own_password", "sign_out", "language"})


class OwnPasswordFirst:
    """Send such a person to the page where they choose one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response, or the way to that page."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: object, _args: object, _kwargs: object) -> HttpResponse | None:
        """Before a view is called."""
        user = request.user
        if user.is_authenticated and user.must_change_password and request.resolver_match.url_name not in ALLOWED:
            return redirect("own_password")
        return None
