"""Queues: dismissals that report wrong data or rules are closed and reopened by permitted users, and each step is recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from console.apps.audit.content import content_digest
from console.apps.audit.models import AuditEvent
from console.apps.decisions import catalogue
from console.apps.decisions.models import Decision, Handling
from console.apps.decisions.queues import QUEUES, reasons_for
from console.apps.decisions.states import State
from console.apps.ranking.models import Ranked
from jobs.texts.languages import LANGUAGES
from tests.console.conftest import HANGZHOU, ZHENGZHOU, Site


@pytest.fixture
def subject(site: Site, send: Any) -> Ranked:
    """A business in Hangzhou that was dismissed because its data is wrong."""
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    assert send("wang", subject, "dismiss", reason="data_error").status_code == 302
    return subject


def handle(site: Site, name: str, reason: str = "asked_for", seen: int = 0, token: str = "t", **more: str) -> Any:
    said = {"token": token, "seen": seen, "reason": reason, **more}
    return site.client(name).post(f"/feedback/{Decision.objects.get().pk}/handle/", said)


def queue(site: Site, standing: str, name: str = "chen") -> list[str]:
    queues = site.client(name).get("/feedback/", {"standing": standing}).context["queues"]
    return [decision.case.entity_id for _, decisions, _ in queues for decision in decisions]


@pytest.mark.parametrize("name", ["chen", "zhang"])
def test_a_closed_dismissal_leaves_the_open_ones_and_can_be_reopened(site: Site, subject: Ranked, name: str) -> None:
    assert (queue(site, "open"), queue(site, "dealt")) == ([subject.entity_id], [])

    assert handle(site, name, comment="The register has it right now").status_code == 302
    assert (queue(site, "open"), queue(site, "dealt")) == ([], [subject.entity_id])

    assert handle(site, name, "again", seen=Handling.objects.get().pk, token="u").status_code == 302
    assert (queue(site, "open"), queue(site, "dealt")) == ([subject.entity_id], [])

    steps = list(Handling.objects.values_list("actor__username", "is_open", "reason"))
    assert steps == [(name, False, "asked_for"), (name, True, "again")]
    assert Decision.objects.get().case.state == State.DISMISSED


def test_each_step_is_in_the_audit(site: Site, subject: Ranked) -> None:
    handle(site, "chen")

    event = AuditEvent.objects.get(kind="handled")
    assert (event.actor, event.entity_id, event.region_code) == ("chen", subject.entity_id, subject.region_code)
    made = Handling.objects.get()
    facts = {"decision": Decision.objects.get().pk, "is_open": False, "reason": "asked_for", "handling": made.pk}
    assert json.loads(event.detail) == {**facts, "content": content_digest(made)}


@pytest.mark.usefixtures("subject")
@pytest.mark.parametrize(("name", "status"), [("wang", 404), ("zhou", 404), ("wu", 404), ("yang", 404), ("chen", 302)])
def test_role_and_region_decide_who_may_close_it(site: Site, name: str, status: int) -> None:
    assert handle(site, name).status_code == status
    assert Handling.objects.count() == (status == 302)


def test_an_auditor_reads_and_is_offered_no_form(site: Site, subject: Ranked) -> None:
    assert subject.entity_id in queue(site, "open", "zhou")
    assert "/handle/" not in site.client("zhou").get("/feedback/").content.decode()
    assert "/handle/" in site.client("chen").get("/feedback/").content.decode()


@pytest.mark.usefixtures("subject")
@pytest.mark.parametrize("reason", ["", "changed", "again", "typed by hand"])
def test_reasons_depend_on_the_queue_and_the_state(site: Site, reason: str) -> None:
    page = handle(site, "chen", reason)

    assert (page.status_code, Handling.objects.count()) == (422, 0)
    assert 'role="alert"' in page.content.decode()


@pytest.mark.usefixtures("subject")
def test_the_second_of_two_users_is_refused_and_this_is_recorded(site: Site) -> None:
    handle(site, "chen")
    page = site.client("zhang").post(
        f"/feedback/{Decision.objects.get().pk}/handle/", {"token": "other", "seen": 0, "reason": "again"}, follow=True
    )

    assert "Another person changed this in the meantime" in page.content.decode()
    assert Handling.objects.count() == 1
    assert json.loads(AuditEvent.objects.get(kind="refused").detail) == {"why": "refused.changed"}


def test_dismissals_outside_the_queue_or_the_region_are_not_found(site: Site, send: Any) -> None:
    for name, region, reason in (("wang", HANGZHOU, "not_in_scope"), ("liu", ZHENGZHOU, "data_error")):
        send(name, site.ranked(is_listed=True, region_middle=region, risk_class="C"), "dismiss", reason=reason)

    for decision in Decision.objects.all():
        said = {"token": f"t{decision.pk}", "seen": 0, "reason": "asked_for"}
        assert site.client("chen").post(f"/feedback/{decision.pk}/handle/", said).status_code == 404


def test_analysts_see_the_role_and_supervisors_the_name_of_the_handler(site: Site, subject: Ranked) -> None:
    assert subject
    handle(site, "zhang")

    pages = {name: site.client(name).get("/feedback/?standing=dealt").content.decode() for name in ("chen", "zhao")}
    assert ("zhang" in pages["chen"], "zhang" in pages["zhao"]) == (False, True)


@pytest.mark.parametrize("queue", QUEUES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_queue_has_reasons_for_closing_and_reopening(queue: str, language: str) -> None:
    for is_open in (True, False):
        assert len(catalogue.choices(reasons_for(queue, is_open=is_open), language)) >= 2
