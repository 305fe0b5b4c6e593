"""The middleware of the pages, in the order of the settings; settings name each class by its path."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from console.apps.accounts.second_factor import needs_second_factor
from console.apps.accounts.sign_ins import BEGAN_AT
from console.apps.decisions.wake import end_due_deferrals
from console.apps.ranking.current_policy import current_policy
from console.core import clock
from console.core.invisible_characters import made_visible
from console.core.texts import load_texts
from console.web.failures import waking
from jobs.texts.languages import DEFAULT, LANGUAGES, accepted_language

PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
BY_PROVIDER = "by_provider"
"""Marks a session that the OpenID Connect provider opened. The provider is responsible for a second factor."""


class Middleware:
    """Passes each request on and returns the response."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response."""
        return self.get_response(request)


class SecurityHeaders(Middleware):
    """Set headers that neither Django nor django-csp sets: no access to devices, no storage of pages in caches."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response with the headers."""
        response = self.get_response(request)
        response.headers["Permissions-Policy"] = PERMISSIONS
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class ShowInvisibleCharacters(Middleware):
    """Make invisible characters in names, comments and searches visible in pages. The API gives them as they are stored."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response; an HTML page has no invisible characters."""
        response = self.get_response(request)
        if not response.streaming and response.headers.get("Content-Type", "").startswith("text/html"):
            response.content = made_visible(response.content.decode(response.charset)).encode(response.charset)
        return response


SEEN_SALT = "console.web.seen"
"""The salt of stored signatures, not a module name: another text ends all sessions that are older than the idle limit."""
SEEN_EVERY = 60
"""Seconds after which the time of the last request is stored again."""


class EndIdleSessions(Middleware):
    """End a session without a request for ``sign_in.idle_minutes`` of the policy.

    The time of the last request is in a signed cookie, valid for one session: a page that is only read must not wait for a writer.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response; the sign-in page if the session was idle for too long."""
        if not request.user.is_authenticated:
            return self.get_response(request)
        now, seen, key = int(clock.now().timestamp()), seen_at(request), request.session.session_key
        if now - seen > current_policy().sign_in.idle_minutes * 60:
            logout(request)
            return self.get_response(request)
        response = self.get_response(request)
        is_renewed = key != request.session.session_key
        is_due = is_renewed or now - seen >= SEEN_EVERY or settings.SEEN_COOKIE_NAME not in request.COOKIES
        if request.user.is_authenticated and is_due:
            value = Signer(salt=f"{SEEN_SALT}:{request.session.session_key}").sign(str(now))
            response.set_cookie(settings.SEEN_COOKIE_NAME, value, secure=settings.HTTPS, httponly=True, samesite="Lax")
        return response


def seen_at(request: HttpRequest) -> int:
    """When the session's last request was, to a minute, or when the session began; seconds since 1970."""
    text = request.COOKIES.get(settings.SEEN_COOKIE_NAME, "")
    try:
        seen = int(Signer(salt=f"{SEEN_SALT}:{request.session.session_key}").unsign(text))
    except (BadSignature, ValueError):
        seen = 0
    return max(seen, int(request.session.get(BEGAN_AT, 0)))


class ChooseLanguage(Middleware):
    """Set ``language`` and ``texts`` on the request, and the language of Django's own messages."""

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
    """One of :data:`LANGUAGES`: the user's choice, else the first that the browser accepts, else the default."""
    chosen = getattr(request.user, "language", "") or request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in LANGUAGES:
        return str(chosen)
    for accepted, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")[:200]):
        if language := accepted_language(accepted):
            return language
    return DEFAULT


class RequireFirstStep(Middleware):
    """Redirect signed-in users to the step that they have to complete first."""

    def process_view(self, request: HttpRequest, _view: object, _args: object, _kwargs: object) -> HttpResponse | None:
        """Redirect unless the request is for that step."""
        step = required_step(request)
        if step and request.resolver_match.url_name not in {step, "sign_out", "language"}:
            return redirect(step)
        return None


def required_step(request: HttpRequest) -> str:
    """The route that the user has to complete first: second factor, own password, set-up of a second factor; else empty."""
    user = request.user
    if not user.is_authenticated or request.session.get(BY_PROVIDER):
        return ""
    # The owner of an API token has no ``otp_device``.
    is_verified = getattr(user, "otp_device", None) is not None
    if user.has_second_factor and not is_verified:
        return "second_factor"
    if user.must_change_password:
        return "own_password"
    return "second_factor_set_up" if needs_second_factor(user) and not user.has_second_factor else ""


MAX_CASES = 1000
"""Deferrals that one request ends, in about a second. Publishing ends most of them: a request finds those of a day without a
published list."""
RETRY_SECONDS = 2
_WITHOUT_CASES = frozenset(
    {"sign_in", "sign_out", "to_provider", "provider_back", "language", "second_factor", "second_factor_set_up"}
)
"""Routes that show no case and change none."""


class EndDueDeferrals(Middleware):
    """End deferrals that are due, before a view reads the state of a case. Without a due deferral this costs one index look-up.

    If more are due than one request can end, it ends a part and asks the client to retry. So no page shows an outdated state, and
    no form acts on one.
    """

    def process_view(self, request: HttpRequest, _view: object, _args: object, _kwargs: object) -> HttpResponse | None:
        """Run before views for signed-in users, and before API views, which check the token themselves."""
        match = request.resolver_match
        is_api = "api" in match.namespaces
        if not (request.user.is_authenticated or is_api) or match.url_name in _WITHOUT_CASES or end_due_deferrals(MAX_CASES):
            return None
        response = JsonResponse({"detail": "failure.waking"}, status=503) if is_api else waking(request)
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        if not is_api and request.method == "GET":
            response.headers["Refresh"] = str(RETRY_SECONDS)
        if getattr(request, "htmx", False):
            response.headers["HX-Refresh"] = "true"
        return response


class RefuseUploads(FileUploadHandler):
    """Refuse uploaded files before they are read: no form has a file field."""

    def new_file(self, *_args: object, **_kwargs: object) -> NoReturn:
        """Refuse the request."""
        raise RequestDataTooBig("no form takes a file")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Never called, because ``new_file`` raises."""

    def file_complete(self, file_size: int) -> None:
        """Never called, because ``new_file`` raises."""
