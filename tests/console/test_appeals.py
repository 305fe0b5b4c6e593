"""Appeals: recorded in the region, answered once by a person without a part in the case, and stored for good."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from console.apps.api.tokens import make_token
from console.apps.appeals.models import Answer, Appeal
from console.apps.audit.chain import find_breaks
from console.apps.audit.models import AuditEvent
from console.apps.decisions.models import Case, Decision
from console.apps.decisions.states import State
from console.apps.ranking.models import Ranked
from tests.console.conftest import HANGZHOU, ZHENGZHOU, Site

SAYS = "<script>alert(1)</script> the filing was made\u202e"


@pytest.fixture
def entity(site: Site) -> Ranked:
    """A listed entity in Hangzhou."""
    return site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")


def record(site: Site, who: str, entity: Ranked, **said: str) -> Any:
    form = {"token": f"appeal-{who}", "received_on": "2026-06-29", "ground": "wrong_data", "text": SAYS, **said}
    return site.client(who).post(f"/entity/{entity.entity_id}/appeal/", form)


def reply(site: Site, who: str, appeal: Appeal, **said: str) -> Any:
    form = {"outcome": "upheld", "comment": "The record is being put right.", **said}
    return site.client(who).post(f"/appeals/{appeal.pk}/answer/", form)


def test_an_appeal_is_recorded_with_its_deadline_and_moves_no_case(site: Site, send: Any, entity: Ranked) -> None:
    send("wang", entity, "visit")
    before = Case.objects.values().get()

    assert record(site, "li", entity).status_code == 302

    appeal = Appeal.objects.get()
    # Monday 29 June plus fifteen working days is three weeks.
    assert (appeal.due_on, appeal.run_id, appeal.recorded_by.username) == (date(2026, 7, 20), site.run.run_id, "li")
    assert Case.objects.values().get() == before
    assert AuditEvent.objects.filter(kind="appeal_received", actor="li", entity_id=entity.entity_id).count() == 1
    assert list(find_breaks()) == []


def test_an_entity_without_a_decision_can_appeal_against_being_listed(site: Site, entity: Ranked) -> None:
    record(site, "wang", entity)

    assert (Case.objects.get().state, Decision.objects.count()) == (State.TO_REVIEW, 0)
    assert entity.entity_id in {row.entity_id for row in site.client("wang").get("/list/?state=to_review").context["rows"]}


def test_a_supervisor_without_a_part_in_the_case_answers_once(site: Site, send: Any, entity: Ranked) -> None:
    send("zhang", entity, "visit")
    record(site, "wang", entity)
    appeal = Appeal.objects.get()

    reply(site, "zhang", appeal)
    assert not Answer.objects.exists()
    assert AuditEvent.objects.filter(kind="refused", actor="zhang", detail__contains="refused.had_part").exists()
    assert site.client("zhang").get("/appeals/").context["waiting"][0].form is None

    reply(site, "zhao", appeal)
    reply(site, "zhao", appeal, outcome="rejected")

    answer = Answer.objects.get()
    assert (answer.outcome, answer.answered_by.username) == ("upheld", "zhao")
    page = site.client("chen").get("/appeals/").context
    assert (page["waiting"], [one.pk for one in page["answered"]]) == ([], [appeal.pk])
    assert AuditEvent.objects.filter(kind="appeal_answered", actor="zhao").count() == 1


def test_home_shows_a_supervisor_open_and_late_appeals(site: Site, entity: Ranked) -> None:
    record(site, "wang", entity)
    assert [site.client(name).get("/").context["appeals"] for name in ("zhao", "yang")] == [1, 0]
    assert site.client("zhao").get("/").context["late_appeals"] == 0

    site.now[0] += timedelta(days=30)

    assert site.client("zhao").get("/").context["late_appeals"] == 1
    assert "appeal waits for an answer" in site.client("zhao").get("/").content.decode()
    assert "appeal waits for an answer" not in site.client("wang").get("/").content.decode()


def test_the_number_of_queries_does_not_depend_on_the_appeals(site: Site, entity: Ranked) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connections["default"]) as asked:
            assert site.client("zhao").get("/appeals/").context["waiting"][0].form is not None
        return len(asked)

    record(site, "wang", entity)
    asked()
    one = asked()
    for token in range(5):
        record(site, "wang", entity, token=f"again-{token}")

    assert asked() == one


@pytest.mark.parametrize("who", ["wang", "chen", "zhou", "wu", "yang"])
def test_nobody_else_answers(site: Site, entity: Ranked, who: str) -> None:
    record(site, "wang", entity)

    assert reply(site, who, Appeal.objects.get()).status_code == 404
    assert not Answer.objects.exists()


@pytest.mark.parametrize(
    "said",
    [
        {"received_on": "2026-07-02"},
        {"received_on": "2025-06-30"},
        {"received_on": ""},
        {"ground": "because"},
        {"text": "x" * 2001},
        {"token": "wake:1:1"},
    ],
)
def test_an_invalid_form_is_shown_again(site: Site, entity: Ranked, said: dict[str, str]) -> None:
    assert record(site, "wang", entity, **said).status_code == 422
    assert not Appeal.objects.exists()


def test_a_form_sent_twice_records_once(site: Site, entity: Ranked) -> None:
    record(site, "wang", entity)
    record(site, "wang", entity)

    assert Appeal.objects.count() == 1


def test_an_answer_has_a_reason(site: Site, entity: Ranked) -> None:
    record(site, "wang", entity)

    page = reply(site, "zhao", Appeal.objects.get(), comment="")

    assert page.status_code == 422
    assert page.context["waiting"][0].form.errors["comment"]
    assert not Answer.objects.exists()


def test_the_text_is_escaped_and_shown_in_the_entitys_region_only(site: Site, entity: Ranked) -> None:
    record(site, "wang", entity)
    page = site.client("zhao").get("/appeals/").content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt; the filing was made[U+202E]" in page
    assert "[U+202E]" not in site.client("yang").get("/appeals/").content.decode()
    assert site.client("wang").get(f"/entity/{entity.entity_id}/").context["appeals"].count() == 1


def test_an_appeal_moves_with_its_entity(site: Site, entity: Ranked) -> None:
    record(site, "wang", entity)
    Case.objects.update(region_middle=ZHENGZHOU)

    assert site.client("zhao").get("/appeals/").context["waiting"] == []
    assert reply(site, "zhao", Appeal.objects.get()).status_code == 404
    assert reply(site, "yang", Appeal.objects.get()).status_code == 302


def test_programs_read_them_as_a_table(site: Site, entity: Ranked) -> None:
    record(site, "wang", entity)
    token = make_token(site.user("chen"), "jobs", ["appeals"], date(2026, 7, 30))

    def read() -> list[dict[str, Any]]:
        return list(site.client().get("/api/appeals", headers={"authorization": f"Bearer {token}"}).json())

    (row,) = read()
    assert (row["entity_id"], row["ground"], row["outcome"], row["answered_at"]) == (entity.entity_id, "wrong_data", None, None)
    reply(site, "zhao", Appeal.objects.get())
    assert read()[0]["outcome"] == "upheld"
    other = make_token(site.user("yang"), "jobs", ["appeals"], date(2026, 7, 30))
    assert site.client().get("/api/appeals", headers={"authorization": f"Bearer {other}"}).json() == []
