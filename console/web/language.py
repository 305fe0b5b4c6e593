"""Which language a page is in: what the person chose, else what their browser asks for."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from console.core.texts import LANGUAGES, load_texts

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
