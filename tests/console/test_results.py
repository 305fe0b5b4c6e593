"""Results of visits: dates, consistent answers, verdicts on reasons, and how the entity was selected."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from console.apps.audit.models import AuditEvent
from console.apps.campaigns.models import Campaign, Member
from console.apps.decisions.models import Case, Decision, ReasonVerdict, Result
from console.apps.decisions.policies import NotPossible
from console.apps.decisions.results import planned_visit, record_result
from console.apps.decisions.states import State
from console.core.texts import load_texts
from tests.console.cases import CAMPAIGN, case_of, listed, record_visit
from tests.console.conftest import HANGZHOU, Site

DAY = date(2026, 7, 1)


def test_a_refused_result_is_recorded(site: Site, send: Any) -> None:
    subject = listed(site)
    send("wang", subject, "visit")
    there = f"/case/{case_of(subject).pk}/result/"
    site.client("li").get(there)
    assert not AuditEvent.objects.filter(kind="refused").exists()

    site.client("li").post(there, {"token": "r", "version": 1, "visit_status": "not_done"})

    event = AuditEvent.objects.get(kind="refused")
    assert (event.actor, event.entity_id, event.detail) == ("li", subject.entity_id, '{"why": "refused.not_yours"}')


def test_a_result_stores_the_selection_and_the_verdicts_on_reasons(site: Site, send: Any) -> None:
    subject = listed(site)
    send("wang", subject, "visit")
    case = case_of(subject)
    form = site.client("wang").get(f"/case/{case.pk}/result/").context["form"]
    rights = [field.name for field in form.about_reasons]
    said = {"token": "r", "version": case.version, "visit_status": "inspected", "inspected_on": "2026-07-01", "items_checked": 10}
    said |= {"breaches": 2, "severity": "2", "found_violation": "yes", rights[0]: "yes", rights[1]: "no"}

    site.client("wang").post(f"/case/{case.pk}/result/", said)

    result = Result.objects.get()
    assert case_of(subject).state == State.VISITED
    assert (result.found_violation, result.breaches, result.selected_by) == (True, 2, "targeted")
    assert sorted(ReasonVerdict.objects.values_list("right", flat=True)) == ["no", "yes"]
    assert (
        site.client("chen").get("/feedback/").context["rows"][0]["yes"]
        + site.client("chen").get("/feedback/").context["rows"][1]["yes"]
        == 1
    )


def test_not_inspected_is_not_nothing_found(site: Site, send: Any) -> None:
    subject = listed(site)
    send("wang", subject, "visit")
    case = case_of(subject)
    said = {"token": "r", "version": case.version, "visit_status": "not_reachable", "found_violation": "no", "items_checked": 5}

    site.client("wang").post(f"/case/{case.pk}/result/", said)

    result = Result.objects.get()
    assert (case_of(subject).state, result.found_violation, result.items_checked) == (State.NOT_INSPECTED, None, None)


@pytest.mark.parametrize(
    ("days_later", "on", "why"),
    [
        (9, "2026-07-01", ""),
        (9, "2026-07-10", ""),
        (9, "2026-07-11", "refused.day_to_come"),
        (9, "2026-06-30", "refused.before_decision"),
        (61, "2026-07-01", "refused.too_long_ago"),
        (61, "2026-07-02", ""),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
def test_a_visits_date_is_between_its_decision_and_today(
    site: Site, send: Any, days_later: int, on: str, why: str, language: str
) -> None:
    subject = listed(site)
    send("wang", subject, "visit")
    case = case_of(subject)
    site.now[0] += timedelta(days=days_later)
    client = site.client("wang")
    client.post("/language/", {"language": language})
    said = {"token": "r", "version": case.version, "visit_status": "inspected", "inspected_on": on, "items_checked": 1}

    page = client.post(f"/case/{case.pk}/result/", said | {"breaches": 0, "severity": "0", "found_violation": "no"})

    assert (page.status_code, Result.objects.count()) == ((422, 0) if why else (302, 1))
    if why:
        assert page.context["form"].errors["inspected_on"] == [load_texts(language)(why, on="2026-07-01", n=60)]
        answers = {**said, "inspected_on": date.fromisoformat(on), "breaches": 0, "severity": "0", "found_violation": "no"}
        with pytest.raises(NotPossible, match=why):
            record_result(site.user("wang"), case, {**answers, "evidence": ""}, {})


def test_an_inspector_records_only_their_own_visits(site: Site, send: Any) -> None:
    subject = listed(site)
    send("wang", subject, "visit")

    site.client("li").post(f"/case/{case_of(subject).pk}/result/", {"token": "r", "version": 1, "visit_status": "not_done"})

    assert not Result.objects.exists()


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"found_violation": "no", "breaches": 5, "severity": 4}, {"found_violation"}),
        ({"found_violation": "no", "breaches": 0, "severity": 1}, {"found_violation"}),
        ({"found_violation": "no", "breaches": 1, "severity": 0}, {"found_violation"}),
        ({"found_violation": "yes", "breaches": 1, "severity": 0}, {"severity"}),
        ({"found_violation": "yes", "breaches": 0, "severity": 2}, set()),
        ({"found_violation": "no", "breaches": 0, "severity": 0}, set()),
    ],
)
def test_the_answers_of_a_result_must_be_consistent(site: Site, send: Any, said: dict[str, Any], wrong: set[str]) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "visit")
    form = {"token": "r", "version": 1, "visit_status": "inspected", "inspected_on": str(DAY), "items_checked": 9, **said}
    page = site.client("wang").post(f"/case/{Case.objects.get().pk}/result/", form)

    assert set(page.context["form"].errors if page.status_code == 422 else ()) == wrong
    assert Result.objects.count() == (0 if wrong else 1)


@pytest.mark.parametrize(
    ("reason", "kind", "in_campaign", "selected_by"),
    [
        ("complaints", "on_site", False, "complaint"),
        ("drawn", "on_site", False, "other"),
        ("reasons_hold", "joint", False, "joint"),
        ("reasons_hold", "on_site", True, "campaign"),
        ("complaints", "on_site", True, "complaint"),
        ("reasons_hold", "on_site", False, "targeted"),
    ],
)
def test_the_decision_to_visit_determines_the_selection(
    site: Site, send: Any, reason: str, kind: str, in_campaign: bool, selected_by: str
) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    if in_campaign:
        said = {"name": "x", "capacity": 1, "checklist": "x", "starts_on": "2026-07-01", "ends_on": "2026-07-31", "token": "c"}
        assert site.client("zhang").post("/campaigns/new/?listed=yes", said).status_code == 302
    send("wang", subject, "visit", reason=reason, kind=kind)
    case = Case.objects.get(entity_id=subject.entity_id)
    said = {"visit_status": "inspected", "inspected_on": str(DAY), "items_checked": 3, "breaches": 0, "severity": 0}
    form = {"token": "r", "version": 1, "found_violation": "no", **said}
    site.client("wang").post(f"/case/{case.pk}/result/", form)

    assert planned_visit(case) == Decision.objects.get(action="visit")
    assert (Result.objects.get().selected_by, Result.objects.get().inclusion_probability) == (selected_by, None)


def test_a_campaign_that_comes_after_the_decision_selected_nobody(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "visit")
    assert site.client("zhang").post("/campaigns/new/?listed=yes", CAMPAIGN).status_code == 302
    assert Member.objects.filter(entity_id=subject.entity_id).exists()

    assert record_visit(site, subject).selected_by == "targeted"
    assert Decision.objects.get(action="visit").campaign is None


def test_a_campaign_closed_before_the_visit_still_selected_the_entity(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    site.client("zhang").post("/campaigns/new/?listed=yes", CAMPAIGN)
    send("wang", subject, "visit")
    site.client("zhang").post(f"/campaigns/{Campaign.objects.get().pk}/close/")
    site.now[0] += timedelta(days=5)

    assert record_visit(site, subject).selected_by == "campaign"
    assert Decision.objects.get(action="visit").campaign == Campaign.objects.get()


@pytest.mark.parametrize(("days", "planned_on"), [(2, date(2026, 7, 3)), (20, date(2026, 7, 15))])
def test_a_missed_visit_was_planned_at_most_for_today_and_for_its_deadline(
    site: Site, send: Any, days: int, planned_on: date
) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "visit")
    site.now[0] += timedelta(days=days)

    assert record_visit(site, subject, visit_status="not_done").planned_on == planned_on


def test_a_visit_that_took_place_has_its_own_date(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "visit")
    result = record_visit(site, subject)

    assert (result.planned_on, result.inspected_on) == (None, DAY)
