"""The benchmark of the console: it finds pages that mix two days, and a small run has none."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from benchmarks.console.kinds import Content, RandomPaths, kinds_of
from benchmarks.console.load import ROWS, Answer, KindAnswers, find_fault
from benchmarks.console.table import by_kind, percentiles
from tests.benchmarks.crowd import assert_people_work_while_a_day_is_published

ROOT = Path(__file__).resolve().parents[2]
MONDAY, TUESDAY = date(2026, 6, 29), date(2026, 6, 30)
ORDERS = {MONDAY: np.array([f"E{at}" for at in range(200)]), TUESDAY: np.array([f"E{at}" for at in reversed(range(200))])}


def page(day: date, places: range, *, order: date | None = None, more: bool = True) -> str:
    """A page of the list in the console's HTML, with the rows of the day ``order`` if given."""
    rows = "".join(
        f'<tr class="entity">\n<td class="figure" data-label="Place">{place:,}</td>\n'
        f'<td class="name"><a class="go" href="/entity/{ORDERS[order or day][place - 1]}/">name</a></td></tr>'
        for place in places
    )
    return f'<h1>Risk list of <time datetime="{day}">{day}</time></h1>{rows}' + ('<a rel="next">' if more else "")


def test_a_page_of_one_day_has_no_fault() -> None:
    assert find_fault("/list/", page(MONDAY, range(1, ROWS + 1)), ORDERS, sees_all=True) == ""
    assert find_fault("/list/?after=170", page(TUESDAY, range(171, 201), more=False), ORDERS, sees_all=True) == ""
    assert find_fault("/list/?risk_class=D", page(MONDAY, range(1, 99, 7), more=False), ORDERS, sees_all=True) == ""


@pytest.mark.parametrize(
    ("path", "came", "why"),
    [
        ("/list/", page(MONDAY, range(1, ROWS + 1), order=TUESDAY), "other entities"),
        ("/list/", page(MONDAY, range(1, 30), more=False), "missing"),
        ("/list/?q=x", page(MONDAY, range(1, 30)), "a next page"),
        ("/list/?after=10", page(MONDAY, range(12, ROWS + 12)), "missing"),
        ("/list/?q=x", page(MONDAY, range(ROWS, 0, -1)), "not in order"),
        ("/list/", "<h1>A fault of ours</h1>", "no published day"),
        ("/list/", page(date(2026, 1, 1), range(0), order=MONDAY), "no published day"),
    ],
)
def test_a_page_that_mixes_days_or_has_gaps_is_a_fault(path: str, came: str, why: str) -> None:
    assert why in find_fault(path, came, ORDERS, sees_all=True)


def test_the_same_seed_gives_the_same_paths_for_every_kind() -> None:
    choices = {name: ["x", "杭州"] for name in ("region", "industry", "listed", "state")}
    content = Content(["E1"], ["E9"], ["91330106MAQRRPTB9T", "92330106MAQRRPTB9T"], ["杭州有限公司", "宁波商店"], choices, 100)
    first, again = ([RandomPaths(content, random.Random(3)).path(kind) for kind in kinds_of(content)] for _ in range(2))

    assert first == again
    assert all(path.startswith("/") and "{" not in path for path in first)


def test_percentiles_are_milliseconds_and_failures_are_counted() -> None:
    answers = [Answer("first page", f"/list/?after={at}", 500 if at == 7 else 200, at / 1000, "") for at in range(101)]

    (row,) = by_kind([KindAnswers("first page", answers, 0.0123)], "all regions")

    assert percentiles([0.2]) == {"p50": 200.0, "p95": 200.0, "p99": 200.0, "max": 200.0}
    assert (row["asked"], row["failed"], row["p50"], row["p95"], row["cpu"]) == (101, 1, 50.0, 95.0, 12.3)
    assert row["longest"] == "/list/?after=100"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_users_work_while_a_day_is_published_and_no_list_mixes_days(tmp_path: Path) -> None:
    assert_people_work_while_a_day_is_published("sqlite", tmp_path)
