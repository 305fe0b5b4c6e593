"""The second factor: required after the password, managed by its owner, and recorded in the audit."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import override_settings
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from console.apps.accounts.roles import Role, roles_named
from console.apps.audit.models import AuditEvent
from tests.console.conftest import PASSWORD, Site


def digits(device: TOTPDevice) -> str:
    """What the owner's app shows now. The device forgets its last time step, since two steps of a test may be the same."""
    TOTPDevice.objects.filter(pk=device.pk).update(last_t=-1, throttling_failure_count=0, throttling_failure_timestamp=None)
    shown = TOTP(device.bin_key, device.step, device.t0, device.digits)
    shown.time = time.time()
    return f"{shown.token():06d}"


def wrong(device: TOTPDevice) -> str:
    return f"{(int(digits(device)) + 1) % 10**6:06d}"


def set_up(site: Site, name: str) -> TOTPDevice:
    """Set up a second factor through the page."""
    client = site.client(name)
    client.get("/second-factor/set-up/")
    device = TOTPDevice.objects.get(user__username=name)
    assert client.post("/second-factor/set-up/", {"password": PASSWORD, "code": digits(device)}).url == "/"
    assert client.get("/list/").status_code in (200, 404)
    return device


def sign_in(site: Site, name: str) -> Any:
    client = site.client()
    client.post("/sign-in/", {"username": name, "password": PASSWORD})
    return client


def events(kind: str) -> int:
    return AuditEvent.objects.filter(kind=kind).count()


def test_no_page_opens_before_the_right_digits(site: Site) -> None:
    device = set_up(site, "wang")
    client = sign_in(site, "wang")

    for there in ("/", "/list/", "/tokens/", "/password/", "/second-factor/set-up/", "/api/openapi.json"):
        assert client.get(there).url == "/second-factor/"
    assert client.post("/tokens/", {"name": "x"}).url == "/second-factor/"
    page = client.get("/second-factor/")
    assert "/list/" not in page.content.decode()
    assert client.post("/second-factor/", {"code": wrong(device)}).status_code == 422
    assert client.get("/list/").url == "/second-factor/"
    code = digits(device)
    assert client.post("/second-factor/", {"code": f" {code[:3]} {code[3:]}"}).url == "/"
    assert client.get("/list/").status_code == 200
    assert (events("second_factor_failed"), events("second_factor_passed"), events("second_factor_added")) == (1, 1, 1)


def test_the_session_has_another_key_after_the_digits(site: Site) -> None:
    device = set_up(site, "wang")
    client = sign_in(site, "wang")
    before = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.post("/second-factor/", {"code": digits(device)})

    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before
    thief = site.client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = before
    assert thief.get("/list/").url.startswith("/sign-in/")


def test_digits_can_be_used_once(site: Site) -> None:
    device = set_up(site, "wang")
    code = digits(device)
    assert sign_in(site, "wang").post("/second-factor/", {"code": code}).status_code == 302

    assert sign_in(site, "wang").post("/second-factor/", {"code": code}).status_code == 422


def test_after_wrong_digits_the_next_attempt_must_wait(site: Site) -> None:
    device = set_up(site, "wang")
    code, client = digits(device), sign_in(site, "wang")
    client.post("/second-factor/", {"code": f"{(int(code) + 1) % 10**6:06d}"})

    assert client.post("/second-factor/", {"code": code}).status_code == 422
    assert client.get("/list/").url == "/second-factor/"


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６7", "0" * 5000])
def test_only_six_digits_are_checked(site: Site, code: str) -> None:
    set_up(site, "wang")

    assert sign_in(site, "wang").post("/second-factor/", {"code": code}).status_code in (200, 422)
    assert events("second_factor_passed") == 0


def test_setting_it_up_needs_the_password(site: Site) -> None:
    client = site.client("wang")
    client.get("/second-factor/set-up/")
    device = TOTPDevice.objects.get()
    refused = client.post("/second-factor/set-up/", {"password": "not it", "code": digits(device)})

    assert refused.status_code == 422
    assert not site.user("wang").has_second_factor
    assert client.get("/list/").status_code == 200


def test_wrong_passwords_count_as_at_sign_in_and_are_recorded(site: Site) -> None:
    device = set_up(site, "wang")
    client = sign_in(site, "wang")
    client.post("/second-factor/", {"code": digits(device)})
    other = site.client("li")
    other.get("/second-factor/set-up/")
    new = TOTPDevice.objects.get(user__username="li")

    for at in range(settings.AXES_FAILURE_LIMIT):
        client.post("/second-factor/remove/", {"password": f"not it {at}", "code": digits(device)})
        other.post("/second-factor/set-up/", {"password": f"not it {at}", "code": digits(new)})
    assert events("sign_in_failed") == 2 * settings.AXES_FAILURE_LIMIT

    assert client.post("/second-factor/remove/", {"password": PASSWORD, "code": digits(device)}).status_code == 429
    assert other.post("/second-factor/set-up/", {"password": PASSWORD, "code": digits(new)}).status_code == 429
    assert site.user("wang").has_second_factor
    assert not site.user("li").has_second_factor


def test_the_secret_is_shown_only_until_it_is_set_up(site: Site) -> None:
    client = site.client("wang")
    page = client.get("/second-factor/set-up/")
    secret = page.context["secret"]
    assert secret in page.content.decode()
    assert "<svg" in page.content.decode()
    assert "style=" not in page.content.decode()
    set_up(site, "wang")

    other = sign_in(site, "wang")
    other.post("/second-factor/", {"code": digits(TOTPDevice.objects.get())})
    assert secret not in other.get("/second-factor/set-up/").content.decode()


def test_its_owner_removes_it_with_password_and_digits(site: Site) -> None:
    device = set_up(site, "wang")
    client = sign_in(site, "wang")
    client.post("/second-factor/", {"code": digits(device)})
    client.post("/second-factor/remove/", {"password": PASSWORD, "code": wrong(device)})
    client.post("/second-factor/remove/", {"password": "not it", "code": digits(device)})
    assert site.user("wang").has_second_factor

    client.post("/second-factor/remove/", {"password": PASSWORD, "code": digits(device)})

    assert not site.user("wang").has_second_factor
    assert not TOTPDevice.objects.exists()
    assert client.get("/list/").status_code == 200


def test_an_administrator_removes_it_and_old_sessions_need_the_new_one(site: Site) -> None:
    device = set_up(site, "wang")
    old = sign_in(site, "wang")
    old.post("/second-factor/", {"code": digits(device)})
    form = {"username": "wang", "role": "inspector", "is_active": "on", "regions": "330100", "no_second_factor": "on"}
    site.client("wu").post(f"/accounts/{site.user('wang').pk}/", form)

    assert not site.user("wang").has_second_factor
    assert AuditEvent.objects.get(kind="second_factor_removed").actor == "wu"
    set_up(site, "wang")
    assert old.get("/list/").url == "/second-factor/"


def test_a_role_that_requires_it_must_set_it_up_and_cannot_remove_it(site: Site) -> None:
    with override_settings(SECOND_FACTOR_FOR=frozenset({Role.SUPERVISOR})):
        client = sign_in(site, "zhang")
        assert client.get("/list/").url == "/second-factor/set-up/"
        assert sign_in(site, "wang").get("/list/").status_code == 200
        client.get("/second-factor/set-up/")
        device = TOTPDevice.objects.get()
        client.post("/second-factor/set-up/", {"password": PASSWORD, "code": digits(device)})
        assert client.get("/list/").status_code == 200
        client.post("/second-factor/remove/", {"password": PASSWORD, "code": digits(device)})

        assert site.user("zhang").has_second_factor


def test_the_command_removes_it_where_no_administrator_can(site: Site) -> None:
    set_up(site, "wu")
    call_command("remove_second_factor", "wu", verbosity=0)

    assert not site.user("wu").has_second_factor
    assert AuditEvent.objects.get(kind="second_factor_removed").actor == "steelyard"
    for name in ("wu", "nobody"):
        with pytest.raises(CommandError):
            call_command("remove_second_factor", name)


def test_unknown_roles_in_the_setting_are_refused() -> None:
    assert roles_named("") == frozenset()
    assert roles_named("all") == frozenset(Role)
    assert roles_named("supervisor, admin") == {Role.SUPERVISOR, Role.ADMIN}
    with pytest.raises(ImproperlyConfigured, match="boss"):
        roles_named("boss")
