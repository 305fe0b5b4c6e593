"""The page is safe, offline, readable in three languages, and reproducible."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.foundation.errors import Damaged
from jobs.profile.profile import Profile
from jobs.report.daily_report import Context, Reason, gather
from jobs.report.page import render_page
from jobs.texts.languages import LANGUAGES, load_texts
from jobs.texts.model_card import warning_lines
from tests.report.example_day import AS_OF, EVIL
from tests.report.tags import Tags, addresses_elsewhere


@pytest.fixture(scope="module")
def context(home: Path, profile: Profile) -> Context:
    return gather(home, profile, AS_OF)


@pytest.fixture(params=LANGUAGES)
def page(request: pytest.FixtureRequest, context: Context) -> str:
    return render_page(context, request.param)


def test_every_tag_is_closed_in_order(page: str) -> None:
    assert Tags(page).open == []


def test_ids_are_unique_and_every_link_stays_on_the_page(page: str) -> None:
    tags = Tags(page)
    ids = tags.values("id")
    assert len(ids) == len(set(ids))
    assert set(tags.values("href")) <= {f"#{name}" for name in ids}


def test_the_page_makes_no_request_and_has_no_script(page: str) -> None:
    assert addresses_elsewhere(page) == []
    assert Tags(page).strangers() == []


def test_the_page_policy_allows_only_its_own_styles(page: str) -> None:
    style = page.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = next(found["content"] for _, found in Tags(page).elements if found.get("http-equiv") == "Content-Security-Policy")
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_a_name_that_is_a_script_is_text(page: str) -> None:
    assert "<script" not in page
    assert EVIL in Tags(page).text()


def test_mark_up_in_a_reason_is_text(context: Context) -> None:
    page = render_page(context, "en")
    assert "<b>filing" not in page
    assert "Late <b>filing</b>" in Tags(page).text()


def test_the_same_day_gives_the_same_page(home: Path, profile: Profile, context: Context) -> None:
    assert render_page(gather(home, profile, AS_OF), "en") == render_page(context, "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_marks_its_language_and_that_of_chinese_data(context: Context, language: str) -> None:
    page = render_page(context, language)
    assert f'<html lang="{language}">' in page
    assert '<span lang="zh-Hans">杭州示例食品有限公司</span>' in page


def test_the_page_shows_the_facts_of_the_day(context: Context) -> None:
    text = Tags(render_page(context, "en")).text()
    for said in (
        "As of 2026-01-31",
        "Model m-1",
        "Run run-7",
        "A score decides nothing.",
        "40 known businesses",
        "3 listed for a visit",
    ):
        assert said in text


def test_a_stopped_source_is_named_with_the_data_in_use(context: Context) -> None:
    text = Tags(render_page(context, "en")).text()
    assert "Older data in use tax: stopped. Data up to 2026-01-29 is in use. half of the rows have no period." in text
    assert "Every source passed" not in text


def test_each_check_shows_in_words_whether_it_passed(context: Context) -> None:
    text = Tags(render_page(context, "en")).text()
    assert "✗ Failed the id is given entity_id_present critical" in text
    assert "✓ Passed the id is given period_present critical" in text


def test_a_row_shows_rank_class_points_and_reasons_with_value_and_peers(context: Context) -> None:
    text = Tags(render_page(context, "en")).text()
    assert "1 (1) <script>alert(1)</script> 91330106MA0000001A Wholesale and retail trade" in text
    assert (
        "D (high risk) 120 91.0% 45.5% – 95.5% Late <b>filing</b> value 50% · peer median 4% From tax returns, the newest of"
        in text
    )
    assert "+4 standard deviations complaints value +4.00 standard deviations From tax returns, the newest of 2026-01-31. " in text
    assert "2026-01-31. What would change it: file." in text
    assert "2026-01-31. The business cannot change it itself. wait. peers: F · 330100" in text
    assert "What would improve the class Better 1 2 (2)" in text


def test_a_withheld_class_is_shown_with_its_family(context: Context) -> None:
    held = "Class D is withheld until a second family of indicators or a visit confirms it; it depends on one alone: complaints."
    assert f"C (higher risk) {held} 340" in Tags(render_page(context, "en")).text()
    assert "暫緩認定為D類：僅由一組指標（投訴舉報）支持" in Tags(render_page(context, "zh-Hant")).text()


def test_a_day_without_intervals_is_shown_without_them(context: Context) -> None:
    plain = tuple(Reason(one.indicator, one.value, one.peer_median, one.peer_group) for one in context.listed[0].reasons)
    first = replace(context.listed[0], reasons=plain, probability_low=None, probability_high=None, better_changes=None)
    text = Tags(render_page(replace(context, listed=(first,)), "en")).text()
    first_reason = "Late <b>filing</b> value 50% · peer median 4%"
    second_reason = "+4 standard deviations complaints value +4.00 standard deviations peers: F · 330100"
    assert f"D (high risk) 120 91.0% {first_reason} {second_reason}" in text
    assert "What would improve the class" not in text


def test_the_classes_are_shown_best_first_with_the_points_where_each_begins(home: Path, profile: Profile) -> None:
    context = gather(home, profile, AS_OF)
    assert [count.letter for count in context.classes] == ["A", "B", "C", "D"]
    begins = {"D": 6, "C": 3, "B": 0.5}
    starts = {letter: {"points": 657, "chance": 0.144} for letter in "DCBA"}
    bounds = {
        "starts": starts,
        "by": "multiples",
        "begins": begins,
        "leave_points": 20,
        "lowest": {"D": 0, "C": 579, "B": 658, "A": 933},
    }
    rate = {"rate": 0.048, "low": 0.04, "high": 0.06, "visits": 803, "found": 39, "is_drawn": True}
    run = {**context.run, "class_bounds": bounds, "model": {"kind": "learnt", "base_rate": rate}}
    in_english, in_chinese = (Tags(render_page(replace(context, run=run), language)).text() for language in ("en", "zh-Hans"))
    assert "C begins at 3 × the base rate of 4.8%, which is 14.4% or 657 points." in in_english
    assert "of the 803 visits drawn at random" in in_english
    assert "C 类起点为基准违规率 4.8% 的 3 倍，即 14.4% 或 657 分。" in in_chinese
    found = {"visits": 40, "found": 0, "share": 0.0, "low": 0.0, "high": 0.088}
    moved = {"since": "2026-06-29", "moves": [{"from": "B", "to": "C", "entities": 1200}, {"from": "C", "to": "B", "entities": 3}]}
    reported = {**run, "model": {**run["model"], "class_findings": {"C": found}}, "class_moves": moved}
    in_english, in_chinese = (Tags(render_page(replace(context, run=reported), language)).text() for language in ("en", "zh-Hans"))
    assert "0.0% (0.0% to 8.8%) of 40" in in_english
    assert "Since 2026-06-29, businesses moved between classes: 1,200 from B to C, 3 from C to B." in in_english
    assert "由 B 类转入 C 类 1,200 户" in in_chinese
    still = Tags(render_page(replace(context, run={**run, "class_moves": {**moved, "moves": []}}), "en")).text()
    assert "no business moved to another class" in still
    by_shares = {**run, "class_bounds": {**bounds, "by": "shares", "begins": {"D": 0.015, "C": 0.08, "B": 0.25}}}
    text = Tags(render_page(replace(context, run=by_shares), "en")).text()
    assert "C begins at 657 points: the next 8.0% of businesses. That is a probability of 14.4%." in text
    without = Tags(render_page(replace(context, run={**context.run, "class_bounds": None}), "en")).text()
    assert "Where the classes begin was not recorded" in without


def test_counts_that_do_not_add_up_are_reported(tmp_path: Path, profile: Profile, home: Path) -> None:
    (tmp_path / "lake").symlink_to(home / "lake")
    for kind in ("runs", "sources/registration", "sources/tax"):
        (tmp_path / "manifests" / kind).mkdir(parents=True)
        name = f"manifests/{kind}/2026-01-31.json"
        content = json.loads((home / name).read_text())
        if kind == "sources/tax":
            content["batches"][0]["kept"] += 1
        (tmp_path / name).write_text(json.dumps(content))
    assert "Counts do not add up for: tax." in Tags(render_page(gather(tmp_path, profile, AS_OF), "en")).text()


def test_an_invalid_manifest_is_explained(tmp_path: Path, profile: Profile) -> None:
    path = tmp_path / "manifests" / "runs" / "2026-01-31.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with pytest.raises(Damaged, match=r"has changed since it was written.*2026-01-31\.json"):
        gather(tmp_path, profile, AS_OF)


def test_every_chart_has_a_label_and_a_table(page: str) -> None:
    tags = Tags(page)
    charts = [found for tag, found in tags.elements if tag == "svg"]
    assert len(charts) == 6
    assert all(found["role"] == "img" and found["aria-label"] for found in charts)
    assert all("<table>" in figure for figure in re.findall(r"<figure.*?</figure>", page, re.DOTALL))


def test_languages_have_the_same_keys_and_placeholders() -> None:
    english = load_texts("en").words
    for language in LANGUAGES:
        words = load_texts(language).words
        assert {key for key in english.keys() - words.keys() if key.removesuffix("_1") not in words} == set()
        assert words.keys() <= english.keys()
        for key, text in words.items():
            gaps = set(re.findall(r"\{(\w+)\}", text))
            assert gaps <= set(re.findall(r"\{(\w+)\}", english[key])), key
            assert text or key == "page.space"


def test_traditional_chinese_is_converted_from_simplified() -> None:
    assert load_texts("zh-Hant")("list.title") == "名單及理由"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_what_the_model_warns_of(context: Context, language: str) -> None:
    model = {"warnings": {"constant_indicators": ["violation_share"], "equal_orders": ["past record"]}}
    texts = load_texts(language)
    heading, lines = texts("model_card.warnings"), warning_lines(model, texts)
    text = Tags(render_page(replace(context, run={**context.run, "model": model}), language)).text()
    assert len(lines) == 2
    assert all(line in text for line in (heading, *lines))
    assert not any(line in Tags(render_page(context, language)).text() for line in lines)
