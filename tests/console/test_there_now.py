"""The page as it was belongs to the users of the entity's present region."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.apps.ranking.models import PublishedRun, Ranked
from console.publishing import publish as publishing
from tests.conftest import FinishedDay
from tests.console.another_day import add_day
from tests.console.conftest import HANGZHOU, ZHENGZHOU, Site


@pytest.fixture
def decided(site: Site, send: Any) -> Ranked:
    """A decided entity of Hangzhou."""
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    assert send("wang", subject, "visit").status_code == 302
    return subject


@pytest.fixture
def move(
    site: Site, finished_day: FinishedDay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Ranked], PublishedRun]:
    """Publish a further day on which an entity is in Zhengzhou; give the run before."""

    def move(subject: Ranked) -> PublishedRun:
        old, there, known = site.run, site.ranked(region_middle=ZHENGZHOU), publishing.known_entities
        place = ["region_code", "region_middle", "region_top"]

        def moved(run: Any) -> Any:
            frame = known(run)
            frame.loc[frame["entity_id"] == subject.entity_id, place] = [getattr(there, name) for name in place]
            return frame

        monkeypatch.setattr(publishing, "known_entities", moved)
        publishing.publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of))
        return old

    return move


def test_users_of_the_present_region_open_the_page_as_it_was(
    site: Site, decided: Ranked, move: Callable[[Ranked], PublishedRun]
) -> None:
    old = move(decided)
    there = f"/entity/{decided.entity_id}/?run={old.run_id}"

    assert there in site.client("yang").get(f"/entity/{decided.entity_id}/").content.decode()
    page = site.client("yang").get(there)

    assert (page.status_code, page.context["run"], page.context["entity"].region_middle) == (200, old, HANGZHOU)
    assert [reason.sentence("en") for reason in page.context["reasons"]]


def test_users_of_the_former_region_cannot_open_it(site: Site, decided: Ranked, move: Callable[[Ranked], PublishedRun]) -> None:
    old = move(decided)

    for name in ("wang", "zhang", "chen"):
        assert site.client(name).get(f"/entity/{decided.entity_id}/?run={old.run_id}").status_code == 404, name
    assert site.client("zhou").get(f"/entity/{decided.entity_id}/?run={old.run_id}").status_code == 200


def test_an_earlier_list_has_no_links_to_entities_that_moved_away(
    site: Site, decided: Ranked, move: Callable[[Ranked], PublishedRun]
) -> None:
    old = move(decided)
    client = site.client("wang")

    page = client.get("/list/", {"day": str(old.as_of)})

    leads = {row.entity_id: f"/entity/{row.entity_id}/?run={old.run_id}" in page.content.decode() for row in page.context["rows"]}
    assert leads[decided.entity_id] is False
    assert all(is_there for name, is_there in leads.items() if name != decided.entity_id)


@pytest.mark.parametrize(
    ("has_case", "name", "status"), [(True, "wang", 200), (True, "liu", 404), (False, "wang", 200), (False, "liu", 404)]
)
def test_an_entity_that_is_no_longer_ranked_keeps_its_last_region(
    site: Site, send: Any, finished_day: FinishedDay, tmp_path: Path, has_case: bool, name: str, status: int
) -> None:
    old, subject = site.run, site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    if has_case:
        send("wang", subject, "visit")

    def gone(table: str, frame: Any) -> Any:
        return frame[frame["entity_id"] != subject.entity_id] if "entity_id" in frame and table != "silver/link" else frame

    publishing.publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of, change=gone))

    assert site.client(name).get(f"/entity/{subject.entity_id}/?run={old.run_id}").status_code == status
