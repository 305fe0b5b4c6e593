"""The console in Chromium: two widths, keyboard only, without JavaScript, accessibility."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from console.apps.accounts.models import User
from console.apps.decisions.models import Case
from jobs.texts.languages import LANGUAGES
from tests.console.browser import DESKTOP, PHONE, person
from tests.console.conftest import HANGZHOU, Site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture
def browsing(chromium: Any, address: str) -> Any:
    """Opens a page for a signed-in user."""

    @contextmanager
    def browsing(name: str, **options: Any) -> Iterator[Any]:
        with person(chromium, address, name, **options) as someone:
            yield someone.page

    return browsing


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", ["zhang", "zhou", "wu"])
def test_axe_finds_nothing_and_no_page_is_wider_than_the_screen(
    site: Site, send: Any, address: str, browsing: Any, name: str, viewport: dict[str, int]
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    subject, other = list(site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")[:2])
    send("li", other, "visit")  # an open case of a deactivated user, and an open appeal
    site.client("wang").post(
        f"/entity/{subject.entity_id}/appeal/", {"token": "o", "received_on": "2026-07-01", "ground": "disagrees", "text": "…"}
    )
    User.objects.filter(username="li").update(is_active=False)
    pages = {
        "zhang": [
            "/",
            "/list/",
            f"/entity/{subject.entity_id}/",
            f"/entity/{subject.entity_id}/appeal/",
            "/appeals/",
            "/visits/",
            "/supervisor/",
            "/explore/",
            "/campaigns/",
            "/campaigns/new/",
            "/tokens/",
            "/feedback/",
            "/status/",
            "/status/model/",
            "/help/",
            "/second-factor/set-up/",
        ],
        "zhou": ["/list/", "/audit/", "/audit/verify/"],
        "wu": ["/accounts/", "/accounts/new/", f"/accounts/{site.user('wang').pk}/", "/accounts/reasons/", "/password/"],
    }[name]
    found = []
    with browsing(name, viewport=viewport) as page:
        for language in LANGUAGES:
            page.click(f"button[value={language}]")
            for there in pages:
                page.goto(address + there)
                found += [
                    f"{there} {language}: {one['id']} {one['nodes'][0]['html'][:120]}"
                    for one in Axe().run(page).response["violations"]
                ]
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    found.append(f"{there} {language} is wider than the screen")

    assert found == []


def test_decisions_work_without_javascript(site: Site, address: str, browsing: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    with browsing("wang", java_script_enabled=False, viewport=PHONE) as page:
        page.goto(f"{address}/list/")
        page.fill("#q", subject.entity_id)
        page.click("form.filters button.main")
        page.click("a.go")
        page.click("#visit summary")
        for field in ("reason", "objective", "kind", "proportion"):
            page.select_option(f"#visit_{field}", index=1)
        page.click("#visit button.main")
        assert Case.objects.get(entity_id=subject.entity_id).state == "visit_planned"
        # The page shows the next entity of the list; search for the decided one.
        page.goto(f"{address}/entity/{subject.entity_id}/")
        page.click("aside a.button")
        page.check("input[value=not_reachable]")
        page.click("main button.main")

    assert Case.objects.get(entity_id=subject.entity_id).state == "not_inspected"


def test_the_list_works_with_the_keyboard_only(address: str, browsing: Any) -> None:
    with browsing("wang") as page:
        page.goto(f"{address}/list/")
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url("**/entity/**")
        page.keyboard.press("i")
        assert page.evaluate("document.activeElement.id") == "visit_reason"

    assert not Case.objects.exists()


@pytest.mark.parametrize("there", ["/supervisor/", "/feedback/", "/visits/"])
def test_shortcuts_work_on_every_page_with_rows(site: Site, send: Any, address: str, browsing: Any, there: str) -> None:
    first, second, third = list(site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class="D")[:3])
    for subject in (first, second):
        send("zhang", subject, "dismiss", reason="data_error")
    send("zhang", third, "visit")
    with browsing("zhang") as page:  # a fault of the script fails it
        page.goto(address + there)
        for key in ("j", "j", "k"):
            page.keyboard.press(key)
        assert "/entity/" in page.evaluate("document.activeElement.href")
        assert page.locator(".at").count() == 1


def test_a_filter_changes_rows_and_url_without_a_page_load(address: str, browsing: Any) -> None:
    with browsing("wang") as page:
        page.goto(f"{address}/list/")
        page.evaluate("window.stays = true")
        page.select_option("#risk_class", "D")
        page.click("form.filters button.main")
        page.wait_for_url("**risk_class=D**")
        assert page.evaluate("window.stays")
        assert {cell.inner_text() for cell in page.query_selector_all("tr.entity .class")} == {"D"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_error_page_is_in_the_users_language(chromium: Any, address: str, language: str) -> None:
    with person(chromium, address, "wang", language) as wang:
        wang.go("/entity/NOBODY/")
        assert wang.sees(wang.word("failure.not_found"))
        # The browser itself notes that the answer was 404.
        wang.wrong = [said for said in wang.wrong if "404" not in said]
        wang.look()
