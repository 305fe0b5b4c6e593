"""Files that people and programs take: streamed, a few at once, and a page that says why where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from console.web.exports_at_once import TooManyAtOnce, on_its_way

RETRY_SECONDS = 60
"""After so long whoever came while too many files were being taken may ask again."""


class NoFile(Exception):
    """Why there is no file: a key of the failures' words, the answer's status, and how many rows a sheet has at most."""

    def __init__(self, why: str, status: int, most: int = 0) -> None:
        super().__init__(why)
        self.why, self.status, self.most = why, status, most


def sent_file(make: Callable[[], Iterable[bytes]], name: str, content_type: str) -> HttpResponse:
    """A response that streams what ``make`` gives as a file of that name.

    Raises:
        NoFile: when too many are on their way; ``make`` was not called.
    """
    try:
        chunks = on_its_way(make)
    except TooManyAtOnce:
        raise NoFile("too_many_exports", 503) from None
    response = StreamingHttpResponse(chunks, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def no_file(request: HttpRequest, refused: NoFile) -> HttpResponse:
    """The page that says why there is no file, and what to do."""
    response = render(request, "failure.html", {"what": refused.why, "most": refused.most}, status=refused.status)
    if refused.status == 503:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response
