"""The timeline of an entity: events and decisions, for users who may see them, with a fixed number of queries."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from console.apps.appeals.models import Appeal
from console.apps.decisions.models import Case, Decision
from console.apps.decisions.states import Action
from console.apps.ranking.models import Ranked
from console.core.texts import load_texts
from console.publishing import evidence
from console.publishing.publish import publish
from console.web.templatetags.words import fact
from console.web.views.entity import DECISION
from expectations.contracts.contract import Zone
from expectations.contracts.silver import with_lineage
from jobs.lake.tables import LakeTables, arrow_schema
from tests.conftest import FinishedDay
from tests.console.another_day import add_day
from tests.console.conftest import GIVEN, HANGZHOU, Site
from tests.jobs.sources.test_source_kind import HALLMARK

FOUND = {
    "visit_status": "inspected", "inspected_on": "2026-07-01", "items_checked": "7", "breaches": "2", "severity": "2",
    "found_violation": "yes",
}  # fmt: skip


def record(site: Site, name: str, entity: Ranked, query: str = "") -> list[Any]:
    return list(site.client(name).get(f"/entity/{entity.entity_id}/{query}").context["timeline"])


def decided(site: Site, name: str, entity: Ranked, query: str = "") -> list[tuple[str, date]]:
    events = record(site, name, entity, query)
    return [(event.decision.action, event.happened_on) for event in events if event.kind == DECISION]


def rows(page: str) -> list[str]:
    """The timeline's rows as text."""
    table = page.partition('<table class="timeline">')[2].partition("</table>")[0]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in table.split("<tr")[2:]]


def visited(site: Site, send: Any, entity: Ranked) -> None:
    """Deferred, visited, recorded and corrected, on four days."""
    send("wang", entity, "defer")
    site.now[0] += timedelta(days=1)
    send("wang", entity, "visit", version="1")
    case = Case.objects.get(entity_id=entity.entity_id)
    for version, found in enumerate((FOUND, {**FOUND, "breaches": "1"}), 2):
        site.now[0] += timedelta(days=1)
        said = {"token": f"r{version}", "version": version, **found, "inspected_on": "2026-07-02"}
        site.client("wang").post(f"/case/{case.pk}/result/", said)


def test_decisions_and_events_are_sorted_by_date(site: Site, send: Any) -> None:
    entity = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    before = record(site, "wang", entity)
    visited(site, send, entity)

    events = record(site, "wang", entity)

    assert decided(site, "wang", entity) == [
        ("correct", date(2026, 7, 4)), ("record", date(2026, 7, 3)), ("visit", date(2026, 7, 2)), ("defer", date(2026, 7, 1)),
    ]  # fmt: skip
    assert [event for event in events if event.kind != DECISION] == before
    days = [event.happened_on or date.min for event in events]
    assert days == sorted(days, reverse=True)
    events = rows(site.client("wang").get(f"/entity/{entity.entity_id}/").content.decode())
    assert events[0] == (
        "> 2026-07-04 Decision Result corrected · inspected 2026-07-02 · violation found"
        " · 1 of 7 items in breach this console · wang"
    )
    assert "Closed for the season or for construction · Returns to review 2026-07-20" in events[3]


def test_records_of_a_further_kind_are_shown_by_their_columns(
    site: Site, finished_day: FinishedDay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entity = site.ranked(is_listed=True, region_middle=HANGZHOU)
    table = with_lineage(HALLMARK, Zone.SILVER)
    monkeypatch.setitem(evidence.TABLES, table.name, evidence.event_table(table))
    next_day = add_day(finished_day.home, tmp_path / "home", finished_day.as_of)
    at = datetime(2026, 6, 1, tzinfo=UTC)
    row = {
        "hallmark_id": "P_1", "entity_id": entity.entity_id, "struck_on": date(2026, 6, 1), "lapses_on": None,
        "source": "hallmarks", "source_file": "p.csv", "source_row": 2, "content_hash": "h", "delivered_on": date(2026, 6, 1),
        "known_at": at, "is_absent": False, "is_revision": False,
    }  # fmt: skip
    lake = LakeTables(next_day.home)
    lake.replace_arrow(pa.Table.from_pylist([row], arrow_schema(table)), table, "source = 'hallmarks'")
    next_day.manifest["tables"][table.full_name] = lake.version(table)

    publish(next_day)

    shown = rows(site.client("wang").get(f"/entity/{entity.entity_id}/").content.decode())
    assert [row for row in shown if "hallmarks" in row] == [
        "> 2026-06-01 hallmark hallmark id P_1 · struck on 2026-06-01 hallmarks · p.csv:2"
    ]


@pytest.mark.parametrize(
    ("language", "name", "value", "shown"),
    [
        ("en", "is_renewed", True, "is renewed Yes"),
        ("zh-Hans", "penalty_minor", 123_450, "处罚金额 CNY 1,234.50"),
        ("zh-Hant", "tax_type", "x", "稅種 x"),
        ("zh-Hans", "fee_minor", 5, '<span lang="en">fee</span> CNY 0.05'),
        ("en", "holder", "<b>甲</b>", 'holder <span lang="zh-Hans">&lt;b&gt;甲&lt;/b&gt;</span>'),
        ("en", "none", "x_1", "none x_1"),
    ],
)
def test_a_fact_is_shown_with_its_value_as_text(language: str, name: str, value: object, shown: str) -> None:
    context = {"texts": load_texts(language), "profile": {"currency": "CNY", "minor_units": 2}}

    assert fact(context, name, value) == shown


def test_decisions_precede_events_of_the_same_local_day(site: Site, send: Any) -> None:
    entity = site.ranked(is_listed=True, region_middle=HANGZHOU)
    newest = next(event.happened_on for event in record(site, "wang", entity) if event.happened_on)
    site.now[0] = site.now[0].replace(year=newest.year, month=newest.month, day=newest.day, hour=0) - timedelta(hours=7)
    send("wang", entity, "visit")

    # Five in the afternoon, UTC, of the day before is the day's own first hour where the profile is.
    assert decided(site, "wang", entity) == [("visit", newest)]
    assert record(site, "wang", entity)[0].kind == DECISION


def test_undone_decisions_are_marked_and_stay(site: Site, send: Any) -> None:
    entity = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", entity, "visit")
    site.client("wang").post(f"/decision/{Decision.objects.get().pk}/undo/")

    steps = [event for event in record(site, "wang", entity) if event.kind == DECISION]

    assert [(event.decision.action, event.is_undone) for event in steps] == [(Action.UNDO, False), (Action.VISIT, True)]


@pytest.mark.parametrize(
    ("name", "decider"), [("wang", "wang"), ("zhang", "wang"), ("zhou", "wang"), ("chen", "Inspector"), ("liu", ""), ("huang", "")]
)
def test_the_decider_is_shown_by_role_and_region(site: Site, send: Any, name: str, decider: str) -> None:
    entity = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", entity, "defer")

    page = site.client(name).get(f"/entity/{entity.entity_id}/")

    assert page.status_code == (200 if decider else 404)
    if decider:
        assert rows(page.content.decode())[0].endswith(f"this console · {decider}")
        history = page.content.decode().partition('<ol class="history">')[2]
        assert ("wang" in history) == (decider == "wang")


def test_no_page_shows_an_analyst_who_takes_part_in_decisions(site: Site, send: Any) -> None:
    entity = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("zhang", entity, "visit", assigned_to=str(site.user("wang").pk))
    objects = {"token": "o", "received_on": "2026-07-01", "ground": "disagrees", "text": ""}
    for token in ("o", "p"):
        site.client("wang").post(f"/entity/{entity.entity_id}/appeal/", {**objects, "token": token})
    answered = Appeal.objects.order_by("pk").first()
    assert answered is not None
    site.client("zhao").post(f"/appeals/{answered.pk}/answer/", {"outcome": "rejected", "comment": "It holds."})

    for there in (f"/entity/{entity.entity_id}/", f"/list/?q={entity.entity_id}", "/appeals/"):
        words = {name: set(re.findall(r"[a-z]+", site.client(name).get(there).content.decode())) for name in ("chen", "zhou")}
        assert words["zhou"] & {"wang", "li", "zhang", "zhao"}, there
        assert not words["chen"] & {"wang", "zhang", "zhao"}, there


def test_the_page_as_it_was_shows_decisions_made_while_it_was_current(
    site: Site, send: Any, finished_day: FinishedDay, tmp_path: Path
) -> None:
    entity = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    old = site.run.run_id
    send("wang", entity, "defer")
    site.now[0] += timedelta(hours=21)
    publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of))
    site.now[0] += timedelta(hours=1)
    form = {"token": "later-1", "version": "1", "run_id": site.run.run_id, **GIVEN["visit"]}
    site.client("wang").post(f"/entity/{entity.entity_id}/visit/", form)

    assert [action for action, _ in decided(site, "wang", entity)] == ["visit", "defer"]
    assert [action for action, _ in decided(site, "wang", entity, f"?run={old}")] == ["defer"]


def test_the_number_of_queries_is_constant(site: Site, send: Any) -> None:
    one, many = list(site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")[:2])
    send("wang", one, "visit")
    visited(site, send, many)
    case = Case.objects.get(entity_id=many.entity_id)
    for version in range(4, 9):
        said = {"token": f"m{version}", "version": version, **FOUND, "inspected_on": "2026-07-02", "breaches": str(version % 7)}
        site.client("wang").post(f"/case/{case.pk}/result/", said)
    Case.objects.filter(entity_id=one.entity_id).update(state=case.state)
    client, asked = site.client("wang"), []
    client.get(f"/entity/{one.entity_id}/")
    for entity in (one, many):
        with CaptureQueriesContext(connections["default"]) as own:
            page = client.get(f"/entity/{entity.entity_id}/")
        asked.append((len(own), sum('FROM "decisions_decision"' in query["sql"] for query in own.captured_queries)))
        assert page.status_code == 200

    assert len(decided(site, "wang", many)) == 9
    assert asked[0] == asked[1]
    assert asked[0][1] == 1
