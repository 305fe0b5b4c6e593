"""Devices from which somebody signed in before, known by a signed cookie: it opens nothing, and says whose tries are theirs.

How often a password may be tried: counted in the database, so that all processes count together.

One password tried on many accounts, or one account tried from many addresses, stays below what any pair of account and address may
try. So tries are counted for an address over all accounts, and for an account over all addresses too. Either would let a stranger
shut people out; therefore whoever signed in before from a device is counted by that device and by nothing else, as OWASP's "Slow
down online guessing attacks with device cookies" has it.
"""

from __future__ import annotations

import secrets
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.core.signing import BadSignature
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from console.apps.accounts.models import Tries, User
from console.core import clock
from console.core.client_address import client_address

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


WINDOW = 15 * 60
"""Seconds, on the clock: tries of one quarter of an hour count together, and are forgotten after it."""


class About(StrEnum):
    """Whose tries are counted."""

    DEVICE = "device"
    ADDRESS = "address"
    ACCOUNT = "account"


MOST = MappingProxyType({About.DEVICE: 5, About.ADDRESS: 50, About.ACCOUNT: 20})
"""Wrong passwords within a window; those of an account from one address, five, are counted by Axes."""


def count(request: HttpRequest, username: str) -> list[Tries]:
    """Count a try before the password is looked at, or several at once would all be let through; give what was counted."""
    window = int(clock.now().timestamp()) // WINDOW
    counted = []
    for about, key in _about(request, username):
        digest = salted_hmac("console.accounts.tries", f"{about}:{key}", algorithm="sha256").hexdigest()
        tries, _ = Tries.objects.get_or_create(about=about, digest=digest, window=window)
        # Whoever counts has the row until the count is read: of tries at the same time no two read the same.
        with transaction.atomic():
            Tries.objects.filter(pk=tries.pk).update(count=F("count") + 1)
            tries.refresh_from_db(fields=["count"])
        counted.append(tries)
    return counted


def beyond(counted: list[Tries]) -> Tries | None:
    """What of the counted is beyond its limit; None where the password may be looked at."""
    return next((tries for tries in counted if tries.count > MOST[About(tries.about)]), None)


def is_first_beyond(tries: Tries) -> bool:
    """Whether this try is the first beyond the limit, which is when it is told: a stranger's thousand tries are not a thousand."""
    return tries.count == MOST[About(tries.about)] + 1


def take_back(counted: list[Tries]) -> None:
    """The password was right: the try was none."""
    Tries.objects.filter(pk__in=[tries.pk for tries in counted]).update(count=F("count") - 1)


def _about(request: HttpRequest, username: str) -> list[tuple[About, str]]:
    device = device_of(request, username)
    if device:
        return [(About.DEVICE, f"{device}:{username}")]
    return [(About.ADDRESS, _network(client_address(request))), (About.ACCOUNT, username.casefold())]


def _network(address: str) -> str:
    """An address; of IPv6 the network of 64 bits, since whoever has one such address has all of it."""
    try:
        there = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{there}/64", strict=False)) if isinstance(there, IPv6Address) else str(there)
