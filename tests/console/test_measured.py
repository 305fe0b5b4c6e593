"""Numbers with their units: no page shows money in fens, or a share of 0.125 that stands for an eighth."""

from __future__ import annotations

import pytest

from console.core.texts import load_texts
from expectations.contracts.indicators import catalogue
from jobs.texts.languages import LANGUAGES
from jobs.texts.numbers import value_with_unit
from jobs.texts.settings import TextSettings
from tests.console.conftest import HANGZHOU, Site

CNY = TextSettings("CNY", 2)


@pytest.mark.parametrize(
    ("value", "unit", "en", "zh"),
    [
        (123_456_700, "minor currency unit", "CNY 1,234,567", "CNY 1,234,567"),
        (123_456_789, "minor currency unit", "CNY 1,234,567.89", "CNY 1,234,567.89"),
        (0.125, "share", "12.5%", "12.5%"),
        (-0.5, "change", "-50%", "-50%"),
        (0.031, "points", "+3.1 percentage points", "+3.1 个百分点"),
        (2.5, "z", "+2.50 standard deviations", "+2.50 个标准差"),
        (1, "days", "1 day", "1 天"),
        (45, "days", "45 days", "45 天"),
        (1.5, "months", "1.5 months", "1.5 个月"),
        (3, "periods", "3 periods", "3 期"),
        (3, "grade", "grade 3", "3 级"),
        (1, "flag", "Yes", "是"),
        (0, "flag", "No", "否"),
        (12_345, "count", "12,345", "12,345"),
        (None, "share", "–", "–"),
    ],
)
def test_a_value_carries_its_unit(value: float | None, unit: str, en: str, zh: str) -> None:
    assert value_with_unit(value, unit, load_texts("en"), CNY) == en
    assert value_with_unit(value, unit, load_texts("zh-Hans"), CNY) == zh


def test_money_is_the_profiles() -> None:
    assert value_with_unit(5000, "minor currency unit", load_texts("en"), TextSettings("JPY", 0)) == "JPY 5,000"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("unit", sorted({indicator.unit for indicator in catalogue()}))
def test_every_unit_of_the_catalogue_can_be_read(unit: str, language: str) -> None:
    is_plain = value_with_unit(0.5, unit, load_texts(language), CNY) == "0.5"

    assert is_plain is (unit in ("count", "ratio", "rate", "score"))


def test_an_entitys_reasons_show_value_and_median_in_their_unit(site: Site) -> None:
    units = {indicator.column: indicator.unit for indicator in catalogue()}
    shown = set()
    for entity in site.all_ranked(is_listed=True, region_middle=HANGZHOU)[:20]:
        page = site.client("wang").get(f"/entity/{entity.entity_id}/")
        for reason in page.context["reasons"]:
            for value in (reason.value, reason.peer_median):
                words = value_with_unit(value, units[reason.indicator], load_texts("en"), TextSettings.of_stored(site.run.profile))
                assert f"<dd>{words}" in page.content.decode()
            shown.add(units[reason.indicator])

    assert len(shown - {"count", "ratio", "rate"}) > 2
