"""Search with filters through the index: the result equals reading every row, in the same order, part by part."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from console.apps.ranking import runs, search
from console.apps.ranking.list_part import LAST
from console.apps.ranking.models import Ranked
from console.apps.ranking.postings import INDEXED, postings
from console.apps.ranking.runs import alias_of, ranked_of
from console.apps.ranking.search_terms import CODE_BEGINS
from console.publishing.run_database import thin_out
from console.web.queries.filtered_list import Filtered
from console.web.queries.list_filters import Filters
from console.web.views.list_export import CutShort
from jobs.texts.languages import language_of
from tests.console.conftest import HANGZHOU, Site

PAGE = 5


def asked_by(rng: random.Random, row: Ranked) -> dict[str, str]:
    """A search that matches the row: one to three characters of its name, a prefix of its code, or nothing, and some filters."""
    length = rng.choice((1, 2, 3))
    at = rng.randrange(len(row.name) - length + 1)
    code = row.entity_id[: rng.choice((1, 2, 6, CODE_BEGINS, CODE_BEGINS + 1, 12))]
    given = {"q": rng.choice((row.name[at : at + length], code.lower(), ""))}
    offered = {
        "region": rng.choice((row.region_top, row.region_middle, row.region_code)),
        "industry": row.industry_section,
        "risk_class": row.risk_class,
        "listed": "yes" if row.is_listed else "",
    }
    return given | {name: value for name, value in offered.items() if value and rng.random() < 0.5}


def is_meant(row: Ranked, filters: Filters) -> bool:
    """Whether a row matches the search, from its own columns alone."""
    return (
        (filters.q in row.name or row.entity_id.startswith(filters.q.upper()))
        and filters.region in ("", row.region_top, row.region_middle, row.region_code)
        and filters.industry in ("", row.industry_section)
        and filters.risk_class in ("", row.risk_class)
        and (row.is_listed or not filters.listed)
    )


@pytest.mark.parametrize("name", ["wang", "zhou"])
def test_a_search_with_filters_equals_reading_every_row(site: Site, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FIRST_LOOK", 2)
    monkeypatch.setattr(search, "LAST_LOOK", 5)
    user, rng = site.user(name), random.Random(7)
    everybody = list(ranked_of(site.run, user).order_by("position"))
    rows = rng.sample(everybody, 60)
    for given in (asked_by(rng, row) for row in rows):
        filters = Filters.read(given)
        wanted = [row.position for row in everybody if is_meant(row, filters)]
        after = wanted[len(wanted) // 3]

        whole, page, first = (places(filters, site, user, **part) for part in ({}, {"after": after, "most": PAGE}, {"most": PAGE}))

        assert whole == wanted, given
        assert page == [place for place in wanted if place > after][:PAGE], given
        assert first == wanted[:PAGE], given
        assert Filtered.by(filters, site.run, user).count() == (len(wanted), sum(place <= site.run.listed for place in wanted))


def test_a_user_without_a_region_finds_and_counts_nothing(site: Site) -> None:
    rng = random.Random(9)
    for row in rng.sample(list(site.all_ranked()), 20):
        filtered = Filtered.by(Filters.read(asked_by(rng, row)), site.run, site.user("huang"))

        assert not filtered.rows(most=PAGE)
        assert filtered.count() == filtered.count(most=PAGE) == (0, 0)


def places(filters: Filters, site: Site, user: Any, **part: Any) -> list[int]:
    return list(Filtered.by(filters, site.run, user).rows(**{"most": LAST, **part}).values_list("position", flat=True))


def test_filters_outside_the_index_work_too(site: Site) -> None:
    """States are in another database and reasons in another table: a part must not end before these filters apply."""
    user = site.user("zhou")
    last = list(site.all_ranked(is_listed=True))[-1]
    reason = site.run and next(iter(_reasons(site, last)))
    for given in ({"state": "to_review"}, {"reason": reason}):
        filters = Filters.read({"q": last.name[-2:], **given})
        assert places(filters, site, user, after=last.position - 1, most=1) == [last.position]
        assert places(filters, site, user)[-1] == last.position


def _reasons(site: Site, entity: Ranked) -> list[str]:
    from console.apps.ranking.runs import reasons_of

    return list(reasons_of(site.run).filter(position=entity.position).values_list("indicator", flat=True))


def test_a_thinned_out_day_can_be_searched(site: Site) -> None:
    seen = list(site.all_ranked(is_listed=False))[-1]
    listed = list(site.all_ranked(is_listed=True))
    thin_out(site.run.run_id, [seen.entity_id])

    for text in (seen.name[:2], listed[0].name[:2], seen.name[-2:], seen.entity_id[:6]):
        wanted = [row.position for row in (*listed, seen) if text in row.name or row.entity_id.startswith(text)]
        filters = Filters.read({"q": text})
        assert places(filters, site, site.user("zhou")) == wanted
        assert Filtered.by(filters, site.run, site.user("zhou")).count()[0] == len(wanted)


@pytest.mark.parametrize("name", ["wang", "zhou"])
def test_a_run_from_before_a_column_was_indexed_can_be_filtered_by_it(site: Site, own_file: Path, name: str) -> None:
    with closing(sqlite3.connect(own_file)) as database, database:
        database.execute("DELETE FROM ranking_postings WHERE word GLOB 'risk_class=*'")
    connections[alias_of(site.run.run_id)].close()
    user = site.user(name)
    everybody = list(ranked_of(site.run, user).order_by("position"))

    for given in ({"risk_class": "D"}, {"risk_class": "D", "q": "公司"}, {"risk_class": "C", "listed": "yes", "region": HANGZHOU}):
        filters = Filters.read(given)
        wanted = [row.position for row in everybody if is_meant(row, filters)]
        assert wanted
        assert places(filters, site, user) == wanted, given
        assert places(filters, site, user, after=wanted[0], most=PAGE) == wanted[1 : PAGE + 1], given


RARE = "\U00020bb7\u91ce\u5bb6"  # 𠮷野家: the first character is in extension B, beyond 16 bits


@pytest.fixture
def own_file(site: Site, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the run's file, which tests share by a hard link."""
    path = site.folder.rankings / f"{site.run.run_id}.sqlite3"
    whole = path.read_bytes()
    path.unlink()
    path.write_bytes(whole)
    connections[alias_of(site.run.run_id)].close()
    monkeypatch.setattr(runs, "_SEEN", set())
    return path


@pytest.fixture
def named(site: Site, own_file: Path) -> Callable[[str], Ranked]:
    """Rename an entity and rebuild the day's index."""

    def rename(name: str) -> Ranked:
        entity = list(site.all_ranked())[-1]
        with closing(sqlite3.connect(own_file)) as database, database:
            database.execute("UPDATE ranking_ranked SET name = ? WHERE position = ?", (name, entity.position))
            rows = database.execute(f"SELECT {', '.join(INDEXED)} FROM ranking_ranked ORDER BY position").fetchall()
            database.execute("DELETE FROM ranking_postings")
            index = postings(dict(zip(INDEXED, zip(*rows, strict=True), strict=True)), {})
            database.executemany("INSERT INTO ranking_postings (word, places) VALUES (?, ?)", index)
        connections[alias_of(site.run.run_id)].close()
        return entity

    return rename


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("甲乙丙店", "店"),
        ("甲乙丙店", "乙"),
        ("甲乙丙店 南街", "店"),
        ("甲乙丙店 南街", "店 街"),
        ("甲乙丙店 南街", "丙 南街"),
        ("甲乙丙店A8", "店"),
        ("店", "店"),
        (RARE, "\U00020bb7"),
        (RARE, "\U00020bb7\u91ce"),
        (RARE, "家"),
        ("丙\U00020bb7", "\U00020bb7"),
        ("\U0002a700\U0002b740\U0002b820", "\U0002b740\U0002b820"),
        ("\U0002ceb0\U00030000\U00031350", "\U00031350"),
        ("\u3400\u4dbf行", "\u4dbf"),
        ("\uf900\ufa0e坊", "\u8c48"),
        ("\u8c48坊", "\uf900坊"),
        ("二〇二六坊", "〇二"),
        ("佐々木", "々"),
        ("ＡＢＣ坊", "abc"),
        ("ABC１２３坊", "ａｂｃ123"),
        ("甲乙　丙店", "乙 丙"),
        ("甲乙 丙店", "乙　丙"),
        ("ｶﾞﾗｽ坊", "ガラス"),
        ("Café 坊", "ＣＡＦÉ"),
        ("甲\u200b乙\U000e0100丙", "甲乙丙"),
        ("乾隆坊", "乾"),
        ("龍鳳樓", "凤"),
        ("龍鳳樓", "樓"),
    ],
)
def test_any_character_is_found_at_any_place(site: Site, named: Callable[[str], Ranked], name: str, asked: str) -> None:
    entity = named(name)

    assert entity.position in places(Filters.read({"q": asked}), site, site.user("zhou"))


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("甲乙 丙店", "乙丙"),
        ("甲乙丙店", "店甲"),
        (RARE, "\u91ce\U00020bb7"),
        (RARE, "\U00020bb8"),
        ("Café 坊", "cafx"),
        ("甲号3店", "3号"),
        ("甲店", "甲é"),
    ],
)
def test_characters_that_are_not_adjacent_are_not_found(site: Site, named: Callable[[str], Ranked], name: str, asked: str) -> None:
    entity = named(name)

    assert entity.position not in places(Filters.read({"q": asked}), site, site.user("zhou"))


@pytest.mark.parametrize(
    ("typed", "same"), [("９１３３０１０６", "91330106"), ("　９１３３ ", "9133"), ("\u200b9133\ufeff", "9133")]
)
def test_a_code_is_found_in_any_character_width(site: Site, typed: str, same: str) -> None:
    wide, narrow = (places(Filters.read({"q": text}), site, site.user("zhou")) for text in (typed, same))

    assert wide == narrow != []


def test_a_run_without_an_index_can_be_searched_and_thinned_out(site: Site, own_file: Path) -> None:
    with closing(sqlite3.connect(own_file)) as database, database:
        database.execute("DROP TABLE ranking_postings")
        database.execute("CREATE TABLE ranking_search (words TEXT)")
    user, everybody = site.user("zhou"), list(site.all_ranked())
    last = everybody[-1]
    of_kind = {"industry_section": last.industry_section, "risk_class": last.risk_class}

    assert places(Filters(q=last.name[-3:]), site, user) == [row.position for row in everybody if last.name[-3:] in row.name]
    assert last.position in places(Filters(q=last.entity_id[:7].lower()), site, user)
    assert places(Filters(q="（）"), site, user) == []
    assert (
        places(Filters(industry=last.industry_section, risk_class=last.risk_class), site, user, most=5)
        == [row.position for row in site.all_ranked(**of_kind)][:5]
    )

    thin_out(site.run.run_id, [last.entity_id])

    listed = [row.position for row in everybody if row.is_listed]
    assert places(Filters(), site, user) == [*listed, last.position]
    with closing(sqlite3.connect(own_file)) as database:
        assert not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'ranking_search'").fetchone()


@pytest.mark.parametrize("text", ["甲", RARE[0], "\uf900", "〇"])
def test_rare_characters_are_chinese_for_a_screen_reader_too(text: str) -> None:
    assert language_of(text) == "zh-Hans"
    assert language_of("Bakery 3") == ""


def test_an_export_with_fewer_rows_than_counted_fails(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = site.client("wang")
    monkeypatch.setattr(Filtered, "count", lambda _self: (10_000, 0))

    with pytest.raises(CutShort):
        b"".join(client.get("/list/export.csv"))


def test_an_export_by_state_and_text_equals_the_page(site: Site, send: Any) -> None:
    listed = list(site.all_ranked(is_listed=True, region_middle=HANGZHOU))
    decided = [row for row in listed if "公司" in row.name][:2]
    for row in decided:
        send("wang", row, "visit")

    for state in ("to_review", "visit_planned"):
        given = {"q": "公司", "state": state}
        lines = b"".join(site.client("wang").get("/list/export.csv", given)).decode().splitlines()[1:]
        assert len(lines) == len(places(Filters(**given), site, site.user("wang"), most=1000)) > 0, state


def test_the_next_page_searches_only_the_next_part(site: Site, send: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.web.views.list_export.ROWS_AT_ONCE", 7)
    listed = list(site.all_ranked(is_listed=True, region_middle=HANGZHOU))
    pairs = Counter(pair for row in listed for pair in {row.name[at : at + 2] for at in range(len(row.name) - 1)})
    text = pairs.most_common(1)[0][0]
    found = [row for row in site.all_ranked(region_middle=HANGZHOU) if text in row.name]
    assert len(found) > 14

    with CaptureQueriesContext(connections[alias_of(site.run.run_id)]) as asked:
        lines = b"".join(site.client("wang").get("/list/export.csv", {"q": text})).decode().splitlines()
    read = [query["sql"] for query in asked if "ranking_postings" in query["sql"]]
    pages = [query["sql"] for query in asked if query["sql"].startswith("SELECT") and "LIMIT 7" in query["sql"]]
    there = send("wang", found[0], "visit", list=f"q={text}").url

    assert len(lines) == len(found) + 1
    assert found[1].is_listed
    assert there.startswith(f"/entity/{found[1].entity_id}/")
    # One search counts the matches for the audit; each part then reads its own places.
    assert len(read) == 1
    assert len(pages) > 2
    assert all(sql.count(",", sql.index("json_each"), sql.index("]", sql.index("json_each"))) < 7 for sql in pages), pages


def test_a_refused_export_searches_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.web.downloads._slots", threading.BoundedSemaphore(1))
    client = site.client("wang")
    on_its_way = client.get("/list/export.csv")

    with CaptureQueriesContext(connections[alias_of(site.run.run_id)]) as asked:
        refused = client.get("/list/export.csv", {"q": "公司"})
    on_its_way.close()

    assert refused.status_code == 503
    assert not [query for query in asked if "ranking_postings" in query["sql"]]
