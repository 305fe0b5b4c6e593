"""The pages: languages, security headers, the list and its filters, the entity, charts."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from console.apps.ranking.list_part import LAST
from console.apps.ranking.models import FILTER_COLUMNS, PublishedRun, Ranked
from console.apps.ranking.runs import alias_of
from console.apps.ranking.search_terms import REASON
from console.core.texts import load_texts
from console.web.queries.filtered_list import Filtered
from console.web.queries.list_filters import FILTERS, Filters
from jobs.texts.languages import LANGUAGES, convert
from models.statistics.proportions import wilson
from tests.console.conftest import HANGZHOU, Site

PAGES = {
    "zhang": [
        "/",
        "/list/",
        "/list/?risk_class=D&region=330100&state=to_review",
        "/visits/",
        "/supervisor/",
        "/feedback/",
        "/status/",
        "/help/",
        "/explore/",
        "/campaigns/",
        "/campaigns/new/",
        "/tokens/",
        "/second-factor/set-up/",
    ],
    "zhou": ["/", "/audit/", "/audit/verify/", "/status/"],
    "wu": ["/", "/accounts/", "/accounts/new/", "/accounts/1/", "/accounts/reasons/"],
    "": ["/sign-in/", "/nowhere/"],
}
EVERY = [(name, page) for name, pages in PAGES.items() for page in pages]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_opens_in_its_language_without_inline_script_or_style(site: Site, language: str) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    for name, there in [*EVERY, ("zhang", f"/entity/{subject.entity_id}/")]:
        client = site.client(name)
        client.cookies["language"] = language
        response = client.get(there)
        page = response.content.decode()

        assert response.status_code == (404 if there == "/nowhere/" else 200), there
        if response.status_code == 200:
            assert f'<html lang="{language}">' in page
            assert response.headers["Content-Language"] == language
            assert not re.search(r"<script>|<style|\sstyle=|\son\w+=|javascript:", page), there
            assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", page), there


def test_the_content_security_policy_allows_only_own_files(site: Site) -> None:
    headers = site.client("wang").get("/list/").headers

    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert "no-store" in headers["Cache-Control"]


def test_the_pages_of_the_list_show_each_entity_once(site: Site) -> None:
    client, there, seen = site.client("wang"), "/list/?", []
    while there:
        page = client.get(there)
        seen += [row.entity_id for row in page.context["rows"]]
        there = f"/list/?{page.context['next']}" if page.context["next"] else ""

    assert seen == [row.entity_id for row in site.all_ranked(region_middle=HANGZHOU)]


def test_each_row_links_to_its_entity(site: Site) -> None:
    page = site.client("zhang").get("/list/")
    text, rows = page.content.decode(), page.context["rows"]

    ways = re.findall(r'<tr class="entity(?: beyond)?">.*?<a class="go" href="/entity/(\w+)/\?[^"]*">.*?</tr>', text, re.DOTALL)
    assert ways == [row.entity_id for row in rows]
    assert len(ways) > 20
    assert text.count("<tr") == text.count("</tr>") == len(rows) + 2


def test_the_capacity_line_follows_the_last_listed_entity(site: Site) -> None:
    client, there, lines = site.client("wang"), "/list/?", []
    before = None
    while there:
        page = client.get(there)
        for row in page.context["rows"]:
            if row.is_beyond:
                lines.append((before.is_listed, row.is_listed))
            before = row
        there = f"/list/?{page.context['next']}" if page.context["next"] else ""

    assert lines == [(True, False)]
    assert page.context["capacity"] == site.all_ranked(region_middle=HANGZHOU, is_listed=True).count() == 40


def test_the_url_holds_all_filters_and_each_tag_removes_one(site: Site) -> None:
    asked = {"q": "杭州", "risk_class": "D", "listed": "yes"}
    page = site.client("wang").get("/list/", asked)

    assert page.context["filters"].given() == asked
    assert {row.risk_class for row in page.context["rows"]} == {"D"}
    assert Filters.read(asked).without("risk_class") == Filters.read({"q": "杭州", "listed": "yes"}).query()


def test_the_page_and_the_file_have_the_same_rows(site: Site) -> None:
    query = "risk_class=D&listed=yes"
    response = site.client("wang").get(f"/list/export.csv?{query}")
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()

    assert [cells[1] for cells in list(csv.reader(lines))[1:]] == [
        row.entity_id for row in site.all_ranked(region_middle=HANGZHOU, risk_class="D", is_listed=True)
    ]


def test_search_matches_both_scripts_and_the_beginning_of_a_code(site: Site) -> None:
    subject = site.ranked(region_middle=HANGZHOU)
    part = subject.name[2:6]

    assert subject in search(site, part)
    assert subject in search(site, convert(part, "zh-Hant"))
    assert subject in search(site, subject.entity_id[:10].lower())
    assert all(part in row.name for row in search(site, part))
    assert subject not in search(site, part[::-1])


def test_search_results_contain_the_text(site: Site) -> None:
    for text in ("杭州", "有限公司", "技术服务"):
        assert {row.pk for row in search(site, text)} == {row.pk for row in site.all_ranked(name__contains=text)}


def search(site: Site, text: str) -> list[Ranked]:
    return list(Filtered.by(Filters(q=text), site.run, site.user("zhou")).rows(most=LAST))


def test_each_filter_uses_an_index(site: Site) -> None:
    connection = connections[alias_of(site.run.run_id)]
    columns = {column for row in FILTERS.values() if row.column for column, _ in [row.column(HANGZHOU, site.run)]} - {REASON}
    assert columns <= set(FILTER_COLUMNS)
    for what in ({"is_listed": True}, *({column: "D"} for column in FILTER_COLUMNS)):
        plan = site.all_ranked(**what, position__gt=10)[:51].explain()

        assert "SCAN" not in plan.upper().replace("SCAN CONSTANT", ""), (what, plan)
        assert "TEMP B-TREE" not in plan.upper(), (what, plan)
    assert connection.vendor == "sqlite"


def test_the_number_of_queries_is_constant(site: Site) -> None:
    client, alias = site.client("wang"), alias_of(site.run.run_id)
    client.get("/list/?q=91")
    counts = []
    for query in ("q=91330106MAQRRPTB9T", "q=91330106", "", "after=200"):
        with CaptureQueriesContext(connections[alias]) as of_run, CaptureQueriesContext(connections["default"]) as own:
            client.get(f"/list/?{query}")
        counts.append((len(of_run), len(own)))

    alone, few, many, later = counts
    assert many == later
    # What a page holds whole is not counted again: neither how many were found, nor how many of them are listed.
    # A search takes one query of the index, and one more for a code longer than the index holds.
    assert (alone[0] - 2, alone[1]) == (few[0] - 1, few[1]) == (many[0] - 2, many[1])
    assert max(sum(pair) for pair in counts) < 25


def test_the_page_of_an_entity_shows_reasons_timeline_and_peers(site: Site) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    page = site.client("wang").get(f"/entity/{subject.entity_id}/")
    kinds = {event.kind for event in page.context["timeline"]}

    assert 3 <= len(page.context["reasons"]) <= 5
    assert {"entity", "filing"} <= kinds
    assert all(event.happened_on <= site.run.as_of for event in page.context["timeline"] if event.happened_on)
    assert {row.region_middle for row in page.context["near"]} <= {HANGZHOU}
    assert page.context["trend"].points[0].credit_points == subject.credit_points
    assert [letter for letter, _, _ in page.context["trend"].bands] == ["D", "C", "B", "A"]


def test_the_page_of_an_entity_is_shown_for_a_day_without_class_bounds(site: Site) -> None:
    """A rule has no probability, so a policy of multiples gives no bounds."""
    run = site.run
    run.model = {**run.model, "class_bounds": None}
    run.profile = {**run.profile, "classes": {"by": "multiples", "D": 6, "C": 2, "B": 0.5, "leave_points": 20}}
    run.save()
    page = site.client("wang").get(f"/entity/{site.ranked(is_listed=True, region_middle=HANGZHOU).entity_id}/")

    assert page.status_code == 200
    assert page.context["trend"].bands == []
    assert page.context["trend"].points


def test_a_decision_links_to_the_page_as_it_was(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "visit")

    page = site.client("wang").get(f"/entity/{subject.entity_id}/?run={site.run.run_id}").content.decode()

    assert f"?run={site.run.run_id}" in page


def test_an_outdated_list_has_a_warning(site: Site) -> None:
    assert site.client("wang").get("/").context["stale_since"] is None
    site.now[0] = site.now[0].replace(day=6)

    assert site.client("wang").get("/").context["stale_since"] == site.run.as_of


@pytest.mark.parametrize(
    ("hits", "tries", "low", "high"), [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.278), (5, 10, 0.237, 0.763), (10, 10, 0.722, 1.0)]
)
def test_the_interval_of_a_share_is_the_wilson_interval(hits: int, tries: int, low: float, high: float) -> None:
    """Published values of the score interval without continuity correction."""
    assert wilson(hits, tries) == pytest.approx((low, high), abs=0.001)


def test_a_chart_and_its_file_count_the_users_regions(site: Site) -> None:
    client = site.client("wang")
    charts = {chart.key: [(bar.label, bar.count) for bar in chart.bars] for chart in client.get("/explore/").context["charts"]}
    listed = site.all_ranked(region_middle=HANGZHOU, is_listed=True).count()

    assert sum(count for _, count in charts["classes"]) == site.all_ranked(region_middle=HANGZHOU).count()
    assert [count for _, count in charts["regions"]] == [listed] == [sum(count for _, count in charts["industries"])]
    assert charts["states"] == []
    for key, bars in charts.items():
        lines = b"".join(client.get(f"/explore/{key}.csv").streaming_content).decode("utf-8-sig").splitlines()
        assert len(lines) == len(bars) + 1
    assert client.get("/explore/nothing.csv").status_code == 404


def test_filter_tags_are_in_the_language_of_the_page(site: Site) -> None:
    client = site.client("wang")
    client.cookies["language"] = "zh-Hans"

    page = client.get("/list/", {"reason": "complaint_rate", "region": HANGZHOU, "listed": "yes"}).content.decode()

    tags = re.search(r'<ul class="tags">.*?</ul>', page, re.DOTALL)
    assert tags is not None
    assert "杭州市" in tags.group()
    assert not re.search(r">[^<]*(complaint|yes)[^<]*<", tags.group())


@pytest.mark.parametrize("there", ["/list/", "/explore/"])
def test_region_options_have_their_own_lang_attribute(site: Site, there: str) -> None:
    client = site.client("wang")
    names = {"en": '" lang="zh-Hans">', "zh-Hans": '">', "zh-Hant": '">'}
    for language, ends in names.items():
        client.cookies["language"] = language
        text = client.get(there).content.decode()
        (option,) = set(re.findall(r'<option value="330102("[^>]*>)', text))
        assert option == ends, language


def test_every_page_warns_readers_of_an_outdated_list(site: Site) -> None:
    said = load_texts("en")("home.stale")
    entity = site.ranked(is_listed=True, region_middle=HANGZHOU)
    pages = ("/", "/list/", f"/entity/{entity.entity_id}/", "/visits/", "/supervisor/", "/explore/", "/status/", "/help/")

    assert [there for there in pages if said in site.client("zhang").get(there).content.decode()] == []
    site.now[0] += timedelta(days=5)
    assert [there for there in pages if site.client("zhang").get(there).content.decode().count(said) != 1] == []
    for client, there in ((site.client("wu"), "/accounts/"), (site.client(), "/sign-in/")):
        assert said not in client.get(there).content.decode()


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "too few results of visits are known (visits: 12, with a violation: 3)"),
        ("zh-Hans", "已知的检查结果不足（检查 12 次，其中发现问题 3 次）"),
        ("zh-Hant", "已知的檢查結果不足（檢查 12 次，其中發現問題 3 次）"),
    ],
)
def test_the_list_says_when_a_rule_ranks_it_and_not_when_a_model_does(site: Site, language: str, sentence: str) -> None:
    run = PublishedRun.objects.get(is_current=True)
    client = site.client("zhang")
    client.cookies["language"] = language
    for kind, is_said in (("rule", True), ("learnt", False)):
        run.model = {**run.model, "kind": kind, "visits": 12, "found": 3}
        run.save()
        assert (sentence in client.get("/list/").content.decode()) is is_said
