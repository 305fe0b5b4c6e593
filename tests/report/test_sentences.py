"""Sentences that a regulator reads, word for word."""

from __future__ import annotations

import pytest

from expectations.contracts.indicators import Indicator, catalogue
from jobs.texts.languages import LANGUAGES
from jobs.texts.reasons import format_value, render


def of(column: str) -> Indicator:
    return next(indicator for indicator in catalogue() if indicator.column == column)


@pytest.mark.parametrize(
    ("column", "value", "peer", "language", "sentence"),
    [
        ("late_filing_share", 0.375, 0.0, "en", "37.5% of tax returns were late or missing in 24 months (peers: 0%)"),
        ("late_filing_share", 0.375, 0.0, "zh-Hans", "近24个月纳税申报逾期或未报比例37.5%（同行中位数0%）"),
        ("late_filing_share", 0.375, 0.0, "zh-Hant", "近24個月納稅申報逾期或未報比例37.5%（同行中位數0%）"),
        ("late_filing_share", 0.375, None, "en", "37.5% of tax returns were late or missing in 24 months"),
        ("late_filing_share", 0.375, None, "zh-Hans", "近24个月纳税申报逾期或未报比例37.5%"),
        ("sales_12m", 123_456_700, 9_800, "zh-Hans", "近12个月申报销售额123.46万元（同行中位数98元）"),
        ("sales_12m", 123_456_700, 9_800, "en", "Declared sales of CNY 1.23 million in 12 months (peers: CNY 98)"),
        ("days_since_visit", 1, None, "en", "Last visited 1 day ago"),
        ("age_days", 1461, None, "en", "Established 4 years ago"),
        ("age_days", 1461, None, "zh-Hans", "成立已4年"),
        ("sales_growth", -0.12, 0.03, "en", "Sales changed by -12% on the year (peers: +3%)"),
        ("worst_complaint_90d", 4, None, "zh-Hant", "近90日最嚴重投訴為4級"),
        ("platform_flag", 1, None, "zh-Hant", "經營交易平台：是"),
        ("platform_flag", 0, None, "en", "Runs a trading platform: no"),
    ],
)
def test_a_sentence_reads(column, value, peer, language, sentence):
    assert render(of(column), value, peer, language) == sentence


@pytest.mark.parametrize("indicator", catalogue(), ids=lambda indicator: indicator.column)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_filled_in_every_language(indicator, language):
    for peer in (2.5, None):
        text = render(indicator, 1.25, peer if indicator.peer else None, language)
        assert "{" not in text
        assert "()" not in text
        assert "（）" not in text
        assert text == text.strip()


@pytest.mark.parametrize(
    ("value", "unit", "chinese", "text"),
    [
        (0.0004, "rate", False, "0.0004"),
        (1234.6, "count", False, "1,235"),
        (2.5, "count", True, "2.5"),
        (99_999_999_999, "minor currency unit", False, "CNY 1 billion"),
        (99_999_999_999, "minor currency unit", True, "10亿元"),
        (999_900, "minor currency unit", True, "9,999元"),
        (-5_000_000, "minor currency unit", True, "-5万元"),
        (0.1, "points", False, "+10 percentage points"),
        (0.0, "share", False, "0%"),
    ],
)
def test_a_value_is_written_in_its_unit(value, unit, chinese, text):
    assert format_value(value, unit, chinese=chinese) == text


def test_money_has_the_profile_s_currency_and_decimals():
    assert format_value(12_345, "minor currency unit", chinese=True, currency="JPY", minor_units=0) == "1.23万日元"
    assert format_value(12_345, "minor currency unit", chinese=False, currency="USD") == "USD 123"


def test_another_language_is_refused_by_name():
    with pytest.raises(ValueError, match="'fr'"):
        render(of("age_days"), 1, None, "fr")
