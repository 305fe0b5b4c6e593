"""Standard codes, keys for comparing, and the check of an identifier."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from stdnum.cn import uscc

from expectations.contracts.registration import USCC_ALPHABET
from expectations.standards.hierarchies import load
from jobs.transforms.conform import add_industry_levels, add_region_levels, compare_key, is_valid_id


def ask(spark: SparkSession, values: list[str | None], expression) -> list:
    """What an expression over the column ``x``, or ``entity_id``, gives for each value, in order."""
    frame = spark.createDataFrame([(at, value, value) for at, value in enumerate(values)], "at int, x string, entity_id string")
    frame = frame.select("at", expression.alias("answer"))
    return [row["answer"] for row in frame.orderBy("at").collect()]


def test_the_check_of_a_social_credit_code_is_that_of_python_stdnum(spark: SparkSession) -> None:
    good = "91110000600037341L"
    wrong = [good[:place] + letter + good[place + 1 :] for place in range(18) for letter in USCC_ALPHABET[:12]]
    others = [None, "", "1", good + "1", good.replace("9", "I"), good.lower(), "9111000060003734IL"]
    codes = [good, *wrong, *others]
    expected = [bool(code) and code == uscc.compact(code) and uscc.is_valid(code) for code in codes]
    assert ask(spark, codes, is_valid_id("cn.uscc")) == expected
    assert any(expected)
    assert not all(expected)


def test_a_scheme_without_a_check_accepts_every_value(spark: SparkSession) -> None:
    assert ask(spark, ["42", None], is_valid_id("us.chicago.licence")) == [True, False]


@pytest.mark.parametrize(
    ("code", "section", "division", "group"),
    [
        ("6210", "H", "62", "621"),
        ("H6210", "H", "62", "621"),
        ("62", "H", "62", None),
        ("ZZ99", None, None, None),
        (None, None, None, None),
    ],
)
def test_an_industry_has_its_section_division_and_group(spark: SparkSession, code, section, division, group) -> None:
    frame = spark.createDataFrame([(code,)], "industry_code string").transform(add_industry_levels, load("gbt4754"))
    assert tuple(frame.collect()[0])[1:] == (section, division, group)


def test_a_flat_list_of_codes_is_its_own_hierarchy(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("Bakery", "60601")], "industry_code string, region_code string")
    levels = frame.transform(add_industry_levels, None).transform(add_region_levels, None).collect()[0]
    assert tuple(levels) == ("Bakery", "60601", "Bakery", "Bakery", "Bakery", "60601", "60601")


def test_a_county_has_its_prefecture_and_province(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("330106",)], "region_code string").transform(add_region_levels, load("gbt2260"))
    assert tuple(frame.collect()[0])[1:] == ("330000", "330100")


def test_names_written_differently_have_the_same_key(spark: SparkSession) -> None:
    same = ["杭州（西湖）茶业 有限公司", "杭州(西湖)茶业有限公司", "杭州（西湖）茶业有限公司　"]
    assert len(set(ask(spark, same, compare_key(F.col("x"))))) == 1
    assert ask(spark, ["Ａｃｍｅ, Inc.", "ACME INC", " - ", None], compare_key(F.col("x"))) == ["ACMEINC", "ACMEINC", None, None]
