"""The client's address behind proxies: the address that the outermost trusted proxy saw.

Each proxy appends the address of its client at the right of ``X-Forwarded-For``. What a visitor wrote into that header is further
left. So the header is read from the right, past the trusted proxies, to the first address that is not one.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

Network = IPv4Network | IPv6Network


def networks(text: str) -> tuple[Network, ...]:
    """The networks in a comma-separated list of addresses and networks.

    Raises:
        ImproperlyConfigured: for an entry that is neither.
    """
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ImproperlyConfigured(
            f"STEELYARD_CONSOLE_PROXIES: {error}; write addresses or networks with commas, such as 127.0.0.1,10.0.0.0/8"
        ) from error


def client_address(request: HttpRequest) -> str:
    """The client's address; that of the connection if it is no trusted proxy or the header is unusable."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    for forwarded in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        if not _is_among(address, settings.TRUSTED_PROXIES) or _read(forwarded) is None:
            break
        address = str(_read(forwarded))
    return address


def _is_among(address: str, trusted: Iterable[Network]) -> bool:
    parsed = _read(address)
    return parsed is not None and any(parsed in network for network in trusted if network.version == parsed.version)


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.strip())
    except ValueError:
        return None
