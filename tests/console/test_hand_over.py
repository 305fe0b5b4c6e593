"""A deactivated account: its sessions end, what it did stays, and its open cases are handed over."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from console.apps.accounts.models import User
from console.apps.audit.chain import find_breaks
from console.apps.audit.models import AuditEvent
from console.apps.decisions.hand_over import open_cases_by_person
from console.apps.decisions.models import Case, Decision
from console.apps.decisions.states import State
from tests.console.conftest import HANGZHOU, ZHENGZHOU, Site


def shut(site: Site, name: str, **said: str) -> Any:
    person = site.user(name)
    form = {"username": name, "role": person.role, "regions": HANGZHOU, **said}
    return site.client("wu").post(f"/accounts/{person.pk}/", form)


def decided(send: Any, site: Site, name: str, count: int = 2) -> list[Case]:
    for entity in site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")[:count]:
        send(name, entity, "visit")
    return list(Case.objects.filter(assigned_to__username=name).order_by("pk"))


def hand_over(site: Site, who: str, person: str, to: str) -> Any:
    form = {"token": f"{who}-{person}-{to}", "person": site.user(person).pk, "to": site.user(to).pk}
    return site.client(who).post("/supervisor/hand-over/", form)


def test_sessions_end_immediately_and_stay_ended_when_the_account_is_reactivated(site: Site) -> None:
    client, other = site.client("wang"), site.client("li")
    assert client.get("/").status_code == 200

    shut(site, "wang")

    assert client.get("/").url.startswith("/sign-in/")
    shut(site, "wang", is_active="on")
    assert site.user("wang").is_active
    assert client.get("/").url.startswith("/sign-in/")
    assert (site.client("wang").get("/").status_code, other.get("/").status_code) == (200, 200)


def test_the_decisions_of_a_deactivated_account_do_not_change(site: Site, send: Any) -> None:
    decided(send, site, "wang")
    before, events = list(Decision.objects.values()), list(AuditEvent.objects.filter(actor="wang").values())

    shut(site, "wang")
    hand_over(site, "zhang", "wang", "li")

    assert list(Decision.objects.values())[: len(before)] == before
    assert list(AuditEvent.objects.filter(actor="wang").values()) == events
    assert list(find_breaks()) == []


def test_the_administrator_and_the_supervisor_see_its_open_cases(site: Site, send: Any) -> None:
    cases = decided(send, site, "wang")
    assert site.client("zhang").get("/supervisor/").context["left"] == []

    assert shut(site, "wang").context["left"] == 2

    (left,) = site.client("zhang").get("/supervisor/").context["left"]
    assert (left[0].username, sorted(case.pk for case in left[1])) == ("wang", [case.pk for case in cases])
    assert {person.username for person in left[2].fields["to"].queryset} == {"li", "zhang", "zhao"}
    assert site.client("yang").get("/supervisor/").context["left"] == []


def test_cases_are_handed_over_with_their_deadlines_and_this_can_be_undone(site: Site, send: Any) -> None:
    cases = decided(send, site, "wang")
    shut(site, "wang")

    page = hand_over(site, "zhang", "wang", "li")

    assert (page.context["done"], page.context["asked"]) == (2, 2)
    for case in cases:
        now = Case.objects.get(pk=case.pk)
        assert (now.assigned_to.username, now.state, now.due_on) == ("li", State.VISIT_PLANNED, date(2026, 7, 15))
    assert len(site.client("li").get("/visits/").context["groups"][1][1]) + len(
        site.client("li").get("/visits/").context["groups"][2][1]
    ) == len(cases)
    assert AuditEvent.objects.filter(kind="decided", actor="zhang", batch=page.context["batch"]).count() == 3
    assert hand_over(site, "zhang", "wang", "li").context["asked"] == 0
    site.client("zhang").post("/list/bulk/undo/", {"batch": page.context["batch"]})
    assert {case.assigned_to.username for case in Case.objects.all()} == {"wang"}


def test_a_deferral_that_is_handed_over_ends_as_before(site: Site, send: Any) -> None:
    entity = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    send("wang", entity, "defer")
    Case.objects.update(assigned_to=site.user("wang"))
    shut(site, "wang")

    hand_over(site, "zhang", "wang", "li")

    case = Case.objects.get()
    assert (case.state, case.wake_on, case.assigned_to.username) == (State.DEFERRED, date(2026, 7, 20), "li")


@pytest.mark.parametrize(
    ("who", "person", "to"),
    [("zhang", "li", "zhao"), ("zhang", "wang", "liu"), ("yang", "wang", "liu"), ("li", "wang", "li"), ("wu", "wang", "li")],
    ids=["of an open account", "to another region", "from another region", "by an inspector", "by an administrator"],
)
def test_nobody_else_hands_over(site: Site, send: Any, who: str, person: str, to: str) -> None:
    decided(send, site, "wang")
    shut(site, "wang")

    hand_over(site, who, person, to)

    assert {case.assigned_to.username for case in Case.objects.all()} == {"wang"}


def test_a_change_of_region_or_role_leaves_open_cases(site: Site, send: Any) -> None:
    decided(send, site, "wang")
    decided_by_li = site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")[2]
    send("li", decided_by_li, "visit")

    assert shut(site, "wang", is_active="on").context["left"] == 0
    assert shut(site, "wang", is_active="on", regions=ZHENGZHOU).context["left"] == 2
    assert shut(site, "li", is_active="on", role="analyst").context["left"] == 1

    left = site.client("zhang").get("/supervisor/").context["left"]
    assert {person.username: len(cases) for person, cases, _ in left} == {"wang": 2, "li": 1}
    assert hand_over(site, "zhang", "wang", "zhao").context["done"] == 2
    assert hand_over(site, "zhang", "li", "zhao").context["done"] == 1
    assert {case.assigned_to.username for case in Case.objects.all()} == {"zhao"}


def test_the_number_of_queries_does_not_depend_on_the_number_of_people(site: Site, send: Any) -> None:
    subjects = site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    asked = []
    for name, subject in zip(("wang", "li", "zhao"), subjects, strict=False):
        send(name, subject, "visit")
        shut(site, name, regions=ZHENGZHOU, is_active="on")
        with CaptureQueriesContext(connection) as questions:
            left = open_cases_by_person(site.user("zhang"))
        asked.append((len(left), len(questions)))

    assert [number for number, _ in asked] == [1, 2, 3]
    assert len({number for _, number in asked}) == 1


def test_open_cases_stay_visible_when_their_entity_is_no_longer_ranked(site: Site, send: Any) -> None:
    (case,) = decided(send, site, "wang", 1)
    Case.objects.filter(pk=case.pk).update(entity_id="91330100NOLONGER00")
    shut(site, "wang")

    assert hand_over(site, "zhang", "wang", "li").context["done"] == 1


def test_users_compare_equal_by_key_after_their_account_changes(site: Site) -> None:
    shut(site, "wang")

    assert User.objects.filter(username="wang", is_active=False).exists()
    assert site.client().post("/sign-in/", {"username": "wang", "password": "a passphrase for tests"}).status_code == 200
