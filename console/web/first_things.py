"""What comes before anything else for whoever has signed in: the second factor, a password of one's own, a factor to set up."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

ALWAYS = frozenset({"sign_out", "language"})
BY_PROVIDER = "by_provider"
"""Marks a session that the provider of OpenID Connect opened: it asks for a second factor itself, or has decided not to."""


def first_thing(request: HttpRequest) -> str:
    """The route of the page that must be gone through first; empty where all is done."""
    user = request.user
    if not user.is_authenticated:
        return ""
    # The owner of a token, whom a page of a program's request may show, has no such mark.
    is_verified = getattr(user, "otp_device", None) is not None
    if user.has_second_factor and not is_verified and not request.session.get(BY_PROVIDER):
        return "second_factor"
    if user.must_change_password and not request.session.get(BY_PROVIDER):
        return "own_password"
    if needs_second_factor(user) and not user.has_second_factor and not request.session.get(BY_PROVIDER):
        return "second_factor_set_up"
    return ""


def needs_second_factor(user: object) -> bool:
    """Whether the site asks whoever has this role for a second factor."""
    return getattr(user, "role", "") in settings.SECOND_FACTOR_FOR


class FirstThings:
    """Send whoever still has something to do first to where it is done."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response, or the way to that page."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: object, _args: object, _kwargs: object) -> HttpResponse | None:
        """Before a view is called."""
        first = first_thing(request)
        if first and request.resolver_match.url_name not in {first, *ALWAYS}:
            return redirect(first)
        return None
