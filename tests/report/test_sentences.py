"""Sentences that a regulator reads, word for word."""

from __future__ import annotations

import pytest

from expectations.contracts.indicators import Indicator, catalogue
from jobs.foundation.errors import ConfigError
from jobs.texts.languages import LANGUAGES, load_texts
from jobs.texts.names import Names
from jobs.texts.numbers import value_in_sentence
from jobs.texts.reasons import render
from jobs.texts.settings import TextSettings

CNY = TextSettings("CNY", 2)


@pytest.fixture(autouse=True)
def small_catalogue() -> None:
    """These tests are about the real catalogue."""


def of(column: str) -> Indicator:
    return next(indicator for indicator in catalogue() if indicator.column == column)


@pytest.mark.parametrize(
    ("column", "value", "peer", "language", "sentence"),
    [
        ("late_filing_share", 0.375, 0.0, "en", "37.5% of tax returns were late or missing in 24 months (peers: 0%)"),
        ("late_filing_share", 0.375, 0.0, "zh-Hans", "近24个月纳税申报逾期或未报比例37.5%（可比主体中位数0%）"),
        ("late_filing_share", 0.375, 0.0, "zh-Hant", "近24個月納稅申報逾期或未報比例37.5%（可比主體中位數0%）"),
        ("late_filing_share", 0.375, None, "en", "37.5% of tax returns were late or missing in 24 months"),
        ("late_filing_share", 0.375, None, "zh-Hans", "近24个月纳税申报逾期或未报比例37.5%"),
        ("sales_12m", 123_456_700, 9_800, "zh-Hans", "近12个月申报销售额123.46万元（可比主体中位数98元）"),
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
    assert render(of(column), value, peer, Names(load_texts(language), CNY)) == sentence


@pytest.mark.parametrize("indicator", catalogue(), ids=lambda indicator: indicator.column)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_filled_in_every_language(indicator, language):
    for peer in (2.5, None):
        text = render(indicator, 1.25, peer if indicator.peer else None, Names(load_texts(language), CNY))
        assert "{" not in text
        assert "()" not in text
        assert "（）" not in text
        assert text == text.strip()


@pytest.mark.parametrize(
    ("value", "unit", "language", "text"),
    [
        (0.0004, "rate", "en", "0.0004"),
        (1234.6, "count", "en", "1,235"),
        (2.5, "count", "zh-Hans", "2.5"),
        (99_999_999_999, "minor currency unit", "en", "CNY 1 billion"),
        (99_999_999_999, "minor currency unit", "zh-Hans", "10亿元"),
        (999_900, "minor currency unit", "zh-Hans", "9,999元"),
        (-5_000_000, "minor currency unit", "zh-Hans", "-5万元"),
        (0.1, "points", "en", "+10 percentage points"),
        (0.0, "share", "en", "0%"),
    ],
)
def test_a_value_is_written_in_its_unit(value, unit, language, text):
    assert value_in_sentence(value, unit, load_texts(language), CNY) == text


def test_money_has_the_profiles_currency_and_decimals():
    assert value_in_sentence(12_345, "minor currency unit", load_texts("zh-Hans"), TextSettings("JPY", 0)) == "1.23万日元"
    assert value_in_sentence(12_345, "minor currency unit", load_texts("en"), TextSettings("USD")) == "USD 123"


def test_an_unknown_language_is_rejected_by_name():
    with pytest.raises(ConfigError, match="'fr'"):
        load_texts("fr")
