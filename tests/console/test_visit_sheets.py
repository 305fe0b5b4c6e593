"""Visits on paper: reasons, the checklist of the campaign, and blanks to fill in."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from console.apps.audit import spool
from console.apps.audit.models import AuditEvent
from console.apps.decisions import catalogue
from console.apps.decisions.models import Case
from console.apps.ranking.models import Ranked
from console.core.texts import load_texts
from console.publishing.publish import publish
from console.web.queries.reasons import reasons_with_details
from console.web.views.visits import SHEETS
from jobs.texts.languages import LANGUAGES
from jobs.texts.numbers import value_with_unit
from jobs.texts.settings import TextSettings
from tests.conftest import FinishedDay
from tests.console.another_day import add_day
from tests.console.conftest import HANGZHOU, Site


@pytest.fixture
def subject(site: Site, send: Any) -> Ranked:
    """A listed entity that a campaign took in and that wang is to visit."""
    about = {"name": "Prepaid cards", "capacity": 5000, "checklist": "The licence\nThe ledger", "token": "c"}
    period = {"starts_on": "2026-07-01", "ends_on": "2026-07-31"}
    assert site.client("zhang").post("/campaigns/new/?risk_class=C", about | period).status_code == 302
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    assert send("wang", subject, "visit").status_code == 302
    return subject


def sheet(site: Site, language: str = "en") -> str:
    client = site.client("wang")
    client.post("/language/", {"language": language})
    return str(client.get("/visits/").content.decode())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sheet_shows_entity_reasons_and_checklist(site: Site, subject: Ranked, language: str) -> None:
    text, texts = sheet(site, language), load_texts(language)
    reasons = reasons_with_details(site.run, [subject])[subject.position]

    assert reasons
    assert subject.address in text
    assert texts("entity.place", n=subject.position) in text
    assert f'<span class="class class-C">{subject.risk_class}</span>' in text
    for reason in reasons:
        assert escape(reason.sentence(language)) in text
        for value in (reason.value, reason.peer_median):
            assert value_with_unit(value, reason.unit, texts, TextSettings.of_stored(site.run.profile)) in text
    assert "The licence" in text
    assert "The ledger" in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.usefixtures("subject")
def test_a_sheet_has_a_blank_for_each_field_of_the_result_form(site: Site, language: str) -> None:
    blanks = sheet(site, language).partition('class="blanks"')[2]
    client = site.client("wang")
    client.post("/language/", {"language": language})
    form = client.get(f"/case/{Case.objects.get().pk}/result/").context["form"]

    assert [field.label for field in form.own if f"<dt>{field.label}</dt>" not in blanks] == []
    assert blanks.count(catalogue.words("right", "unknown", language)) == len(form.about_reasons) > 0
    for kind in ("no_visit", "severity"):
        assert all(words in blanks for _, words in catalogue.choices(kind, language))


def test_a_sheet_has_a_blank_for_each_of_its_reasons(site: Site, send: Any, finished_day: FinishedDay, tmp_path: Path) -> None:
    whole, short = site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")[:2]

    def cut(name: str, frame: Any) -> Any:
        is_cut = (frame["entity_id"] == short.entity_id) & (frame["reason_rank"] > 1) if name == "gold/reasons" else None
        return frame if is_cut is None else frame[~is_cut]

    publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of, change=cut))
    for entity in (whole, short):
        assert send("wang", entity, "visit").status_code == 302

    sheets = {one.entity_id: part for part in sheet(site).split('<a class="go"') for one in (whole, short) if one.entity_id in part}

    asked = {of: part.count(catalogue.words("right", "unknown", "en")) for of, part in sheets.items()}
    assert asked == {whole.entity_id: len(reasons_with_details(site.run, [whole])[whole.position]), short.entity_id: 1}
    assert asked[whole.entity_id] > 1


def test_a_sheet_has_the_reasons_that_were_shown_with_the_decision(
    site: Site, subject: Ranked, finished_day: FinishedDay, tmp_path: Path
) -> None:
    sentence = reasons_with_details(site.run, [subject])[subject.position][0].sentence("en")

    def change(name: str, frame: Any) -> Any:
        if name == "gold/reasons":
            frame.loc[frame["entity_id"] == subject.entity_id, "indicator"] = "quite_another_reason"
        return frame

    publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of, change=change))

    assert escape(sentence) in sheet(site)
    assert "quite another reason" not in sheet(site)


def test_a_visit_whose_run_was_deleted_is_shown_without_reasons(
    site: Site, subject: Ranked, finished_day: FinishedDay, tmp_path: Path
) -> None:
    old = site.run.run_id
    publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of))
    (site.folder.rankings / f"{old}.sqlite3").unlink()

    page = site.client("wang").get("/visits/")

    assert (page.status_code, subject.name in page.content.decode()) == (200, True)


def test_visits_are_paged_by_due_date(site: Site, send: Any) -> None:
    subjects = list(site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")[: SHEETS + 2])
    for subject in subjects:
        assert send("wang", subject, "visit").status_code == 302
    cases = list(Case.objects.order_by("pk"))
    due = {case.pk: site.now[0].date() + timedelta(days=at) for case, at in zip(cases, range(10, -len(cases), -1), strict=False)}
    for case in cases[1:]:
        Case.objects.filter(pk=case.pk).update(due_on=due[case.pk])
    Case.objects.filter(pk=cases[0].pk).update(due_on=None)
    client = site.client("wang")

    pages = [client.get("/visits/", {"page": number}) for number in (1, 2)]

    shown = [[case for _, group in page.context["groups"] for case in group] for page in pages]
    assert [len(one) for one in shown] == [SHEETS, 2]
    assert [case.pk for one in shown for case in one] == [case.pk for case in reversed(cases)]
    named = {name: [case.pk for page in pages for group, some in page.context["groups"] if group == name for case in some]
             for name in ("overdue", "this_week", "later")}  # fmt: skip
    assert named["overdue"] == [pk for pk in sorted(due, key=due.__getitem__) if pk != cases[0].pk and due[pk] < site.now[0].date()]
    assert named["later"][-1] == cases[0].pk
    assert [name for page in pages for name in ("next", "prev") if f'rel="{name}"' in page.content.decode()] == ["next", "prev"]
    assert f"1 to {SHEETS} of {SHEETS + 2}" in pages[0].content.decode()
    asked = {name: client.get("/visits/", {"page": name}) for name in ("99", "0", "-1", "x", "1e9")}
    assert {name: page.context["page"].number for name, page in asked.items()} == {"99": 2, "0": 2, "-1": 2, "x": 1, "1e9": 1}


def test_the_audit_records_the_entities_of_shown_sheets(site: Site, subject: Ranked) -> None:
    sheet(site)
    spool.flush()

    views = [json.loads(event.detail) for event in AuditEvent.objects.filter(kind="viewed")]
    assert [seen["entities"] for seen in views if seen["page"] == "visits"] == [[subject.entity_id]]


def test_the_number_of_queries_is_constant(site: Site, send: Any) -> None:
    subjects = list(site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")[:6])
    counted = []
    for at in (1, 6):
        for subject in subjects[:at]:
            send("wang", subject, "visit")
        site.now[0] += timedelta(minutes=1)
        sheet(site)
        with CaptureQueriesContext(connections["default"]) as asked, CaptureQueriesContext(connections["evidence"]) as evidence:
            sheet(site)
        counted.append(len(asked) + len(evidence))

    assert counted[0] == counted[1]
