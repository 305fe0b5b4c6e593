"""Ask the served console: each kind of page in turn for its times, and many people at once while a day is published.

Somebody at a browser: signs in as people do, asks for pages, and notes how long each took and what came.

Whether a page of the list belongs wholly to one published run: held against who stands where on that day.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import parse_qs, urlsplit

import httpx
import numpy as np

from benchmarks.console.kinds import KINDS, Asking, Known
from benchmarks.console.people import PASSWORD
from benchmarks.console.server import Served, Site

ROWS = 50
_DAY = re.compile(r'<h1>[^<]*<time datetime="(\d{4}-\d\d-\d\d)">')
_ROW = re.compile(
    r'<tr class="entity.*?<td class="figure"[^>]*>([\d,]+)</td>\s*<td class="name"><a class="go" href="/entity/([^/]+)/', re.DOTALL
)


def day_of(page: str) -> date | None:
    """The day that a page of the list says it shows."""
    found = _DAY.search(page)
    return date.fromisoformat(found[1]) if found else None


def fault_of(path: str, page: str, orders: Mapping[date, np.ndarray], *, sees_all: bool) -> str:
    """What is wrong with a page of the list; empty when it is whole.

    Args:
        path: what was asked for.
        page: what came, as HTML.
        orders: of each day the identifiers in the order of their places.
        sees_all: whether who asked sees every region; a page without filters then has no gap.
    """
    day = day_of(page)
    if day is None or day not in orders:
        return f"{path}: it shows no day that was published"
    order = orders[day]
    rows = [(int(place.replace(",", "")), name) for place, name in _ROW.findall(page)]
    places = [place for place, _ in rows]
    strangers = [place for place, name in rows if not 0 < place <= len(order) or order[place - 1] != name]
    if strangers:
        return f"{path}: at places {strangers[:5]} are others than those of {day}"
    if places != sorted(set(places)):
        return f"{path}: its places are not in order"
    asked = parse_qs(urlsplit(path).query)
    after = int(asked.pop("after", ["0"])[0])
    if len(rows) < ROWS and 'rel="next"' in page:
        return f"{path}: it has {len(rows)} rows and says that there are more"
    if sees_all and not asked and places != list(range(after + 1, min(after + ROWS, len(order)) + 1)):
        return f"{path}: places are missing after {after} of {day}"
    return ""


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


WARM = 3
"""Questions of each kind that come before those that are timed: a server that has run for a day has read its files before."""
THINKS = 2.0
"""Seconds, at most, that somebody looks at a page before the next; evenly drawn."""
PATIENCE = 60.0
"""Seconds, at most, beyond those asked for, until somebody has seen a list of the day before, and one of the new day."""


@dataclass(frozen=True)
class Asked:
    """A kind of page that was asked for: the answers, and the processor time that the console took for each, in seconds."""

    kind: str
    answers: list[Answer]
    cpu_seconds: float


def ask_kinds(
    served: Served, people: Sequence[str], what: Known, requests: int, kinds: Iterable[str] = KINDS, seed: int = 0
) -> list[Asked]:
    """Ask for each kind of page that often; as many ask at once as there are people."""
    visitors = [_signed_in(served.address, name) for name in people]
    found = []
    with ThreadPoolExecutor(len(visitors)) as pool:
        for number, kind in enumerate(kinds):
            asking = Asking(what, random.Random(seed * 1000 + number))
            paths = [asking.path(kind) for _ in range(requests + WARM)]
            before = served.cpu_seconds()
            shares = [paths[at :: len(visitors)] for at in range(len(visitors))]
            asked = pool.map(lambda visitor, share, kind=kind: [visitor.ask(kind, path) for path in share], visitors, shares)
            came = [answer for answers_of_one in asked for answer in answers_of_one]
            found.append(Asked(kind, came[WARM:], (served.cpu_seconds() - before) / len(came)))
    return found


@dataclass
class Crowd:
    """What many people met at once.

    Attributes:
        asked: pages that were asked for.
        seconds: how long each took.
        days: how many pages of the list showed each day.
        faults: every error, and every page that was not wholly of one run.
        publishing: seconds that publishing the day took meanwhile.
    """

    asked: int = 0
    seconds: list[float] = field(default_factory=list)
    days: dict[date, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    publishing: float = 0.0


def crowd(
    address: str, site: Site, people: Sequence[str], what: Known, orders: Mapping[date, np.ndarray], *, day: date, seconds: float,
    thinks: float = THINKS, seed: int = 0,
) -> Crowd:  # fmt: skip
    """Let all people work at once for so long, and publish ``day`` when a tenth of it is over; a tenth at least comes after it.

    On a machine so slow that nobody saw a list of the day before by then, or one of the new day at the end, that is waited for.
    """
    before = max(other for other in orders if other < day)
    visitors = [_signed_in(address, name) for name in people]
    met, lock, is_over = Crowd(), threading.Lock(), threading.Event()

    def works(at: int) -> None:
        rng = random.Random(seed * 1000 + at)
        asking, kinds = Asking(what, rng), [*KINDS]
        while not is_over.wait(rng.uniform(0, thinks)):
            kind = rng.choice(kinds)
            answer = visitors[at].ask(kind, asking.path(kind))
            _note(met, lock, answer, orders, sees_all=at % 2 == 0)

    with ThreadPoolExecutor(len(visitors)) as pool:
        working = [pool.submit(works, at) for at in range(len(visitors))]
        began = time.monotonic()
        try:
            time.sleep(seconds / 10)
            _wait(lambda: before in met.days)
            met.publishing = site.publish(day).wall_seconds
            time.sleep(max(began + seconds - time.monotonic(), seconds / 10))
            _wait(lambda: day in met.days)
        finally:
            is_over.set()
        for one in working:
            one.result()
    return met


def _wait(is_so: Callable[[], bool]) -> None:
    """Wait until it is so, and no longer than :data:`PATIENCE`."""
    end = time.monotonic() + PATIENCE
    while not is_so() and time.monotonic() < end:
        time.sleep(0.1)


def _note(met: Crowd, lock: threading.Lock, answer: Answer, orders: Mapping[date, np.ndarray], *, sees_all: bool) -> None:
    is_list = answer.path.startswith("/list/")
    # An entity outside one's regions is not there, on purpose: who sees one region is told 404.
    is_sound = answer.status == 200 or (answer.status == 404 and not is_list and not sees_all)
    fault = "" if is_sound else f"{answer.path}: {answer.status} {answer.text[:200] if answer.status == 0 else ''}"
    if is_sound and is_list:
        fault = fault_of(answer.path, answer.text, orders, sees_all=sees_all)
    day = day_of(answer.text) if is_list else None
    with lock:
        met.asked += 1
        met.seconds.append(answer.seconds)
        if day is not None:
            met.days[day] = met.days.get(day, 0) + 1
        if fault:
            met.faults.append(fault)


def _signed_in(address: str, name: str) -> Visitor:
    visitor = Visitor(address)
    visitor.sign_in(name, PASSWORD)
    return visitor
