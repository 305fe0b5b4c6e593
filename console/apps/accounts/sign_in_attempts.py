"""Limits on password attempts, counted in the database so that all processes count together.

One password tried on many accounts, or one account tried from many addresses, stays below the limit of each pair of account and
address. So attempts are also counted for an address over all accounts, and for an account over all addresses. Either count would
let a stranger lock people out. Therefore a person who signed in before from a device is counted by that device alone, as OWASP's
"Slow down online guessing attacks with device cookies" describes. A signed cookie identifies the device; it grants no access.
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from types import MappingProxyType
from typing import Any

from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.signing import BadSignature
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from console.apps.accounts.models import Tries, User
from console.apps.audit.chain import record_event
from console.apps.audit.events import NOBODY
from console.apps.audit.models import Kind
from console.core import clock
from console.core.client_address import client_address

# Salts of stored signatures and hashes, not module names: another text makes known devices and counts unknown.
DEVICE_SALT = "console.accounts.devices"
ATTEMPT_SALT = "console.accounts.tries"
_DEVICE_SECONDS = 180 * 86400
_MOST_PEOPLE = 5
"""The most people that a device remembers, the last to sign in first."""


_HASHED = re.compile("no account: [0-9a-f]{16}")
"""What :func:`stored_name` gives. Axes passes it on as a name."""


class About(StrEnum):
    """What attempts are counted for."""

    DEVICE = "device"
    ADDRESS = "address"
    ACCOUNT = "account"
    AUDIT = "audit"


MOST = MappingProxyType({About.DEVICE: 5, About.ADDRESS: 50, About.ACCOUNT: 20, About.AUDIT: 100})
"""Wrong passwords allowed within a window, and failures that the audit records one by one: those with the name of an account, and
those with another name. ``AXES_FAILURE_LIMIT`` in the settings limits one account from one address."""


def device_of(request: HttpRequest, username: str) -> str:
    """The device's id if this account signed in from it before, else empty."""
    device, people = _read_device(request)
    pk = User.objects.filter(username=username).values_list("pk", flat=True).first() if people else None
    return device if pk in people else ""


def remember_device(request: HttpRequest, response: HttpResponse, user: Any) -> None:
    """Set the cookie that says that this account signed in from the device."""
    device, people = _read_device(request)
    people = [user.pk, *(pk for pk in people if pk != user.pk)][:_MOST_PEOPLE]
    response.set_signed_cookie(
        settings.DEVICE_COOKIE_NAME,
        f"{device or secrets.token_urlsafe(12)} {' '.join(map(str, people))}",
        salt=DEVICE_SALT,
        max_age=_DEVICE_SECONDS,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def is_known(request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
    """Whether attempts for this account are counted by the device, not by the address. Axes calls it."""
    return bool(device_of(request, str((credentials or {}).get("username") or "")))


def count_attempt(request: HttpRequest, username: str) -> list[Tries]:
    """Count an attempt and return the counts. Call it before the check of the password, or parallel attempts would all pass."""
    return [_count(about, key) for about, key in _counters(request, username)]


def _count(about: About, key: str) -> Tries:
    tries, _ = Tries.objects.get_or_create(about=about, digest=_digest(f"{about}:{key}"), window=_current_window())
    # The row stays locked until the count is read: no two parallel attempts read the same count.
    with transaction.atomic():
        Tries.objects.filter(pk=tries.pk).update(count=F("count") + 1)
        tries.refresh_from_db(fields=["count"])
    return tries


def _digest(text: str) -> str:
    return salted_hmac(ATTEMPT_SALT, text, algorithm="sha256").hexdigest()


def record_failure(kind: Kind, username: str, request: HttpRequest | None, **detail: str) -> None:
    """Record a failed sign-in or a lock in the audit. Beyond a limit it is only counted, so that nobody can fill the audit."""
    name = stored_name(request, {"username": username})
    counted = _count(About.AUDIT, "account" if name == username else "other")
    if counted.count == 1:
        record_uncounted()
    if counted.count <= MOST[About.AUDIT]:
        record_event(kind, NOBODY, detail={"username": name, **detail, **origin_of(request)})


def record_uncounted() -> None:
    """Record how many failures of earlier windows were only counted, and delete their counts."""
    with transaction.atomic():
        for tries in Tries.objects.select_for_update().filter(about=About.AUDIT, window__lt=_current_window()):
            if (more := tries.count - MOST[About.AUDIT]) > 0:
                since = datetime.fromtimestamp(tries.window * 60, UTC).isoformat()
                record_event(Kind.SIGN_IN_FAILED, NOBODY, detail={"further_failures": more, "window_from": since})
            tries.delete()


def stored_name(_request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """The name that is stored of an attempt: that of an account, else a keyed hash, since people type passwords as names.

    Axes calls it too.
    """
    username = str((credentials or {}).get("username") or "")
    if not username or _HASHED.fullmatch(username) or User.objects.filter(username=username).exists():
        return username
    return f"no account: {_digest(f'name:{username}')[:16]}"


def origin_of(request: HttpRequest | None) -> dict[str, str]:
    """The address of a sign-in, if it is known."""
    address = client_address(request) if request is not None else ""
    return {"address": address} if address else {}


def exceeded_limit(counted: list[Tries]) -> Tries | None:
    """The first count above its limit; None if the password may be checked."""
    return next((tries for tries in counted if tries.count > MOST[About(tries.about)]), None)


def is_first_over_limit(tries: Tries) -> bool:
    """Whether this attempt is the first above the limit. Only that one goes to the audit."""
    return tries.count == MOST[About(tries.about)] + 1


def uncount(counted: list[Tries]) -> None:
    """Take an attempt off the counts: the password was right."""
    Tries.objects.filter(pk__in=[tries.pk for tries in counted]).update(count=F("count") - 1)


def delete_expired() -> int:
    """Delete expired sessions and counts of wrong passwords; return the number of rows."""
    record_uncounted()
    now = clock.now()
    expired = (
        Session.objects.filter(expire_date__lt=now),
        Tries.objects.filter(window__lt=_current_window()),
        AccessAttempt.objects.filter(attempt_time__lt=now - timedelta(days=1)),
    )
    return sum(rows.delete()[0] for rows in expired)


def _current_window() -> int:
    """The minute in which the current window begins. Attempts in one window count together; it is as long as a lock lasts."""
    minute, length = int(clock.now().timestamp()) // 60, int(get_cool_off().total_seconds()) // 60
    return minute // length * length


def _read_device(request: HttpRequest) -> tuple[str, list[int]]:
    try:
        text = request.get_signed_cookie(settings.DEVICE_COOKIE_NAME, "", salt=DEVICE_SALT, max_age=_DEVICE_SECONDS)
    except BadSignature:
        return "", []
    device, *people = str(text).split(" ")
    return device, [int(pk) for pk in people]


def _counters(request: HttpRequest, username: str) -> list[tuple[About, str]]:
    device = device_of(request, username)
    if device:
        return [(About.DEVICE, f"{device}:{username}")]
    return [(About.ADDRESS, _network(client_address(request))), (About.ACCOUNT, username.casefold())]


def _network(address: str) -> str:
    """An IPv4 address, or the /64 network of an IPv6 address, since one host usually owns all of it."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{parsed}/64", strict=False)) if isinstance(parsed, IPv6Address) else str(parsed)
