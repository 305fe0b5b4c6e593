"""Request pages from the served console: each kind in turn, and all kinds by many users while a day is published.

Each page of the list is compared with the order of its published day, so that a page with rows of two runs is found.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import parse_qs, urlsplit

import httpx
import numpy as np

from benchmarks.console.kinds import Content, RandomPaths
from benchmarks.console.people import PASSWORD
from benchmarks.console.server import Served, Site

ROWS = 50
WARM_UP = 3
"""Requests of each kind before the timed ones, since a server in use has its files in memory."""
PAUSE = 2.0
"""Maximum seconds between two pages of a user, uniformly distributed."""
MAXIMUM_WAIT = 60.0
"""Maximum seconds to wait until a user has seen a list of a day."""
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_DAY = re.compile(r'<h1>[^<]*<time datetime="(\d{4}-\d\d-\d\d)">')
_ROW = re.compile(
    r'<tr class="entity.*?<td class="figure"[^>]*>([\d,]+)</td>\s*<td class="name"><a class="go" href="/entity/([^/]+)/', re.DOTALL
)


def day_of(page: str) -> date | None:
    """The day in the heading of a page of the list."""
    match = _DAY.search(page)
    return date.fromisoformat(match[1]) if match else None


def find_fault(path: str, page: str, orders: Mapping[date, np.ndarray], *, sees_all: bool) -> str:
    """A description of what is wrong with a page of the list; empty if it belongs to one run.

    Args:
        path: the requested path.
        page: the HTML.
        orders: identifiers of entities by place, for each day.
        sees_all: whether the user sees all regions; then a page without filters has no gaps.
    """
    day = day_of(page)
    if day is None or day not in orders:
        return f"{path}: it shows no published day"
    order = orders[day]
    rows = [(int(place.replace(",", "")), name) for place, name in _ROW.findall(page)]
    places = [place for place, _ in rows]
    wrong = [place for place, name in rows if not 0 < place <= len(order) or order[place - 1] != name]
    if wrong:
        return f"{path}: places {wrong[:5]} have other entities than on {day}"
    if places != sorted(set(places)):
        return f"{path}: its places are not in order"
    query = parse_qs(urlsplit(path).query)
    after = int(query.pop("after", ["0"])[0])
    if len(rows) < ROWS and 'rel="next"' in page:
        return f"{path}: it has only {len(rows)} rows but a next page"
    if sees_all and not query and places != list(range(after + 1, min(after + ROWS, len(order)) + 1)):
        return f"{path}: places are missing after {after} of {day}"
    return ""


@dataclass(frozen=True)
class Answer:
    """The response to a request. ``seconds`` is the time to the last byte; ``status`` is 0 if the connection failed."""

    kind: str
    path: str
    status: int
    seconds: float
    text: str


class Visitor:
    """One user with one session."""

    def __init__(self, address: str, name: str) -> None:
        """Sign in with the form of the page.

        Raises:
            RuntimeError: the sign-in failed.
        """
        self.browser = httpx.Client(base_url=address, timeout=60, follow_redirects=False)
        token = _CSRF.search(self.browser.get("/sign-in/").text)
        form = {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": token[1] if token else ""}
        response = self.browser.post("/sign-in/", data=form)
        if response.status_code != 302:
            raise RuntimeError(f"{name} could not sign in: status {response.status_code}")

    def request(self, kind: str, path: str) -> Answer:
        """Request a page. A failed connection gives an answer with status 0."""
        began = time.perf_counter()
        try:
            response = self.browser.get(path)
        except httpx.HTTPError as error:
            return Answer(kind, path, 0, time.perf_counter() - began, repr(error))
        return Answer(kind, path, response.status_code, time.perf_counter() - began, response.text)


@dataclass(frozen=True)
class KindAnswers:
    """The answers for a kind of page, and the processor time of the console per answer, in seconds."""

    kind: str
    answers: list[Answer]
    cpu_seconds: float


def request_kinds(
    served: Served, users: Sequence[str], content: Content, requests: int, kinds: Iterable[str], seed: int = 0
) -> list[KindAnswers]:
    """Request each kind of page ``requests`` times, by all users at once."""
    visitors = [Visitor(served.address, name) for name in users]
    results = []
    with ThreadPoolExecutor(len(visitors)) as pool:
        for number, kind in enumerate(kinds):
            random_paths = RandomPaths(content, random.Random(seed * 1000 + number))
            paths = [random_paths.path(kind) for _ in range(requests + WARM_UP)]
            before = served.cpu_seconds()
            shares = [paths[at :: len(visitors)] for at in range(len(visitors))]
            by_visitor = pool.map(
                lambda visitor, share, kind=kind: [visitor.request(kind, path) for path in share], visitors, shares
            )
            answers = [answer for answers_of_one in by_visitor for answer in answers_of_one]
            results.append(KindAnswers(kind, answers[WARM_UP:], (served.cpu_seconds() - before) / len(answers)))
    return results


@dataclass
class Crowd:
    """The results of many users at once.

    Attributes:
        asked: number of requested pages.
        seconds: time of each page.
        days: number of list pages by day shown.
        faults: every error, and every page with rows of two runs.
        publishing: seconds of publishing the day meanwhile.
    """

    asked: int = 0
    seconds: list[float] = field(default_factory=list)
    days: Counter[date] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    publishing: float = 0.0


def crowd(
    address: str,
    site: Site,
    users: Sequence[str],
    content: Content,
    orders: Mapping[date, np.ndarray],
    *,
    day: date,
    seconds: float,
) -> Crowd:
    """Let all users work at once for ``seconds``; publish ``day`` after a tenth of it, and go on for at least a tenth.

    On a slow machine, wait until a user has seen a list of the day before, and at the end one of the new day.
    """
    before = max(other for other in orders if other < day)
    visitors = [Visitor(address, name) for name in users]
    met, lock, is_over = Crowd(), threading.Lock(), threading.Event()

    def work(at: int) -> None:
        rng = random.Random(at)
        random_paths = RandomPaths(content, rng)
        while not is_over.wait(rng.uniform(0, PAUSE)):
            kind = rng.choice([*random_paths.kinds])
            answer = visitors[at].request(kind, random_paths.path(kind))
            _add_answer(met, lock, answer, orders, sees_all=at % 2 == 0)

    with ThreadPoolExecutor(len(visitors)) as pool:
        working = [pool.submit(work, at) for at in range(len(visitors))]
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


def _wait(is_done: Callable[[], bool]) -> None:
    """Wait until the condition holds, at most :data:`MAXIMUM_WAIT`."""
    end = time.monotonic() + MAXIMUM_WAIT
    while not is_done() and time.monotonic() < end:
        time.sleep(0.1)


def _add_answer(met: Crowd, lock: threading.Lock, answer: Answer, orders: Mapping[date, np.ndarray], *, sees_all: bool) -> None:
    is_list = answer.path.startswith("/list/")
    # A user with one region gets 404 for entities of other regions.
    is_expected = answer.status == 200 or (answer.status == 404 and not is_list and not sees_all)
    fault = "" if is_expected else f"{answer.path}: {answer.status} {answer.text[:200] if answer.status == 0 else ''}"
    if is_expected and is_list:
        fault = find_fault(answer.path, answer.text, orders, sees_all=sees_all)
    day = day_of(answer.text) if is_list else None
    with lock:
        met.asked += 1
        met.seconds.append(answer.seconds)
        if day is not None:
            met.days[day] += 1
        if fault:
            met.faults.append(fault)
