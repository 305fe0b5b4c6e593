"""File downloads: recorded in the audit, streamed, a few at once for each server process; a page says why there is no file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from console.apps.audit.chain import record_event
from console.apps.audit.models import Kind
from console.apps.ranking.models import PublishedRun
from jobs.texts.numbers import number

MAX_DOWNLOADS = 4
"""Half of the eight threads that :mod:`console.server` gives a process: slow downloads leave threads for pages."""
RETRY_SECONDS = 60
_slots = threading.BoundedSemaphore(MAX_DOWNLOADS)


class NoFile(Exception):
    """There is no file. ``why`` is a key of the failure texts, ``status`` the HTTP status, ``most`` the rows that a sheet holds."""

    def __init__(self, why: str, status: int, most: int = 0) -> None:
        super().__init__(why)
        self.why, self.status, self.most = why, status, most


class Download:
    """The bytes of a file. It holds a slot until it is closed.

    Django closes what a response streams, also if the client disconnects. The ``finally`` of a generator would not run before its
    first step.
    """

    def __init__(self, chunks: Iterable[bytes], release: Callable[[], None]) -> None:
        self._chunks = chunks
        self._release: Callable[[], None] | None = release

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over the chunks."""
        return iter(self._chunks)

    def close(self) -> None:
        """Close the source of the bytes and release the slot, once."""
        release, self._release = self._release, None
        if release is None:
            return
        try:
            close = getattr(self._chunks, "close", None)
            if close is not None:
                close()
        finally:
            release()


def limit_downloads(make: Callable[[], Iterable[bytes]]) -> Download:
    """Take a slot and call ``make``.

    Raises:
        NoFile: if all slots are taken; ``make`` is not called.
    """
    slots = _slots
    if not slots.acquire(blocking=False):
        raise NoFile("too_many_exports", 503)
    try:
        return Download(make(), slots.release)
    except BaseException:
        slots.release()
        raise


def file_response(make: Callable[[], Iterable[bytes]], name: str, content_type: str) -> HttpResponse:
    """A response that streams the bytes of ``make`` as a file with that name.

    Raises:
        NoFile: if there are too many downloads; ``make`` is not called.
    """
    response = StreamingHttpResponse(limit_downloads(make), content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def record_export(request: HttpRequest, what: str, run: PublishedRun | None = None, **detail: Any) -> None:
    """Record in the audit who downloads what, before the file is sent."""
    run_id = run.run_id if run else ""
    record_event(Kind.EXPORTED, request.user, run_id=run_id, detail={"what": what, **detail})


def explain_no_file(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorate a view: where there is no file, it answers with a page that says why and what to do."""

    @wraps(view)
    def explained(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NoFile as error:
            response = render(request, "failure.html", {"what": error.why, "n": number(error.most)}, status=error.status)
            if error.status == 503:
                response.headers["Retry-After"] = str(RETRY_SECONDS)
            return response

    return explained
