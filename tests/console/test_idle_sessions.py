"""A session without requests ends after the policy's idle time; one in use does not."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.models import Session

from console.apps.audit.models import AuditEvent
from console.apps.ranking.current_policy import current_policy
from tests.console.conftest import PASSWORD, Site


def wait(site: Site, minutes: float) -> None:
    site.now[0] += timedelta(minutes=minutes)


def test_a_session_without_a_request_for_the_idle_time_ends(site: Site) -> None:
    client, limit = site.client("wang"), current_policy().sign_in.idle_minutes
    assert client.get("/list/").status_code == 200
    wait(site, limit + 1)

    assert client.get("/list/").url == "/sign-in/?next=/list/"
    assert not Session.objects.exists()
    assert AuditEvent.objects.get(kind="signed_out").actor == "wang"
    client.post("/sign-in/", {"username": "wang", "password": PASSWORD})
    assert client.get("/list/").status_code == 200


def test_a_session_in_use_stays(site: Site) -> None:
    client, limit = site.client("wang"), current_policy().sign_in.idle_minutes
    for _ in range(5):
        wait(site, limit - 1)
        assert client.get("/list/").status_code == 200


def test_the_time_of_the_last_request_cannot_be_forged_or_taken_from_another_session(site: Site) -> None:
    idle, forged, limit = site.client("wang"), site.client("wang"), current_policy().sign_in.idle_minutes
    idle.get("/list/")
    wait(site, limit + 1)
    fresh = site.client("li")
    fresh.get("/list/")
    seen = fresh.cookies[settings.SEEN_COOKIE_NAME]

    idle.cookies[settings.SEEN_COOKIE_NAME] = seen.value
    forged.cookies[settings.SEEN_COOKIE_NAME] = f"{int(site.now[0].timestamp())}:x"

    assert seen["httponly"]
    assert fresh.get("/list/").status_code == 200
    assert [client.get("/list/").url[:9] for client in (idle, forged)] == ["/sign-in/"] * 2


def test_a_page_writes_nothing_to_store_when_it_was_asked_for(site: Site) -> None:
    client = site.client("wang")
    client.get("/list/")
    before = Session.objects.values_list("session_data", "expire_date").get()
    wait(site, 5)
    client.get("/list/")

    assert Session.objects.values_list("session_data", "expire_date").get() == before
