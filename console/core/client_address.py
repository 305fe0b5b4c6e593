"""Who asks, behind a proxy: the address that the outermost proxy we trust saw.

Each proxy adds, at the right of ``X-Forwarded-For``, the address that it was asked from. Whatever a visitor wrote into that header
stands to the left of it, so the header is read from the right, past the proxies of one's own, to the first that is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

Network = IPv4Network | IPv6Network


def networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks, by commas.

    Raises:
        ImproperlyConfigured: when one is neither.
    """
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ImproperlyConfigured(
            f"STEELYARD_CONSOLE_PROXIES: {error}; write addresses or networks by commas, such as 127.0.0.1,10.0.0.0/8"
        ) from error


def client_address(request: HttpRequest) -> str:
    """The address that asks; that of the connection where it is no proxy of ours, or where the header says nothing usable."""
    asks_from = str(request.META.get("REMOTE_ADDR", ""))
    for named in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        if not _is_among(asks_from, settings.TRUSTED_PROXIES) or _read(named) is None:
            break
        asks_from = str(_read(named))
    return asks_from


def _is_among(address: str, trusted: Iterable[Network]) -> bool:
    there = _read(address)
    return there is not None and any(there in network for network in trusted if network.version == there.version)


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.strip())
    except ValueError:
        return None
