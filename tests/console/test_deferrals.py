"""Deferrals: they end within the limit, on their day or by their condition, and do not add up without end."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from console.apps.api.tokens import make_token
from console.apps.audit.models import AuditEvent
from console.apps.decisions.models import Case
from console.apps.decisions.policies import NotPossible, check_deferral, days_deferred
from console.apps.decisions.states import Action, State
from console.apps.evidence.models import Event
from console.apps.ranking.current_policy import current_policy
from console.apps.ranking.models import Ranked
from console.publishing.publish import publish
from console.web import middleware
from jobs.profile.calendar import add_working_days
from tests.conftest import FinishedDay
from tests.console.another_day import add_day
from tests.console.conftest import HANGZHOU, NOW, Site


def case_of(entity: Ranked) -> Case:
    return Case.objects.get(entity_id=entity.entity_id)


def entity(site: Site, letter: str = "C") -> Ranked:
    return site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class=letter)


@pytest.mark.parametrize(
    ("wake_on", "condition", "why"),
    [
        (None, "", "refused.no_end"),
        (date(2026, 7, 1), "", "refused.past"),
        (date(2027, 7, 1), "", "refused.too_far"),
    ],
)
@pytest.mark.usefixtures("site")
def test_a_deferral_ends_within_the_limit(wake_on: date | None, condition: str, why: str) -> None:
    with pytest.raises(NotPossible, match=why):
        check_deferral(wake_on, condition, date(2026, 7, 1), current_policy())


def test_a_deferral_ends_on_its_day(site: Site, send: Any) -> None:
    subject = entity(site)
    send("wang", subject, "defer")
    site.client("wang").get("/")
    assert case_of(subject).state == State.DEFERRED

    site.now[0] += timedelta(days=19)
    site.client("wang").get("/")

    last = case_of(subject).decisions.latest("at", "id")
    assert case_of(subject).state == State.TO_REVIEW
    assert (last.action, last.actor, last.reason) == (Action.WAKE, None, "date")


@pytest.mark.parametrize(
    ("who", "address"),
    [
        ("wang", "/list/?state=to_review"),
        ("wang", "/list/export.csv?state=to_review"),
        ("wang", "/entity/{entity}/"),
        ("wang", "/visits/"),
        ("zhang", "/supervisor/"),
        ("chen", "/explore/"),
        ("chen", "/explore/states.csv"),
        ("zhou", "/campaigns/"),
        ("liu", "/list/"),
    ],
)
def test_any_page_ends_a_due_deferral(site: Site, send: Any, who: str, address: str) -> None:
    subject = entity(site)
    send("wang", subject, "defer")
    site.now[0] += timedelta(days=19)
    site.client().get("/sign-in/")
    assert case_of(subject).state == State.DEFERRED

    page = site.client(who).get(address.format(entity=subject.entity_id))

    assert case_of(subject).state == State.TO_REVIEW
    if "state=" in address:
        assert subject.name in (b"".join(page) if page.streaming else page.content).decode()


def test_a_program_and_a_decision_end_a_due_deferral(site: Site, send: Any) -> None:
    first, other = list(site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")[:2])
    token = make_token(site.user("wang"), "program", ["list"], date(2026, 7, 30))
    send("wang", first, "defer")
    site.now[0] += timedelta(days=19)

    said = site.client().get("/api/list?listed=yes&limit=200", headers={"authorization": f"Bearer {token}"}).json()
    assert {row["state"] for row in said["rows"] if row["entity_id"] == first.entity_id} == {State.TO_REVIEW}

    send("wang", other, "defer", wake_on="2026-07-21")
    site.now[0] += timedelta(days=1)
    send("li", other, "visit", version="2")
    assert [step.action for step in case_of(other).decisions.all()] == [Action.DEFER, Action.WAKE, Action.VISIT]


def test_a_deferral_ends_when_the_class_changes(site: Site, send: Any, finished_day: FinishedDay, tmp_path: Path) -> None:
    subject, other = entity(site), entity(site, "D")
    for one in (subject, other):
        send("wang", one, "defer", wake_on="", wake_condition="class_change")

    def change(name: str, frame: Any) -> Any:
        if name == "gold/scores":
            frame.loc[frame["entity_id"] == subject.entity_id, "risk_class"] = "B"
        return frame

    done = publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of, change=change))

    assert done.woken == 1
    assert (case_of(subject).state, case_of(other).state) == (State.TO_REVIEW, State.DEFERRED)


def test_a_deferral_ends_with_a_new_complaint_and_not_with_an_old_one(
    site: Site, send: Any, finished_day: FinishedDay, tmp_path: Path
) -> None:
    known = Event.objects.filter(kind="complaint").exclude(entity_id="").values_list("entity_id", flat=True)
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU, entity_id__in=list(known))
    send("wang", subject, "defer", wake_on="", wake_condition="new_complaint")
    publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of))
    assert case_of(subject).state == State.DEFERRED

    old = Event.objects.filter(kind="complaint", entity_id=subject.entity_id).latest("known_at")
    old.pk, old.record, old.known_at = None, "new", site.now[0] + timedelta(days=1)
    old.save(force_insert=True)
    publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of, days=2))

    assert case_of(subject).state == State.TO_REVIEW


@pytest.mark.parametrize("is_published", [True, False])
def test_an_entity_without_its_visit_returns_to_review_soon(
    site: Site, send: Any, finished_day: FinishedDay, tmp_path: Path, is_published: bool
) -> None:
    subject = entity(site, "D")
    send("wang", subject, "visit")
    site.client("wang").post(f"/case/{case_of(subject).pk}/result/", {"token": "r", "version": 1, "visit_status": "not_done"})
    # Wednesday 1 July plus three working days, with a weekend between.
    assert (case_of(subject).state, case_of(subject).wake_on) == (State.NOT_INSPECTED, date(2026, 7, 6))

    states = []
    for days in (5, 6):
        site.now[0] = NOW + timedelta(days=days - 1)
        if is_published:
            publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of, days=days))
        else:
            site.client("li").get("/list/")
        states.append(case_of(subject).state)

    last = case_of(subject).decisions.latest("at", "id")
    assert states == [State.NOT_INSPECTED, State.TO_REVIEW]
    assert (last.action, last.actor, last.reason) == (Action.RETURN, None, "no_visit")


def test_repeated_deferrals_have_one_common_limit(site: Site, send: Any) -> None:
    subject = entity(site, "D")
    limits = current_policy()
    last = add_working_days(date(2026, 7, 1), limits.deadlines.longest_deferral, limits.calendar)

    def defer(on: date, until: date) -> str:
        site.now[0] = NOW + (on - date(2026, 7, 1))
        site.client("wang").get("/")
        case = Case.objects.filter(entity_id=subject.entity_id).first()
        send("wang", subject, "defer", wake_on=str(until), version=str(case.version if case else 0), token=f"d-{on}-{until}")
        refused = AuditEvent.objects.filter(kind="refused", actor="wang").order_by("-number").first()
        deferred = case_of(subject).wake_on == until
        return "" if deferred else json.loads(refused.detail)["why"]

    assert defer(date(2026, 7, 1), date(2026, 8, 3)) == ""
    assert defer(date(2026, 7, 20), last + timedelta(days=1)) == "refused.too_far"
    assert defer(date(2026, 7, 20), last) == ""
    assert case_of(subject).state == State.DEFERRED
    assert defer(last, last + timedelta(days=9)) == "refused.deferred_enough"
    assert case_of(subject).state == State.TO_REVIEW


@pytest.mark.usefixtures("site")
def test_deferred_days_add_up_until_a_visit_or_a_dismissal() -> None:
    first, deferred, back = date(2026, 7, 1), State.DEFERRED, State.TO_REVIEW
    week = [(first, deferred), (first + timedelta(days=7), back)]
    two = [*week, (first + timedelta(days=14), deferred), (first + timedelta(days=21), back)]
    end = first + timedelta(days=28)

    assert days_deferred(week, end, current_policy()) == 5
    assert days_deferred(two, end, current_policy()) == 10
    assert days_deferred([*two, (end, deferred)], end + timedelta(days=7), current_policy()) == 15
    assert days_deferred([*two, (end, State.DISMISSAL_PROPOSED)], end, current_policy()) == 10
    assert days_deferred([*two, (end, State.NOT_INSPECTED)], end, current_policy()) == 10
    assert days_deferred([*two, (end, State.VISITED)], end, current_policy()) == 0
    assert days_deferred(two, first + timedelta(days=7 + current_policy().decisions.again_after_days), current_policy()) == 5


@pytest.fixture
def many_due(site: Site, send: Any, monkeypatch: pytest.MonkeyPatch) -> list[Ranked]:
    """Five due deferrals, while a page ends at most two."""
    monkeypatch.setattr(middleware, "MAX_CASES", 2)
    subjects = list(site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")[:5])
    for subject in subjects:
        send("wang", subject, "defer")
    site.now[0] += timedelta(days=19)
    return subjects


def deferred() -> int:
    return Case.objects.filter(state=State.DEFERRED).count()


def test_each_page_ends_a_part_of_many_due_deferrals_and_shows_none_of_the_others(site: Site, many_due: list[Ranked]) -> None:
    client, pages = site.client("wang"), []
    for _ in range(3):
        page = client.get("/list/?state=deferred")
        pages.append((page.status_code, deferred(), any(subject.name in page.content.decode() for subject in many_due)))

    assert pages == [(503, 3, False), (503, 1, False), (200, 0, False)]
    assert sorted(AuditEvent.objects.filter(kind="woken").values_list("entity_id", flat=True)) == sorted(
        subject.entity_id for subject in many_due
    )


@pytest.mark.usefixtures("many_due")
def test_a_page_that_must_wait_reloads_itself(site: Site) -> None:
    page = site.client("wang").get("/")

    assert (page.status_code, page.headers["Retry-After"], page.headers["Refresh"]) == (503, "2", "2")
    assert "Try again in a moment" in page.content.decode()
    assert site.client("wang").get("/", headers={"hx-request": "true"}).headers["HX-Refresh"] == "true"


def test_a_form_sent_meanwhile_has_no_effect_and_can_be_sent_again(site: Site, send: Any, many_due: list[Ranked]) -> None:
    page = send("li", many_due[-1], "visit", version="2")

    assert (page.status_code, "Refresh" in page.headers) == (503, False)
    assert case_of(many_due[-1]).state == State.DEFERRED

    site.client("li").get("/")
    assert send("li", many_due[-1], "visit", version="2").status_code == 302
    assert case_of(many_due[-1]).state == State.VISIT_PLANNED


@pytest.mark.usefixtures("many_due")
def test_the_answer_to_a_program_asks_it_to_retry(site: Site) -> None:
    header = {"authorization": f"Bearer {make_token(site.user('wang'), 'program', ['list'], date(2026, 7, 30))}"}

    said = site.client().get("/api/list", headers=header)

    assert (said.status_code, said.json(), said.headers["Retry-After"]) == (503, {"detail": "failure.waking"}, "2")


@pytest.mark.usefixtures("many_due")
def test_many_cases_return_with_as_many_statements_as_one(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    for most in (1, 4):
        monkeypatch.setattr(middleware, "MAX_CASES", most)
        with CaptureQueriesContext(connection) as questions:
            site.client("wang").get("/help/")
        asked.append(sum("decisions_" in query["sql"] for query in questions))

    assert (deferred(), asked[0]) == (0, asked[1])
