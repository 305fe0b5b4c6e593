"""The published code hierarchies."""

from __future__ import annotations

import pytest

from expectations.standards.hierarchies import load
from simulation.world.industries import season_table, trades
from simulation.world.regions import PREFECTURES, places


def test_an_industry_class_has_its_group_division_and_section_above_it() -> None:
    industries = load("gbt4754")
    assert industries.ancestors("6210") == ("621", "62", "H")
    assert (industries.level("H"), industries.level("6210")) == (1, 4)
    assert industries.name("62", "en") == "Catering"
    assert industries.name("62", "zh-Hans") == "餐饮业"
    assert industries.parent("H") is None


def test_all_sections_and_divisions_are_listed() -> None:
    industries = load("gbt4754")
    assert "".join(industries.codes(1)) == "ABCDEFGHIJKLMNOPQRST"
    assert industries.codes(2) == tuple(f"{number:02d}" for number in range(1, 98))


def test_a_county_has_its_prefecture_and_province_above_it() -> None:
    regions = load("gbt2260")
    assert regions.ancestors("330106") == ("330100", "330000")
    assert regions.name("330000", "en") == "Zhejiang"
    assert regions.name("330106", "en") == "西湖区"  # Chinese, since there is no English name
    assert len(regions.codes(1)) == 34


def test_abolished_regions_are_not_listed() -> None:
    regions = load("gbt2260")
    assert "330103" not in regions  # Xiacheng, merged in 2021
    assert "330113" in regions  # Linping, new in 2021


def test_an_unknown_scheme_is_an_error() -> None:
    with pytest.raises(ValueError, match="no code hierarchy 'isic'; there are gbt2260, gbt4754"):
        load("isic")


def test_an_unknown_code_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        load("gbt4754").parent("0000")


def test_simulated_industries_and_places_have_real_codes() -> None:
    assert all(load("gbt4754").level(trade.code) == 4 for trade in trades())
    assert all(load("gbt2260").level(code) == 2 for code in PREFECTURES)
    assert all(load("gbt2260").level(code) == 3 for code in places().codes)
    assert places().weights.sum() == pytest.approx(1)


def test_a_season_only_shifts_sales_within_the_year() -> None:
    table = season_table()
    assert table.shape == (len(trades()), 12)
    assert table.mean(axis=1) == pytest.approx(1)
