"""How many exports a process of the server makes at once: each takes one of its threads until the last byte has left.

Files that people and programs take: streamed, a few at once, and a page that says why where there is none.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

MOST = 4
"""Of the eight threads that :mod:`console.server` gives a process: pages are answered whoever takes files, however slowly."""
_places = threading.BoundedSemaphore(MOST)


class TooManyAtOnce(Exception):
    """So many exports are on their way that another has to wait."""


class OnItsWay:
    """The bytes of an export, which holds one of :data:`MOST` places until they are closed.

    A response closes what it streams, also when whoever asked is gone; a generator's ``finally`` would not run before its first
    step.
    """

    def __init__(self, chunks: Iterable[bytes], give_back: Callable[[], None]) -> None:
        self._chunks = chunks
        self._give_back: Callable[[], None] | None = give_back

    def __iter__(self) -> Iterator[bytes]:
        """The bytes, a part at a time."""
        return iter(self._chunks)

    def close(self) -> None:
        """Close what the bytes come from and give the place back, once."""
        give_back, self._give_back = self._give_back, None
        if give_back is None:
            return
        try:
            close = getattr(self._chunks, "close", None)
            if close is not None:
                close()
        finally:
            give_back()


def limit_downloads(make: Callable[[], Iterable[bytes]]) -> OnItsWay:
    """What ``make`` gives, holding a place.

    Raises:
        TooManyAtOnce: when all places are taken; nothing was made.
    """
    places = _places
    if not places.acquire(blocking=False):
        raise TooManyAtOnce
    try:
        return OnItsWay(make(), places.release)
    except BaseException:
        places.release()
        raise


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
        chunks = limit_downloads(make)
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
