"""Chromium over the site, with a signed-in user; it collects everything that must never happen."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler

from console.core.texts import load_texts
from jobs.texts.languages import Texts
from tests.console.conftest import PASSWORD

ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
LOCALES = {"en": "en-GB", "zh-Hans": "zh-CN", "zh-Hant": "zh-TW"}
"""The browser's own language, in which it draws a field of a date."""
PICTURES_VARIABLE = "STEELYARD_PICTURES"
"""The folder for screenshots of the documentation; none are taken without it."""


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing of requests."""


@contextmanager
def answering() -> Iterator[str]:
    """The site, answering; gives where."""
    with make_server("127.0.0.1", 0, StaticFilesHandler(WSGIHandler()), server_class=Server, handler_class=Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser. Each user has a context of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(ARGUMENTS))
        yield browser
        browser.close()


class Person:
    """A user with a page, who reads one language; ``wrong`` collects the errors on it."""

    def __init__(self, browser: Any, address: str, language: str = "en", **options: Any) -> None:
        self.address, self.texts, self.wrong = address, load_texts(language), list[str]()
        viewport = options.pop("viewport", DESKTOP)
        self.context = browser.new_context(viewport=viewport, locale=LOCALES[language], **options)
        self.context.set_default_timeout(20_000)
        self.context.on("request", lambda asked: None if asked.url.startswith(address) else self.wrong.append(asked.url))
        self.page = self.context.new_page()
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def word(self, key: str, **values: object) -> str:
        """A text of the console in the person's language."""
        said: Texts = self.texts
        return said(key, **values)

    def sign_in(self, name: str, password: str = PASSWORD) -> None:
        """By the page's form, in the person's language."""
        self.go("/sign-in/")
        self.page.click(f"button[value={self.texts.language}]")
        self.page.fill("#id_username", name)
        self.page.fill("#id_password", password)
        self.press("sign_in.do")

    def go(self, path: str) -> None:
        """To an address of the site."""
        self.page.goto(self.address + path)

    def follow(self, key: str, **values: object) -> None:
        """A link by its words."""
        self.page.get_by_role("link", name=self.word(key, **values), exact=True).first.click()

    def press(self, key: str, **values: object) -> None:
        """A button of the page's own part by its words."""
        self.page.locator("main").get_by_role("button", name=self.word(key, **values), exact=True).first.click()

    def sees(self, text: str) -> bool:
        """Whether the page's own part shows a text."""
        return text in self.page.inner_text("main")

    def look(self, picture: str = "") -> None:
        """Check the screen with axe and for its width; save a screenshot if a folder is given."""
        from axe_playwright_python.sync_playwright import Axe

        where, language = self.page.url.removeprefix(self.address), self.texts.language
        self.page.wait_for_load_state()
        assert self.page.locator("html").get_attribute("lang") == language
        violations = Axe().run(self.page).response["violations"]
        self.wrong += [f"{where} {language}: {one['id']} {one['nodes'][0]['html'][:120]}" for one in violations]
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            self.wrong.append(f"{where} {language} is wider than the screen")
        folder = os.environ.get(PICTURES_VARIABLE)
        if picture and folder:
            # Do not hide the caret: for that Playwright adds a style, which the content security policy refuses and reports.
            _keep(self.page.screenshot(caret="initial"), Path(folder) / f"{picture}.webp")


def _keep(png: bytes, path: Path) -> None:
    """A picture as WebP, which takes a fifth of the bytes."""
    from io import BytesIO

    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.open(BytesIO(png)).convert("RGB").save(path, quality=80, method=6)


@contextmanager
def person(browser: Any, address: str, name: str = "", language: str = "en", **options: Any) -> Iterator[Person]:
    """Somebody at a browser, signed in where a name is given; what they met that is wrong fails the test."""
    someone = Person(browser, address, language, **options)
    if name:
        someone.sign_in(name)
    yield someone
    someone.context.close()
    assert someone.wrong == [], someone.wrong
