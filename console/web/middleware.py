"""What comes before anything else for whoever has signed in: the second factor, a password of one's own, a factor to set up.

Headers that neither Django nor django-csp sets.

Which language a page is in: what the person chose, else what their browser asks for.

No form takes a file; one that is sent all the same is refused before it is read.

Every page, whatever it shows of names, comments and searches, without a sign that is not seen.

Whoever asks for a page finds deferrals ended whose day has come, whichever page it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from console.apps.accounts.second_factor import needs_second_factor
from console.apps.decisions.wake import end_due_deferrals
from console.core.invisible_characters import made_visible
from console.core.texts import load_texts
from console.web.failures import waking
from jobs.texts.languages import LANGUAGES

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


class RequireFirstStep:
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


PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class SecurityHeaders:
    """Refuse the machine's devices to every page, and keep pages about entities out of caches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response with the headers."""
        response = self.get_response(request)
        response.headers["Permissions-Policy"] = PERMISSIONS
        response.headers.setdefault("Cache-Control", "no-store")
        return response


_TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")


class ChosenLanguage:
    """Put ``language`` and ``texts`` on the request; Django's own words follow."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response in that language."""
        language = language_for(request)
        request.language = language
        request.texts = load_texts(language)
        with translation.override(language.lower()):
            response = self.get_response(request)
        response.headers["Content-Language"] = language
        return response


def language_for(request: HttpRequest) -> str:
    """One of :data:`LANGUAGES`."""
    named = getattr(request.user, "language", "") or request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if named in LANGUAGES:
        return str(named)
    for asked, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")[:200]):
        if asked.startswith("zh"):
            return "zh-Hant" if asked.startswith(_TRADITIONAL) else "zh-Hans"
        if asked.startswith("en"):
            return "en"
    return "en"


class NoFiles(FileUploadHandler):
    """Refuse uploads."""

    def new_file(self, *_args: object, **_kwargs: object) -> NoReturn:
        """A file begins: the request is too large by it."""
        raise RequestDataTooBig("no form takes a file")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Never called: ``new_file`` refused."""

    def file_complete(self, file_size: int) -> None:
        """Never called: ``new_file`` refused."""


class PlainSigns:
    """Make hidden signs visible in pages; what programs read stays as it is kept."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response, a page of which holds none."""
        response = self.get_response(request)
        if not response.streaming and response.headers.get("Content-Type", "").startswith("text/html"):
            response.content = made_visible(response.content.decode(response.charset)).encode(response.charset)
        return response


MOST = 1000
"""Cases that come back before one page, in a second or so. Publishing brings back whoever is due, so a page finds few: those of a
day on which nothing was published before somebody came."""
RETRY_SECONDS = 2
_UNAWARE = frozenset({"sign_in", "sign_out", "to_provider", "provider_back", "language", "second_factor", "second_factor_set_up"})
"""Routes that show no case and move none."""


class EndDueDeferrals:
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
        if not (request.user.is_authenticated or is_program) or match.url_name in _UNAWARE or end_due_deferrals(MOST):
            return None
        response = JsonResponse({"detail": "failure.waking"}, status=503) if is_program else waking(request)
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        if not is_program and request.method == "GET":
            response.headers["Refresh"] = str(RETRY_SECONDS)
        if getattr(request, "htmx", False):
            response.headers["HX-Refresh"] = "true"
        return response
