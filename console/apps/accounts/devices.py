"""Devices from which somebody signed in before, known by a signed cookie: it opens nothing, and says whose tries are theirs."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse

from console.apps.accounts.models import User

_SALT = "console.accounts.devices"
_DAYS = 180
_MOST = 5
"""People of one device that are remembered, the last to sign in first."""


def device_of(request: HttpRequest, username: str) -> str:
    """The device's own name where this account signed in from it before, else empty."""
    device, people = _read(request)
    pk = User.objects.filter(username=username).values_list("pk", flat=True).first() if people else None
    return device if pk in people else ""


def remember(request: HttpRequest, response: HttpResponse, user: Any) -> None:
    """Have the device know that this account signed in from it."""
    device, people = _read(request)
    people = [user.pk, *(pk for pk in people if pk != user.pk)][:_MOST]
    said = f"{device or secrets.token_urlsafe(12)} {' '.join(map(str, people))}"
    response.set_signed_cookie(
        settings.DEVICE_COOKIE_NAME, said, salt=_SALT, max_age=_DAYS * 86400, secure=settings.HTTPS, httponly=True, samesite="Lax"
    )


def is_known(request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
    """For Axes: whether tries of this account are counted by the device, and not by its address."""
    return bool(device_of(request, str((credentials or {}).get("username") or "")))


def _read(request: HttpRequest) -> tuple[str, list[int]]:
    try:
        said = request.get_signed_cookie(settings.DEVICE_COOKIE_NAME, "", salt=_SALT, max_age=_DAYS * 86400)
    except BadSignature:
        return "", []
    device, *people = str(said).split(" ")
    return device, [int(pk) for pk in people]
