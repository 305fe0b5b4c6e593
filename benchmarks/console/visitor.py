"""Somebody at a browser: signs in as people do, asks for pages, and notes how long each took and what came."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

import httpx

_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True)
class Answer:
    """What came of one question: ``seconds`` from asking to the last byte; ``status`` 0 where the connection failed."""

    kind: str
    path: str
    status: int
    seconds: float
    text: str


class Visitor:
    """One person with one session."""

    def __init__(self, address: str) -> None:
        self.browser = httpx.Client(base_url=address, timeout=60, follow_redirects=False)

    def sign_in(self, name: str, password: str) -> None:
        """Sign in by the page's own form.

        Raises:
            RuntimeError: when that is refused.
        """
        token = _CSRF.search(self.browser.get("/sign-in/").text)
        form = {"username": name, "password": password, "csrfmiddlewaretoken": token[1] if token else ""}
        came = self.browser.post("/sign-in/", data=form)
        if came.status_code != 302:
            raise RuntimeError(f"{name} could not sign in: the answer was {came.status_code}")

    def ask(self, kind: str, path: str) -> Answer:
        """Ask for a page; a failure is an answer too."""
        began = time.perf_counter()
        try:
            came = self.browser.get(path)
        except httpx.HTTPError as error:
            return Answer(kind, path, 0, time.perf_counter() - began, repr(error))
        return Answer(kind, path, came.status_code, time.perf_counter() - began, came.text)
