"""Every page, whatever it shows of names, comments and searches, without a sign that is not seen."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from console.core.invisible_characters import made_visible


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
