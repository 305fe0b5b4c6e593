"""Error pages: short, without the content of the request."""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console.core.texts import load_texts
from jobs.texts.languages import DEFAULT


def _page(request: HttpRequest, what: str, status: int) -> HttpResponse:
    return render(request, "failure.html", {"what": what}, status=status)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 (Django's signature)
    """The form did not come from this site, or its session ended."""
    return _page(request, "forged", 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """The page does not exist, or the user may not see it."""
    return _page(request, "not_found", 404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """The request is too large or malformed."""
    return _page(request, "bad_request", 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """The user may not do this."""
    return _page(request, "forbidden", 403)


def waking(request: HttpRequest) -> HttpResponse:
    """More deferrals end now than one request can process."""
    return _page(request, "waking", 503)


def fault(request: HttpRequest) -> HttpResponse:
    """An internal error. If the database fails, which the frame of the page reads too, the answer is plain text."""
    try:
        return _page(request, "fault", 500)
    except DatabaseError:
        texts = getattr(request, "texts", load_texts(DEFAULT))
        message = f"{texts('failure.fault')}\n\n{texts('failure_then.fault')}\n"
        return HttpResponse(message, status=500, content_type="text/plain; charset=utf-8")
