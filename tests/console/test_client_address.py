"""The client's address behind proxies is never one that a visitor wrote, and a lockout affects nobody else."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory, override_settings

from console.core.client_address import client_address, networks
from tests.console.conftest import PASSWORD, Site

HERE = networks("127.0.0.1,::1,10.0.0.0/8")


@pytest.mark.parametrize(
    ("connection", "said", "asks_from"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("127.0.0.1", "10.9.9.9, 10.1.2.3", "10.9.9.9"),
        ("127.0.0.1", "203.0.113.9, nonsense", "127.0.0.1"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("", "203.0.113.9", ""),
    ],
)
def test_the_header_is_read_from_the_right_past_trusted_proxies_only(connection: str, said: str, asks_from: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=connection, headers={"x-forwarded-for": said} if said else {})

    with override_settings(TRUSTED_PROXIES=HERE):
        assert client_address(request) == asks_from


def test_the_header_is_ignored_without_a_trusted_proxy() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="127.0.0.1", headers={"x-forwarded-for": "203.0.113.9"})

    assert client_address(request) == "127.0.0.1"


def test_an_invalid_network_is_reported() -> None:
    with pytest.raises(ImproperlyConfigured, match="STEELYARD_CONSOLE_PROXIES"):
        networks("127.0.0.1,somewhere")


def test_behind_a_proxy_wrong_passwords_lock_the_account_for_their_own_address_only(site: Site) -> None:
    def sign_in(password: str, said: str) -> int:
        form = {"username": "wang", "password": password}
        return int(site.client().post("/sign-in/", form, headers={"x-forwarded-for": said}).status_code)

    with override_settings(TRUSTED_PROXIES=HERE):
        for at in range(5):
            sign_in("wrong", f"198.51.100.{at}, 203.0.113.9")

        assert sign_in(PASSWORD, "192.0.2.1, 203.0.113.9") == 429
        assert sign_in(PASSWORD, "203.0.113.10") == 302
