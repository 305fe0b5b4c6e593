"""Pages for what went wrong: short, without what was asked."""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console.core.texts import load_texts


def _page(request: HttpRequest, what: str, status: int) -> HttpResponse:
    return render(request, "failure.html", {"what": what}, status=status)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 (Django's signature)
    """A form that did not come from our page, or from a session that ended."""
    return _page(request, "forged", 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Nothing here, or nothing that this person may see."""
    return _page(request, "not_found", 404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """A request that is too large or malformed."""
    return _page(request, "bad_request", 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Something that this person may not do."""
    return _page(request, "forbidden", 403)


def waking(request: HttpRequest) -> HttpResponse:
    """More deferrals end just now than a page can wait for."""
    return _page(request, "waking", 503)


def fault(request: HttpRequest) -> HttpResponse:
    """A fault of ours; where the database is the fault, which the page's frame asks too, in words alone."""
    try:
        return _page(request, "fault", 500)
    except DatabaseError:
        texts = getattr(request, "texts", load_texts("en"))
        words = f"{texts('failure.fault')}\n\n{texts('failure_then.fault')}\n"
        return HttpResponse(words, status=500, content_type="text/plain; charset=utf-8")
