"""The model card, checks and verdicts in the reader's language: no English sentence is left in Chinese."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from console.apps.ranking.models import PublishedRun
from expectations.contracts import complaint, inspection, registration, tax_filing
from expectations.contracts.indicators import PEER_SUFFIX, catalogue
from expectations.suites import COLUMNS_ABOUT, COLUMNS_RULE
from jobs.texts.checks import check_name, why
from jobs.texts.languages import LANGUAGES, convert_contract_text, load_texts
from jobs.texts.model_card import warning_lines
from models.labels.propensity import KNOWN, MODELLED
from tests.console.conftest import Site

CHINESE = ("zh-Hans", "zh-Hant")
CONTRACTS = (registration.CONTRACT, tax_filing.CONTRACT, complaint.CONTRACT, inspection.CONTRACT)
CHECKS = [
    {"rule_id": COLUMNS_RULE, "about": COLUMNS_ABOUT},
    *({"rule_id": rule.id, "about": rule.about} for contract in CONTRACTS for rule in (*contract.row_rules, *contract.batch_rules)),
]
PROPER = {"LightGBM", "AUC", "Markdown", "exp"}
"""What these pages say in Latin letters in Chinese too: a product, a measure, a format, a formula's function."""
METRICS = {"auc": {"value": 0.61, "low": 0.5823, "high": 0.6342}, "brier": {"value": None, "low": None, "high": None}}
LEARNT: dict[str, Any] = {
    "kind": "learnt", "seed": 7, "champion": "blend", "learner": "LightGBM", "rounds": {"scorecard": 80, "trees": 200},
    "population": 11822, "visits": 17487, "found": 2461, "first_cohort": "2024-06-30", "last_cohort": "2026-05-31",
    "held_out": 9430, "held_out_by": "time", "drawn_at_random": 1200, "labels_share": 0.1634,
    "odds_by_reason": {"complaint": 2.1, "": 1.3}, "inspectors": {"number": 6, "spread": 1.08},
    "weights": {"by": f"{KNOWN} and {MODELLED}", "cap": 10.0, "capped": 67, "effective": 9096.4, "known": 3},
    "shift": {
        "mean_probability": 0.15, "mean_probability_unweighted": 0.14, "rank_correlation": 0.95, "shared_riskiest_tenth": 0.75,
    },
    "contests": [
        {"challenger": "trees", "champion": "scorecard", "difference": -0.004, "low": -0.007, "high": -0.001, "wins": True},
    ],
    "warnings": {"constant_indicators": ["violation_share", "late_filing_share"], "equal_orders": ["past record"]},
    "against": {
        "model_id": "2026-05-31-0123456789ab", "visits": 900, "difference": 0.01, "low": -0.01, "high": 0.03, "stays": False,
    },
}  # fmt: skip
"""The facts of a model that has all of them."""


def learnt_card() -> str:
    """The stored card of such a model."""
    names = [indicator.column for indicator in catalogue()][:3]
    indicators = [
        {"indicator": name, "direction": way, "importance": weight}
        for name, way, weight in zip(names, (1, -1, 0), (0.3, 0.2, 0.1), strict=True)
    ]
    bins = [
        {"indicator": names[0], "at_least": None, "below": 3.0, "points": -3},
        {"indicator": names[0] + PEER_SUFFIX, "at_least": 3.0, "below": 4.5, "points": 4},
        {"indicator": names[1], "at_least": -1e-05, "below": None, "points": 0},
        {"indicator": names[2], "at_least": None, "below": None, "points": 1},
    ]
    margins = [
        dict.fromkeys(("margin", "probability", "low", "high", "low_quarter", "high_quarter"), value) for value in (0.1, 0.2)
    ]
    card = {
        "model_id": "2026-06-30-abcdef012345", "profile": "cn", "as_of": "2026-06-30", "anomaly_weight": 0.5, "facts": LEARNT,
        "calibration": {"slope": 0.65, "intercept": -0.77, "background": -2.0, "background_slope": 0.05},
        "interval": {"level": 0.9, "rows": margins},
        "evaluation": {"orders": {"model": METRICS, "as it was": METRICS}, "leads": {"as it was": METRICS}, "calibration": METRICS},
        "indicators": indicators, "scorecard": {"base": 540, "share": 0.5, "rows": bins},
    }  # fmt: skip
    return json.dumps(card)


def latin_of(page: str, *known: str) -> list[str]:
    """The runs of Latin words that a page shows in Chinese, without those that are marked as names and codes of data."""
    main = page[page.index("<main") : page.index("</main>")]
    main = re.sub(r"<(script|style)\b.*?</\1>", " ", main, flags=re.DOTALL)
    spoken = re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', main)
    shown = html.unescape(" ".join([re.sub(r"<[^>]*>", "\n", main), *spoken]))
    for name in sorted({*known, *PROPER}, key=len, reverse=True):
        shown = re.sub(rf"(?<![A-Za-z0-9_-]){re.escape(name)}(?![A-Za-z0-9_-])", " ", shown)
    return re.findall(r"(?<![\w.])[A-Za-z][A-Za-z'’-]+(?:[ ,;:]+[A-Za-z][A-Za-z'’-]+)*", shown)


def data_of(run: PublishedRun) -> list[str]:
    """What of a run is a name or a code of data: its model, its profile, its sources."""
    return [
        run.model_id,
        "2026-06-30-abcdef012345",
        str(run.profile.get("name")),
        *(str(source["source"]) for source in run.sources),
    ]


@pytest.mark.parametrize("language", CHINESE)
@pytest.mark.parametrize("address", ["/status/", "/status/model/"])
@pytest.mark.parametrize("is_learnt", [False, True])
def test_no_english_is_left_on_chinese_pages_of_model_and_checks(
    site: Site, language: str, address: str, *, is_learnt: bool
) -> None:
    run = site.run
    run.sources = [stopped_source(), *missing_sources(), *run.sources]
    if is_learnt:
        run.model_card = learnt_card()
    run.save()
    client = site.client("wang")
    client.cookies["language"] = language
    page = client.get(address).content.decode()

    assert f'lang="{language}"' in page
    assert latin_of(page, *data_of(run), LEARNT["against"]["model_id"]) == []
    assert len(re.findall("[\u4e00-\u9fff]", page)) > 300


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_models_page_shows_the_warnings_of_its_model(site: Site, language: str) -> None:
    page = html.unescape(model_page(site, language).content.decode())

    lines = warning_lines(LEARNT, load_texts(language))
    assert len(lines) == 2
    assert all(f"<li>{line}</li>" in page for line in lines)


def model_page(site: Site, language: str) -> Any:
    """The page of a model that was learnt."""
    run = site.run
    run.model_card = learnt_card()
    run.save()
    client = site.client("wang")
    client.cookies["language"] = language
    return client.get("/status/model/")


def stopped_source() -> dict[str, Any]:
    """A source whose newest delivery lacks columns, came late and is short; every rule failed a little."""
    warned = {"severity": "warning", "checked": 10, "failed": 1, "column": "", "delivered_on": None, "observed": 0.1, "limit": 0.0}
    failed: list[dict[str, Any]] = [{**warned, **check} for check in CHECKS]
    failed[0] |= {"severity": "critical", "column": "due_on, filed_on"}
    for check in failed:
        if check["rule_id"] in ("tax_filing_volume", "tax_filing_fresh"):
            check |= {"severity": "critical", "delivered_on": "2026-06-29", "observed": 130.0, "limit": 120.0}
    return {
        "source": "tax", "contract": "tax_filing", "verdict": "stopped", "why": "the delivery of 2026-06-29 may not be used: x",
        "newest_delivery": "2026-06-20", "came": "2026-06-29", "unusable": 2, "known_rows": 10, "checks": 70, "failed": failed,
    }  # fmt: skip


def missing_sources() -> list[dict[str, Any]]:
    said = {"contract": "complaint", "known_rows": 0, "checks": 0, "failed": []}
    return [
        {**said, "source": "tax", "verdict": "missing", "why": "no delivery has come yet", "newest_delivery": None},
        {**said, "source": "tax", "verdict": "missing", "why": "a delivery is expected every day", "newest_delivery": "2026-06-01"},
        {**said, "source": "tax", "verdict": "unchanged", "why": "nothing new since 2026-06-01", "newest_delivery": "2026-06-01"},
        {**said, "source": "tax", "verdict": "stopped", "why": "its mapping cannot be used", "newest_delivery": "2026-06-01"},
        {**said, "source": "tax", "verdict": "not settled", "why": "", "newest_delivery": None},
    ]


@pytest.mark.parametrize(("count", "named"), [(0, 0), (2, 2), (3, 3), (5, 3)])
def test_a_verdict_names_the_first_checks_that_warn_and_counts_the_others(count: int, named: int) -> None:
    warned = [check for check in stopped_source()["failed"] if check["severity"] == "warning"][:count]
    text, _ = why({"verdict": "passed", "newest_delivery": "2026-06-29", "failed": [*warned, *warned]}, "zh-Hans")
    assert [check_name(check, "zh-Hans")[0] in text for check in warned] == [True] * named + [False] * (count - named)
    assert ("等 5 项" in text, "警告" in text) == (count == 5, count > 0)


@pytest.mark.parametrize("language", CHINESE)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check["rule_id"])
def test_every_rule_of_the_contracts_has_a_chinese_name(check: dict[str, str], language: str) -> None:
    name, of_language = check_name(check, language)

    assert of_language == language
    assert not re.search("[A-Za-z]", name)
    assert check_name(check, "en") == (check["about"], "en")


def test_a_rule_that_has_no_word_stays_english_and_is_marked() -> None:
    own = {"rule_id": "shops_open_on_sundays", "about": "shops open on Sundays"}
    assert check_name(own, "zh-Hans") == ("shops open on Sundays", "en")
    assert check_name({"rule_id": "no_column_of_ours_present", "about": "x"}, "zh-Hans") == ("x", "en")


def test_a_verdict_is_explained_by_its_figures() -> None:
    text, language = why(stopped_source(), "zh-Hans")

    assert language == "zh-Hans"
    for part in ("2026-06-29", "2 个文件无法读取", "期限、申报日期", "至少应为 120", "至多应为 120", "截至 2026-06-20"):
        assert part in text
    assert "主体代码已填写" not in text  # a warning, or a row's rule, stops nothing
    assert why(stopped_source(), "en") == (stopped_source()["why"], "en")
    assert why(stopped_source(), "zh-Hant") == (convert_contract_text(text, "zh-Hant"), "zh-Hant")
    assert [why(source, "zh-Hans")[0][:4] for source in missing_sources()] == ["尚无任何", "应到的交", "自 20", "新的交付", ""]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_all_that_the_card_holds(site: Site, language: str) -> None:
    page = model_page(site, language)
    text = html.unescape(page.content.decode())

    figures = "11,822 17,487 16.3 2,461 9,430 1,200 9,096 67 0.1500 75% 1.08 900 540 90% 2.1 0.61 0.5823 0.6342 -0.004"
    assert [figure for figure in figures.split() if figure not in text] == []
    sections = page.context["sections"]
    assert [text.count(html.unescape(section.heading)) > 0 for section in sections] == [True] * 9
    tables = [block for section in sections for block in section.blocks if block.kind == "table"]
    assert [len(block.rows) - 1 for block in tables] == [2, 1, 2, 1, 1, 3, 4]
    assert all(len(row) == len(block.rows[0]) for block in tables for row in block.rows)


def test_an_older_card_in_markdown_is_shown_as_english(site: Site) -> None:
    run = site.run
    run.model_card = "# Model 1\n\nOne sentence.\n"
    run.save()
    client = site.client("wang")
    client.cookies["language"] = "zh-Hans"
    text = client.get("/status/model/").content.decode()
    assert '<div lang="en">' in text
    assert "<p>One sentence.</p>" in text


def test_a_published_card_lists_every_indicator_of_the_model(site: Site) -> None:
    sections = site.client("wang").get("/status/model/").context["sections"]
    assert len(sections[-1].blocks[-1].rows) > 50
