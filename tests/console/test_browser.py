"""The console as people meet it: in Chromium, at both widths, by keyboard, without JavaScript, and for those who do not see it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler

from console.decisions.models import Case
from tests.console.conftest import HANGZHOU, PASSWORD, Site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing of requests."""


@pytest.fixture
def address(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the site answers."""
    # Playwright has a loop in this thread, in which Django would not be asked; nothing here awaits it.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    assert site.run
    with make_server("127.0.0.1", 0, StaticFilesHandler(WSGIHandler()), server_class=Server, handler_class=Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def browsing(address: str, name: str, **options: Any) -> Iterator[Any]:
    """A page of a browser in which somebody is signed in; what it asks elsewhere, and what it is refused, fails the test."""
    from playwright.sync_api import sync_playwright

    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(ARGUMENTS))
        page = browser.new_context(viewport=options.pop("viewport", DESKTOP), **options).new_page()
        page.on("request", lambda request: wrong.append(request.url) if not request.url.startswith(address) else None)
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(f"{address}/sign-in/")
        page.fill("#id_username", name)
        page.fill("#id_password", PASSWORD)
        page.click("main button.main")
        yield page
        browser.close()
    assert wrong == []


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", ["zhang", "zhou", "wu"])
def test_axe_finds_nothing_and_no_page_is_wider_than_the_screen(
    site: Site, address: str, name: str, viewport: dict[str, int]
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    pages = {
        "zhang": [
            "/",
            "/list/",
            f"/entity/{subject.entity_id}/",
            "/visits/",
            "/supervisor/",
            "/explore/",
            "/campaigns/",
            "/campaigns/new/",
            "/tokens/",
            "/feedback/",
            "/status/",
            "/help/",
            "/second-factor/set-up/",
        ],
        "zhou": ["/list/", "/audit/", "/audit/verify/"],
        "wu": ["/accounts/", "/accounts/new/", "/accounts/reasons/", "/password/"],
    }[name]
    found = []
    with browsing(address, name, viewport=viewport) as page:
        for language in ("en", "zh-Hant") if name == "zhang" else ("zh-Hans",):
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


def test_everything_is_decided_without_javascript(site: Site, address: str) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    with browsing(address, "wang", java_script_enabled=False, viewport=PHONE) as page:
        page.goto(f"{address}/list/")
        page.fill("#q", subject.entity_id)
        page.click("form.filters button.main")
        page.click("a.go")
        page.click("#visit summary")
        for field in ("reason", "objective", "kind", "proportion"):
            page.select_option(f"#visit_{field}", index=1)
        page.click("#visit button.main")
        assert Case.objects.get(entity_id=subject.entity_id).state == "visit_planned"
        page.click("aside a.button")
        page.check("input[value=not_reachable]")
        page.click("main button.main")

    assert Case.objects.get(entity_id=subject.entity_id).state == "not_inspected"


def test_the_list_is_worked_by_keyboard_alone(address: str) -> None:
    with browsing(address, "wang") as page:
        page.goto(f"{address}/list/")
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url("**/entity/**")
        page.keyboard.press("i")
        assert page.evaluate("document.activeElement.id") == "visit_reason"

    assert not Case.objects.exists()


def test_a_filter_changes_the_rows_and_the_address_without_loading_the_page_anew(address: str) -> None:
    with browsing(address, "wang") as page:
        page.goto(f"{address}/list/")
        page.evaluate("window.stays = true")
        page.select_option("#risk_class", "D")
        page.click("form.filters button.main")
        page.wait_for_url("**risk_class=D**")
        assert page.evaluate("window.stays")
        assert {cell.inner_text() for cell in page.query_selector_all("tr.entity .class")} == {"D"}
