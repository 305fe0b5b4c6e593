"""Peer groups, indicators, numbers and model cards in words."""

from __future__ import annotations

import re
import string

import pytest
from pyspark.sql import SparkSession

from jobs.profile.profile import Profile
from jobs.texts.languages import in_language, language_of, load_texts
from jobs.texts.model_card import Block, Section, card_markdown, stored_sections
from jobs.texts.names import Names, indicator_texts
from jobs.texts.numbers import number
from jobs.texts.peer_groups import peer_group_in_words
from jobs.texts.settings import TextSettings
from jobs.transforms.features.peers import LEVELS, PARTS, assign_groups, count_cells

MAINLAND = re.compile(
    "數據|信息|默認|鏈接|(?<!法定)程序|用戶|保存|質量|導出|文件|字符|概率|設置|打印|搜索|哈希|合同|聯繫|水平|紅衝"
)
"""Mainland terms that OpenCC keeps and for which Traditional Chinese has other words. (法定程序, a lawful procedure, is right.)"""
STORED = ("reason.", "unit.", "peer.")
"""The sections whose texts are stored with a day's list."""


def test_indicators_have_the_terms_of_traditional_chinese() -> None:
    assert [key for key, text in indicator_texts("zh-Hant").words.items() if MAINLAND.search(text)] == []


def test_traditional_chinese_uses_its_own_terms_and_the_same_placeholders() -> None:
    simplified, traditional = load_texts("zh-Hans").words, load_texts("zh-Hant").words

    assert traditional.keys() == simplified.keys()
    assert [key for key, text in traditional.items() if MAINLAND.search(text) and not key.startswith(STORED)] == []
    for key, text in simplified.items():
        filled, wanted = ({name for _, name, _, _ in string.Formatter().parse(one)} - {None} for one in (traditional[key], text))
        assert filled == wanted, key


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("all", "all businesses"),
        ("industry_division=52, size_band=2", "Retail · yearly sales of 100,000 to under 1,000,000 CNY"),
        ("industry_section=F, size_band=4", "Wholesale and retail trade · yearly sales of 10,000,000 CNY or more"),
        ("size_band=-, age_band=0", "yearly sales not known · years in business: under 1"),
        ("age_band=3, region_middle=330100", "years in business: 10 or more · 杭州市, Zhejiang"),
        ("wards north", "wards north"),
    ],
)
def test_a_peer_group_is_described_in_words(profile: Profile, label: str, words: str) -> None:
    assert peer_group_in_words(label, load_texts("en"), TextSettings.of(profile)) == words


def test_a_peer_group_is_described_in_chinese(profile: Profile) -> None:
    texts, settings = load_texts("zh-Hans"), TextSettings.of(profile)
    assert peer_group_in_words("industry_division=52, age_band=1", texts, settings) == "零售业 · 成立 1 年以上不满 3 年"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (12345.0, "12,345"),
        (1234.56, "1,235"),
        (0.5, "0.5"),
        (2.999, "3"),
        (0.01234, "0.0123"),
        (-0.25, "-0.25"),
        (None, "–"),
    ],
)
def test_numbers_keep_their_significant_digits(value: float | None, text: str) -> None:
    assert number(value) == text


def test_a_value_has_its_unit(profile: Profile) -> None:
    names = Names.of(profile, "en")
    assert names.value("late_filing_ratio", 0.25) == "25%"
    assert names.value("late_filing_ratio", None) == "not known"
    assert names.value("of_no_catalogue", 3.0) == "3"


def test_an_indicator_is_named_by_its_definition_in_chinese(profile: Profile) -> None:
    assert Names.of(profile, "en").indicator("late_filing_ratio") == "T1 late filing ratio"
    assert Names.of(profile, "zh-Hant").indicator("late_filing_ratio") == "T1 逾期申報佔應申報的比例"


def test_a_code_without_a_name_is_shown_itself(profile: Profile) -> None:
    names = Names.of(profile, "en")
    assert names.industry("ZZ") == "ZZ"
    assert names.region("") == "not known"


def test_chinese_text_is_detected() -> None:
    assert [language_of(text) for text in ("杭州 Ltd", "Café 7", "")] == ["zh-Hans", "", ""]


def test_a_text_falls_back_to_the_nearest_language() -> None:
    assert in_language({"en": "Town", "zh-Hans": "县"}, "zh-Hant") == "縣"
    assert in_language({"en": "Town"}, "zh-Hans") == "Town"


def test_an_older_model_card_in_markdown_is_one_section_of_paragraphs() -> None:
    card = "# Model 1\n\nOne\ntwo.\n\n## Data\n\n- a\n- b\n"
    texts = ("One\ntwo.", "## Data", "- a\n- b")
    assert stored_sections(card, "en") == (Section("Model 1", tuple(Block("text", ((text,),)) for text in texts)),)
    assert stored_sections("", "en") == ()
    assert card_markdown(card) == card


def test_every_level_of_peer_groups_can_be_described(profile: Profile) -> None:
    labels = [
        ", ".join(f"{part}={value}" for part, value in zip(level, ("621", "1", "2", "330100"), strict=False))
        for level in LEVELS[:-1]
    ]
    for label in labels:
        assert "=" not in peer_group_in_words(label, load_texts("en"), TextSettings.of(profile))


def test_labels_are_written_and_read_with_the_same_separator(spark: SparkSession) -> None:
    parts = ", ".join(f"'{part}' AS {part}" for part in PARTS)
    entities = spark.sql(f"SELECT 'c' AS cell, {parts}, true AS is_active")
    (group,) = [row["peer_group"] for row in assign_groups(count_cells(entities), 1).collect()]
    assert group == ", ".join(f"{part}={part}" for part in LEVELS[0])
