"""The main journeys in three languages, by the texts on the screen, with axe on every screen."""

from __future__ import annotations

import csv
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from openpyxl import load_workbook

from console.apps.accounts.models import User
from console.apps.audit.chain import find_breaks
from console.apps.audit.models import AuditEvent
from console.apps.campaigns.models import Campaign
from console.apps.decisions.models import Case, Result
from jobs.texts.languages import LANGUAGES
from jobs.texts.names import indicator_name
from tests.console.browser import PHONE, Person, person
from tests.console.conftest import HANGZHOU, PASSWORD, Site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
Opens = Callable[..., AbstractContextManager[Person]]
PICTURES = ("home", "list", "list-zh", "entity", "decide-zh", "supervision", "result-phone-zh", "campaign", "explore-zh", "audit")
"""The pictures in docs/pictures; `make pictures` takes them."""
NEW_PASSWORD = "another passphrase, my own"


@pytest.fixture(params=LANGUAGES)
def opens(request: pytest.FixtureRequest, chromium: Any, address: str) -> Opens:
    """Opens a browser for a user who reads the language of the test."""
    return lambda name="", **options: person(chromium, address, name, request.param, **options)


def picture(someone: Person, name: str) -> str:
    """The name of a screen's picture, where the documentation shows it in the person's language."""
    name += {"en": "", "zh-Hans": "-zh", "zh-Hant": "-hant"}[someone.texts.language]
    return name if name in PICTURES else ""


def state_of(entity_id: str) -> str:
    """The state of an entity's case."""
    return Case.objects.get(entity_id=entity_id).state


def choose(someone: Person, action: str, **chosen: str) -> None:
    """Fill in a decision form of an entity: the first choice of each select, and the given values."""
    page = someone.page
    page.click(f"#{action} summary")
    for field in page.query_selector_all(f"#{action} select"):
        if not field.get_attribute("id").endswith(("assigned_to", "wake_condition")):
            field.select_option(index=1)
    for name, value in chosen.items():
        page.fill(f"#{action}_{name}", value)


def test_a_new_user_chooses_a_password_and_signs_in_with_it(opens: Opens) -> None:
    User.objects.filter(username="wang").update(must_change_password=True)
    with opens() as wang:
        wang.go("/sign-in/")
        wang.page.click(f"button[value={wang.texts.language}]")
        wang.look(picture(wang, "sign-in"))
        wang.sign_in("wang")
        assert wang.sees(wang.word("password.first"))
        wang.look()
        for field in ("#id_new_password1", "#id_new_password2"):
            wang.page.fill(field, NEW_PASSWORD)
        wang.press("password.do")
        assert wang.sees(wang.word("home.title"))
        wang.page.get_by_role("button", name=wang.word("site.sign_out"), exact=True).click()
        wang.sign_in("wang", PASSWORD)
        assert wang.sees(wang.word("sign_in.wrong"))
        wang.look()
        wang.sign_in("wang", NEW_PASSWORD)
        assert wang.sees(wang.word("home.title"))


def test_a_reader_filters_the_list_and_opens_the_reasons_of_an_entity(site: Site, opens: Opens) -> None:
    first = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="D")
    with opens("wang") as wang:
        wang.look(picture(wang, "home"))
        wang.follow("place.list")
        wang.look(picture(wang, "list"))
        wang.page.select_option("#risk_class", "D")
        wang.press("list.show")
        wang.page.wait_for_url("**risk_class=D**")
        assert wang.page.inner_text("tr.entity .class") == "D"
        wang.look()
        wang.page.click(f"a.go[href^='/entity/{first.entity_id}/']")
        assert first.name in wang.page.inner_text("h1")
        wang.page.click("article.why summary")
        assert wang.sees(wang.word("reason.definition"))
        wang.look(picture(wang, "entity"))


def test_a_visit_is_decided_and_undone(site: Site, opens: Opens) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    with opens("wang") as wang:
        wang.go(f"/entity/{subject.entity_id}/")
        choose(wang, "visit")
        wang.look(picture(wang, "decide"))
        wang.press("action.visit")
        assert wang.sees(wang.word("message.visit"))
        assert state_of(subject.entity_id) == "visit_planned"
        wang.look()
        wang.press("action.undo")
        assert wang.sees(wang.word("message.undo"))
        assert wang.sees(wang.word("state.to_review"))
        wang.look()

    assert state_of(subject.entity_id) == "to_review"


def test_a_bulk_decision_is_made_and_undone(site: Site, opens: Opens) -> None:
    chosen = list(site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")[:3])
    with opens("wang") as wang:
        wang.go("/list/?risk_class=C&listed=yes")
        for entity in chosen:
            wang.page.check(f"input[name=entity][value='{entity.entity_id}']")
        wang.press("action.defer")
        assert wang.sees(wang.word("bulk.count", n=3))
        wang.look()
        wang.page.select_option("#id_reason", index=1)
        wang.page.fill("#id_wake_on", "2026-07-20")
        wang.press("bulk.do", n=3)
        assert wang.sees(wang.word("bulk.done", n=3, done=3))
        assert {state_of(entity.entity_id) for entity in chosen} == {"deferred"}
        wang.look()
        wang.press("bulk.undo")

    assert {state_of(entity.entity_id) for entity in chosen} == {"to_review"}


def test_two_people_dismiss_an_entity_of_class_d(site: Site, opens: Opens) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="D")
    with opens("zhang") as zhang, opens("zhao") as zhao:
        zhang.go(f"/entity/{subject.entity_id}/")
        choose(zhang, "dismiss")
        assert zhang.sees(zhang.word("decide.two_people"))
        zhang.press("action.propose")
        assert state_of(subject.entity_id) == "dismissal_proposed"
        zhang.follow("place.supervisor")
        assert zhang.sees(zhang.word("refused.own"))
        zhang.look()
        zhao.follow("place.supervisor")
        assert zhao.sees(subject.name)
        zhao.look(picture(zhao, "supervision"))
        zhao.press("action.approve")
        assert zhao.sees(zhao.word("message.approve"))

    assert state_of(subject.entity_id) == "dismissed"


def test_a_deferral_ends_on_its_day(site: Site, opens: Opens) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    with opens("wang") as wang:
        wang.go(f"/entity/{subject.entity_id}/")
        choose(wang, "defer", wake_on="2026-07-20")
        wang.press("action.defer")
        assert wang.sees(wang.word("message.defer"))
        assert wang.sees("2026-07-20")
        wang.look()
        wang.go("/list/?state=deferred")
        assert wang.sees(subject.name)
        site.now[0] += timedelta(days=20)
    with opens("wang") as wang:
        assert wang.sees(wang.word("home.title"))
        wang.go(f"/entity/{subject.entity_id}/")
        assert wang.sees(wang.word("state.to_review"))
        wang.look()

    assert state_of(subject.entity_id) == "to_review"


def test_the_result_of_a_visit_is_recorded_on_a_phone(site: Site, opens: Opens) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    with opens("wang", viewport=PHONE) as wang:
        wang.go(f"/entity/{subject.entity_id}/")
        choose(wang, "visit")
        wang.press("action.visit")
        wang.follow("place.visits")
        assert wang.sees(subject.name)
        wang.look(picture(wang, "visits-phone"))
        wang.follow("action.record")
        wang.page.check("input[name=visit_status][value=inspected]")
        wang.page.fill("#id_inspected_on", "2026-07-01")
        wang.page.fill("#id_items_checked", "20")
        wang.page.fill("#id_breaches", "2")
        wang.page.select_option("#id_severity", "1")
        wang.page.select_option("#id_found_violation", "yes")
        wang.page.locator("input[name^=right_]").first.check()
        wang.look(picture(wang, "result-phone"))
        wang.press("result.do")
        assert state_of(subject.entity_id) == "visited"
        wang.look()

    found = Result.objects.get(decision__case__entity_id=subject.entity_id)
    assert (found.items_checked, found.breaches, found.found_violation) == (20, 2, True)
    assert found.verdicts.count() == 1


def test_a_campaign_is_made_from_a_filter_followed_and_closed(site: Site, opens: Opens) -> None:
    members = list(site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")[:3])
    with opens("zhang") as zhang:
        zhang.go("/list/?risk_class=C")
        zhang.follow("campaign.new")
        zhang.look()
        said = {
            "name": "餐饮 2026",
            "starts_on": "2026-07-01",
            "ends_on": "2026-07-31",
            "capacity": "3",
            "checklist": "许可证\n冷藏",
        }
        for field, value in said.items():
            zhang.page.fill(f"#id_{field}", value)
        zhang.press("campaign.do")
        assert all(zhang.sees(member.name) for member in members)
        zhang.look(picture(zhang, "campaign"))
        zhang.page.click(f"main a[href='/entity/{members[0].entity_id}/']")
        choose(zhang, "visit")
        zhang.press("action.visit")
        zhang.follow("place.campaigns")
        zhang.look()
        zhang.page.click("main a >> text=餐饮 2026")
        assert zhang.sees(zhang.word("state.visit_planned"))
        zhang.press("campaign.close")
        assert zhang.sees(zhang.word("campaign.closed"))
        zhang.look()

    assert Campaign.objects.get().closed_at is not None


def test_an_auditor_finds_a_page_view_and_verifies_the_chain(site: Site, opens: Opens) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    site.client("li").get(f"/entity/{subject.entity_id}/")
    with opens("zhou") as zhou:
        zhou.follow("place.audit")
        zhou.page.fill("#actor", "li")
        zhou.page.fill("#entity", subject.entity_id)
        zhou.press("list.show")
        rows = zhou.page.locator("main tbody tr")
        assert rows.count() == 1
        assert subject.entity_id in rows.first.inner_text()
        zhou.look(picture(zhou, "audit"))
        zhou.follow("audit.verify")
        zhou.press("audit.verify")
        assert zhou.page.locator(".message.success").count() == 1
        zhou.look()

    assert list(find_breaks()) == []


def test_a_chart_has_its_table_and_its_file(site: Site, opens: Opens) -> None:
    with opens("chen") as chen:
        chen.follow("place.explore")
        chen.look(picture(chen, "explore"))
        reasons = chen.page.locator("section[aria-labelledby=reasons]")
        reasons.locator("summary").click()
        shown = [row.inner_text().split("\t") for row in reasons.locator("tbody tr").all()]
        chen.look()
        with chen.page.expect_download() as coming:
            reasons.get_by_role("link").click()
        lines = coming.value.path().read_text(encoding="utf-8-sig").splitlines()

    assert len(shown) > 1
    assert [line.rsplit(",", 1)[1] for line in lines[1:]] == [count.replace(",", "") for _, count in shown]
    language = chen.texts.language
    known = {indicator_name(name, language) for name in _indicators(site)}
    assert {name for name, _ in shown} == known


def _indicators(site: Site) -> set[str]:
    from console.apps.ranking.runs import reasons_of

    listed = site.all_ranked(is_listed=True, region_middle=HANGZHOU).values("position")
    return set(reasons_of(site.run).filter(position__in=listed).values_list("indicator", flat=True))


def test_the_list_is_exported_and_the_export_is_recorded(site: Site, opens: Opens) -> None:
    wanted = list(site.all_ranked(region_middle=HANGZHOU, risk_class="D").values_list("entity_id", flat=True))
    with opens("wang") as wang:
        wang.go("/list/?risk_class=D")
        files = {}
        for key in ("list.csv", "list.xlsx"):
            with wang.page.expect_download() as coming:
                wang.follow(key)
            files[key] = coming.value.path()
        with files["list.csv"].open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file))
        with files["list.xlsx"].open("rb") as file:
            sheet = [[cell.value for cell in row] for row in load_workbook(file, read_only=True).active.iter_rows()]
        head = wang.word("column.entity_id")

    assert lines[0][1] == sheet[0][1] == head
    assert [line[1] for line in lines[1:]] == [row[1] for row in sheet[1:]] == wanted
    assert AuditEvent.objects.filter(kind="exported", actor="wang").count() == 2
