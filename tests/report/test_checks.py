"""Names of checks and reasons of verdicts in each language."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from jobs.lake.source_results import Check, Counts, RuleResult, Source
from jobs.profile.profile import Profile
from jobs.report.daily_report import gather
from jobs.report.page import render_page, verdict_facts
from jobs.texts.checks import check_name, why
from tests.report.example_day import AS_OF

CHECK = Check("platform_id_present", "critical", "platform_id is given", "platform_id", "", 9, 1, False, None, None)
SHORT = replace(CHECK, rule_id="tax_filing_volume", about="x", delivered_on="2026-01-31", observed=130.0, limit=1200.0)
STOPPED = Source(
    name="tax",
    verdict="stopped",
    why="the delivery of 2026-01-31 may not be used: x",
    newest_delivery=date(2026, 1, 29),
    known_rows=90,
    deliveries=((date(2026, 1, 31), Counts()),),
    rules=tuple(RuleResult(check, 1, 9, 1, (check,)) for check in (CHECK, SHORT)),
    unusable=2,
)


@pytest.mark.parametrize(
    ("language", "name"), [("en", "platform_id is given"), ("zh-Hans", "平台代码已填写"), ("zh-Hant", "平台代碼已填寫")]
)
def test_a_rule_is_named_in_the_pages_language(language: str, name: str) -> None:
    assert check_name(vars(CHECK), language) == (name, language)


def test_a_rule_without_a_translation_stays_english_and_is_marked() -> None:
    own = replace(CHECK, rule_id="shops_open_on_sundays", about="shops open on Sundays")
    assert check_name(vars(own), "zh-Hant") == ("shops open on Sundays", "en")


def test_a_verdict_is_explained_by_its_figures() -> None:
    reasons = "2 个文件无法读取；记录数不低于按以往交付预期的水平（实际 130，至少应为 1,200）"
    said = f"2026-01-31 的交付不能使用：{reasons}。继续使用截至 2026-01-29 的数据。"
    assert why(verdict_facts(STOPPED), "zh-Hans") == (said, "zh-Hans")
    assert why(verdict_facts(STOPPED), "en") == (STOPPED.why, "en")
    assert why(verdict_facts(replace(STOPPED, verdict="not settled")), "zh-Hans") == (STOPPED.why, "en")


def test_a_verdict_says_in_chinese_which_deliveries_came_late_or_again() -> None:
    one = replace(STOPPED, verdict="passed", late=("2026-01-02",))
    said = "2026-01-29 的交付已通过检查。"
    assert why(verdict_facts(one), "zh-Hans")[0] == said + "2026-01-02 的交付为迟交或重新提交，已投入使用。"
    two = replace(one, late=("2026-01-02", "2026-01-05"))
    assert why(verdict_facts(two), "zh-Hans")[0] == said + "2026-01-02 至 2026-01-05 有 2 次交付为迟交或重新提交，已投入使用。"


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
def test_a_chinese_page_shows_only_untranslated_checks_in_english(home: Path, profile: Profile, language: str) -> None:
    page = render_page(gather(home, profile, AS_OF), language)
    checks = page.partition('<section class="tab" id="checks"')[2].partition('<section class="tab"')[0]

    assert "the id is given" not in checks.partition('id="checks-tax"')[0]  # entity_id_present, which has a translation
    assert checks.count('<span lang="en">') == 1
    assert '<span lang="en">the id is given</span><br><small class="code">period_present' in checks
