"""Errors of a form are listed at the top of its page, in its language, with links to the fields."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from console.apps.decisions.models import Case
from console.core.texts import load_texts
from jobs.texts.languages import LANGUAGES
from tests.console.conftest import HANGZHOU, Site

SUMMARY = re.compile(r'<div class="message error" id="errors".*?</div>', re.DOTALL)


def form_errors(page: Any) -> tuple[str, list[tuple[str, str]]]:
    """The page's text, and of its summary where each link leads and what it says."""
    text = page.content.decode()
    (summary,) = SUMMARY.findall(text)
    return text, [(target, unescape(says)) for target, says in re.findall(r'<a href="#([^"]+)">([^<]*)</a>', summary)]


def sent(site: Site, send: Any, form: str, client: Any) -> Any:
    """The page of a form that was sent without what it needs."""
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    if form == "decision":
        said = {"token": "t", "version": 0, "run_id": site.run.run_id, "reason": "reasons_hold", "objective": "nonsense"}
        return client.post(f"/entity/{subject.entity_id}/visit/", said)
    if form == "many":
        said = {"action": "dismiss", "entity": [subject.entity_id], "token": "t", "version": 0, "run_id": site.run.run_id}
        return client.post("/list/bulk/", said)
    if form == "result":
        send("zhang", subject, "visit")
        said = {"token": "r", "version": 1, "visit_status": "inspected", "inspected_on": "2027-01-01", "items_checked": -1}
        return client.post(f"/case/{Case.objects.get().pk}/result/", said)
    if form == "campaign":
        return client.post("/campaigns/new/?risk_class=D", {"token": "c", "name": "x", "capacity": 0})
    if form == "appeal":
        return client.post(f"/entity/{subject.entity_id}/appeal/", {"token": "a", "received_on": "never"})
    return client.post("/password/", {"old_password": "wrong", "new_password1": "short", "new_password2": "other"})


WRONG = {
    "decision": {"visit_objective", "visit_kind", "visit_proportion"},
    "many": {"id_reason"},
    "result": {"id_inspected_on", "id_items_checked", "id_breaches", "id_severity", "id_found_violation"},
    "campaign": {"id_starts_on", "id_ends_on", "id_capacity", "id_checklist"},
    "appeal": {"id_received_on", "id_ground"},
    "password": {"id_old_password", "id_new_password2"},
}
"""Of each form the controls whose answers are wrong."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", WRONG)
def test_each_error_is_listed_at_the_top_with_a_link_to_its_field(site: Site, send: Any, form: str, language: str) -> None:
    client, texts = site.client("zhang"), load_texts(language)
    client.post("/language/", {"language": language})

    page = sent(site, send, form, client)
    text, links = form_errors(page)

    assert page.status_code == 422
    assert {target for target, _ in links} >= WRONG[form]
    assert all(text.count(f'id="{target}"') == 1 for target, _ in links)
    assert text.index('id="errors"') < text.index("<h1")
    assert texts("errors.some", n=len(links)) in text
    assert f"<title>{texts('errors.title')}" in text
    # Every label is in the page's language.
    assert language == "en" or all(re.search("[\u3400-\u9fff]", says) for _, says in links), links


def test_the_link_to_radio_buttons_leads_to_the_first(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    send("wang", subject, "visit")
    page = site.client("wang").post(f"/case/{Case.objects.get().pk}/result/", {"token": "r", "version": 1})
    text, links = form_errors(page)

    assert [target for target, _ in links] == ["id_visit_status_0"]
    assert re.search(r'<input type="radio"[^>]*id="id_visit_status_0"', text)


def test_an_incomplete_form_has_one_error_without_hidden_names(site: Site) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    text, links = form_errors(site.client("wang").post(f"/entity/{subject.entity_id}/dismiss/", {"reason": "known_good"}))

    assert links == []
    assert text.count(load_texts("en")("errors.cut")) == 1
    assert "token" not in SUMMARY.findall(text)[0]


def test_a_page_without_errors_has_no_summary(site: Site) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    for address in ("/", "/list/", f"/entity/{subject.entity_id}/", "/campaigns/new/?risk_class=D", "/password/"):
        text = site.client("zhang").get(address).content.decode()
        assert 'id="errors"' not in text
        assert load_texts("en")("errors.title") not in text


def test_missing_fields_of_an_appeals_answer_are_listed(site: Site) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    objects = {"token": "o", "received_on": "2026-07-01", "ground": "disagrees", "text": "no"}
    site.client("wang").post(f"/entity/{subject.entity_id}/appeal/", objects)
    appeal = Case.objects.get().appeals.get()

    page = site.client("zhang").post(f"/appeals/{appeal.pk}/answer/", {"outcome": "nonsense"})

    assert page.status_code == 422
    assert f"appeal_{appeal.pk}_outcome" in [target for target, _ in form_errors(page)[1]]
