"""Limits on password attempts: many accounts, many addresses, and no lockout of known devices by strangers."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connections
from django.db.models import F
from django.test import Client, RequestFactory

from console.apps.accounts.models import Tries, User
from console.apps.accounts.sign_in_attempts import MOST, About, count_attempt, delete_expired, exceeded_limit
from console.apps.audit.models import AuditEvent
from console.apps.ranking.current_policy import current_policy, lock_time
from console.core.policy import SignIn
from console.core.texts import load_texts
from tests.console.conftest import PASSWORD, Site

STRANGER = "203.0.113.9"


def sign_in(client: Client, name: str, password: str = "wrong") -> int:
    return int(client.post("/sign-in/", {"username": name, "password": password}).status_code)


def spray(site: Site, tries: int, address: str = STRANGER) -> list[int]:
    """Try one password on many accounts from one address."""
    return [sign_in(site.client(REMOTE_ADDR=address), f"officer{at}") for at in range(tries)]


def besiege(site: Site, name: str, tries: int) -> list[int]:
    """Try one account from many addresses."""
    return [sign_in(site.client(REMOTE_ADDR=f"198.51.100.{at}"), name) for at in range(tries)]


def locked_by() -> list[str]:
    return [json.loads(event.detail)["by"] for event in AuditEvent.objects.filter(kind="locked_out")]


def test_one_password_on_many_accounts_is_limited_by_address(site: Site) -> None:
    assert set(spray(site, MOST[About.ADDRESS])) == {200}
    assert sign_in(site.client(REMOTE_ADDR=STRANGER), "wang", PASSWORD) == 429

    assert sign_in(site.client(REMOTE_ADDR=STRANGER), "li", PASSWORD) == 429
    assert locked_by() == ["address"]
    assert sign_in(site.client(REMOTE_ADDR="203.0.113.10"), "wang", PASSWORD) == 302
    site.now[0] += lock_time()
    assert sign_in(site.client(REMOTE_ADDR=STRANGER), "li", PASSWORD) == 302


def test_the_policys_one_setting_decides_every_lock_and_what_its_page_says(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = replace(current_policy(), sign_in=SignIn(lock_minutes=40, idle_minutes=30))
    monkeypatch.setattr("console.apps.ranking.current_policy.policy_of", lambda _profile: policy)
    site.now[0] = datetime(2026, 7, 1, 1, 20, tzinfo=UTC)  # a window of forty minutes begins
    besiege(site, "wang", MOST[About.ACCOUNT])
    for _ in range(settings.AXES_FAILURE_LIMIT):
        sign_in(site.client(REMOTE_ADDR=STRANGER), "li")

    site.now[0] += timedelta(minutes=39)
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=39))
    for name in ("wang", "li"):
        locked = site.client(REMOTE_ADDR=STRANGER).post("/sign-in/", {"username": name, "password": PASSWORD})
        assert (locked.status_code, "Try again in 40 minutes" in locked.content.decode()) == (429, True)
    assert "请 40 分钟后" in load_texts("zh-Hans")("failure_then.locked_out", n=40)
    assert "請 40 分鐘後" in load_texts("zh-Hant")("failure_then.locked_out", n=40)

    site.now[0] += timedelta(minutes=1)
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=41))
    assert [sign_in(site.client(REMOTE_ADDR=STRANGER), name, PASSWORD) for name in ("wang", "li")] == [302, 302]


def test_an_ipv6_network_counts_as_one_address(site: Site) -> None:
    for at in range(MOST[About.ADDRESS]):
        assert sign_in(site.client(REMOTE_ADDR=f"2001:db8:0:7::{at:x}"), f"officer{at}") == 200

    assert sign_in(site.client(REMOTE_ADDR="2001:db8:0:7:ffff::1"), "wang", PASSWORD) == 429
    assert sign_in(site.client(REMOTE_ADDR="2001:db8:0:8::1"), "wang", PASSWORD) == 302


def test_one_account_from_many_addresses_is_limited_and_known_devices_still_work(site: Site) -> None:
    own = site.client(REMOTE_ADDR="192.0.2.1")
    assert sign_in(own, "wang", PASSWORD) == 302
    own.post("/sign-out/")

    assert set(besiege(site, "wang", MOST[About.ACCOUNT])) == {200}
    assert sign_in(site.client(REMOTE_ADDR="192.0.2.77"), "wang", PASSWORD) == 429
    assert locked_by() == ["account"]
    assert sign_in(own, "wang", PASSWORD) == 302
    assert sign_in(site.client(REMOTE_ADDR="192.0.2.77"), "li", PASSWORD) == 302
    site.now[0] += lock_time()
    assert sign_in(site.client(REMOTE_ADDR="192.0.2.78"), "wang", PASSWORD) == 302


def test_a_stranger_at_the_same_address_does_not_lock_out_a_known_device(site: Site) -> None:
    own = site.client(REMOTE_ADDR=STRANGER)
    sign_in(own, "wang", PASSWORD)
    own.post("/sign-out/")
    for _ in range(6):
        sign_in(site.client(REMOTE_ADDR=STRANGER), "wang")
    spray(site, MOST[About.ADDRESS])

    assert sign_in(own, "wang", PASSWORD) == 302


def test_a_known_device_has_its_own_count_for_its_people_only(site: Site) -> None:
    own = site.client()
    sign_in(own, "wang", PASSWORD)
    own.post("/sign-out/")

    assert [sign_in(own, "wang") for _ in range(MOST[About.DEVICE])] == [200] * 5
    assert sign_in(own, "wang", PASSWORD) == 429
    assert locked_by() == ["device"]
    assert [sign_in(own, "li") for _ in range(6)][-1] == 429


def test_an_unsigned_device_is_not_trusted(site: Site) -> None:
    besiege(site, "wang", MOST[About.ACCOUNT])
    client = site.client(REMOTE_ADDR="192.0.2.77")
    client.cookies["__Host-device"] = f"made-up {site.user('wang').pk}:1:forged"

    assert sign_in(client, "wang", PASSWORD) == 429


def test_right_passwords_do_not_count(site: Site) -> None:
    for _ in range(MOST[About.ADDRESS] + 1):
        assert sign_in(site.client(), "wang", PASSWORD) == 302

    assert set(Tries.objects.values_list("count", flat=True)) == {0}


@pytest.mark.usefixtures("site")
def test_parallel_attempts_are_all_counted() -> None:
    def one(_at: int) -> Any:
        try:
            return exceeded_limit(count_attempt(RequestFactory().post("/sign-in/", REMOTE_ADDR=STRANGER), "wang"))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one, range(MOST[About.ACCOUNT] + 3)))

    assert sum(one is not None for one in found) == 3
    assert set(Tries.objects.values_list("about", "count")) == {("address", 23), ("account", 23)}


def test_counts_store_no_typed_name(site: Site) -> None:
    sign_in(site.client(), "a password typed into the wrong field")

    assert not any("password" in tries.digest for tries in Tries.objects.all())
    assert sorted(Tries.objects.values_list("about", flat=True)) == ["account", "address", "audit"]


def test_expired_rows_are_deleted_and_others_stay(site: Site) -> None:
    for name in ("wang", "li"):
        sign_in(site.client(), name)
        site.client(name)
    Session.objects.filter(pk=Session.objects.first().pk).update(expire_date=site.now[0] - timedelta(seconds=1))
    first = AccessAttempt.objects.order_by("pk").first()
    AccessAttempt.objects.filter(pk=first.pk).update(attempt_time=site.now[0] - timedelta(days=2))
    AccessAttempt.objects.exclude(pk=first.pk).update(attempt_time=site.now[0])
    Session.objects.exclude(expire_date__lt=site.now[0]).update(expire_date=site.now[0] + timedelta(hours=9))

    assert delete_expired() == 2
    assert (Session.objects.count(), AccessAttempt.objects.count(), Tries.objects.exclude(about=About.AUDIT).count()) == (1, 1, 3)
    site.now[0] += lock_time()
    assert delete_expired() == 3
    assert not Tries.objects.exists()
    assert User.objects.count() == 10
