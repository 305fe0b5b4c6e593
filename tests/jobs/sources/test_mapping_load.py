"""Mappings: read whole or refused with every mistake named."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from jobs.foundation.errors import ConfigError
from jobs.profile.mapping import (
    known_at_expression,
    load_mapping,
    load_mappings,
    load_usable_mappings,
    mapped_sources,
    select_expressions,
)

GOOD = """
contract = "complaint"
owner = "热线"
format = "csv"
encoding = "gb18030"
files = "complaint/{delivered_on}/*.csv"
delivery = "increment"
[raw]
columns = ["编号", "日期", "类别", "单位"]
[columns]
complaint_id = "trim(`编号`)"
received_on = "cast(to_timestamp(`日期`, 'yyyy-MM-dd') as date)"
entity_name = "nullif(`单位`, '日期')"
[translate.category]
from = "类别"
values = { "食品" = "food_safety", "其他" = "other" }
[limits]
complaint_fresh = 30
"""


def write_mapping(folder: Path, text: str = GOOD, name: str = "complaints") -> Path:
    path = folder / "sources" / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_mapping_is_named_by_its_file_and_has_defaults_for_what_it_leaves_out(tmp_path: Path) -> None:
    mapping = load_mapping(write_mapping(tmp_path))
    assert mapping.name == "complaints"
    assert mapping.contract.name == "complaint"
    assert mapping.raw.columns == ("编号", "日期", "类别", "单位")
    assert (mapping.delimiter, mapping.every_days, mapping.absence, mapping.nulls) == (",", 1, "nothing", ("",))
    assert mapping.limits == {"complaint_fresh": 30}


def test_mappings_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        write_mapping(tmp_path, name=name)
    assert list(load_mappings(tmp_path)) == ["a", "b", "c"]


def test_mappings_that_cannot_be_used_are_listed_separately_and_still_mapped(tmp_path: Path) -> None:
    write_mapping(tmp_path, name="a")
    write_mapping(tmp_path, 'contract = "registration', name="b")
    write_mapping(tmp_path, GOOD.replace("increment", "sometimes"), name="c")
    (tmp_path / "sources" / "d.toml").mkdir()
    usable, unusable = load_usable_mappings(tmp_path)
    assert list(usable) == ["a"]
    for name, why in {"b": "the mapping is not valid TOML", "c": "'sometimes'", "d": "the mapping cannot be read"}.items():
        assert why in unusable[name].what
    assert mapped_sources(tmp_path) == ["a", "b", "c", "d"]


def test_every_contract_column_has_an_expression_of_its_type(tmp_path: Path) -> None:
    expressions = select_expressions(load_mapping(write_mapping(tmp_path)))
    assert list(expressions)[:3] == ["complaint_id", "received_on", "entity_id"]
    assert expressions["entity_id"] == "cast(NULL as string)"
    assert expressions["complaint_id"] == "try_cast((trim(`编号`)) as string)"


def test_casts_that_would_raise_on_bad_input_give_null_instead(tmp_path: Path) -> None:
    expressions = select_expressions(load_mapping(write_mapping(tmp_path)))
    called = set(re.findall(r"(\w+)\(", expressions["received_on"]))
    assert {"try_cast", "try_to_timestamp"} <= called
    assert not {"cast", "to_timestamp"} & called


@pytest.mark.parametrize(
    "sql", ["cast(`日期` as date)", "cast(to_timestamp(`日期`) as date)", "cast(cast(`日期` as timestamp) as date)"]
)
def test_dates_and_instants_outside_the_years_1_to_9999_are_null(tmp_path: Path, spark, sql: str) -> None:
    text = GOOD.replace("[raw]", 'known_at = "cast(`日期` as timestamp)"\n[raw]')
    text = text.replace("cast(to_timestamp(`日期`, 'yyyy-MM-dd') as date)", sql)
    mapping = load_mapping(write_mapping(tmp_path, text))
    last = "9999-12-31 23:59:59.999999"
    given = ["0001-01-01 00:00:00", last, "0000-12-31 23:59:59", "10000-01-01 00:00:00", "294247-01-10 04:00:54", "-0001-01-01"]
    rows = spark.createDataFrame([(value,) for value in given], "`日期` string")
    known_at, received_on = known_at_expression(mapping, ZoneInfo("UTC")), select_expressions(mapping)["received_on"]
    found = rows.selectExpr(f"cast({known_at} as string)", f"cast({received_on} as string)").collect()
    assert [tuple(row) for row in found] == [("0001-01-01 00:00:00", "0001-01-01"), (last, "9999-12-31"), *[(None, None)] * 4]


@pytest.mark.parametrize(
    ("sql", "sound", "extreme"),
    [
        ("from_unixtime(cast(`日期` as bigint))", "1767139200", ["253402300800", "8210266876800", "9223372036854775807"]),
        ("from_unixtime(`日期`)", "1767139200", ["253402300800", "-9223372036854775808", "2025-12-31", "99999999999999999999"]),
        ("timestamp_millis(cast(`日期` as bigint))", "1767139200000", ["9223372036854775", "-9223372036854775808"]),
        ("cast(timestamp_millis(cast(`日期` as bigint)) as date)", "1767139200000", ["9223372036854775"]),
        ("cast(cast(`日期` as bigint) as timestamp)", "1767139200", ["1767139200000000", "-9223372036854775808"]),
        ("cast(cast(`日期` as double) as timestamp)", "1767139200", ["1e300", "-1e18", "NaN", "Infinity"]),
        ("date_add(DATE'1899-12-30', cast(`日期` as int))", "46022", ["99999999", "-2147483648"]),
        ("date_sub(DATE'1899-12-30', cast(`日期` as int))", "-46022", ["99999999", "-2147483648"]),
        ("add_months(DATE'1899-12-31', `日期`)", "1512", ["99999999", "-2147483648"]),
        ("last_day(cast(`日期` as date))", "2025-12-01", ["+262142-12-31", "+5000000-01-01"]),
        ("to_utc_timestamp(cast(`日期` as date), 'UTC')", "2025-12-31", ["+262142-12-31", "+5000000-01-01"]),
        ("try_make_timestamp(cast(`日期` as int), 12, 31, 0, 0, 0)", "2025", ["20251231", "-2147483648"]),
        ("try_to_timestamp(`日期`, 'yyyy-MM-dd')", "2025-12-31", ["+300000-01-01", "-300000-01-01", "+12025-12-31"]),
        ("try_to_timestamp(`日期`, 'dd.MM.yyyy')", "31.12.2025", ["31.12.+300000"]),
        ("try_to_timestamp(`日期`, 'yyyy-MM-dd HH:mm:ssXXX')", "2025-12-31 08:00:00+08:00", ["+300000-12-31 08:00:00+08:00"]),
    ],
)
def test_numbers_and_texts_far_outside_the_calendar_are_null(
    tmp_path: Path, spark, sql: str, sound: str, extreme: list[str]
) -> None:
    mapping = load_mapping(write_mapping(tmp_path, GOOD.replace("cast(to_timestamp(`日期`, 'yyyy-MM-dd') as date)", sql)))
    rows = spark.createDataFrame([(value,) for value in [sound, *extreme]], "`日期` string")
    found = rows.selectExpr(f"cast({select_expressions(mapping)['received_on']} as string)").collect()
    assert [row[0] for row in found] == ["2025-12-31", *[None] * len(extreme)]


def test_an_expression_names_its_raw_columns_but_not_those_in_strings(tmp_path: Path) -> None:
    mapping = load_mapping(write_mapping(tmp_path))
    assert mapping.raw_inputs("entity_name") == ("单位",)
    assert mapping.raw_inputs("category") == ("类别",)
    assert mapping.raw_inputs("address") == ()


@pytest.mark.parametrize(
    "spelling", ["visit.Results", "`visit`.`Results`", "`visit.Results`", "visit.`Results`", "visit . Results"]
)
def test_a_lookups_column_is_found_however_it_is_spelt(tmp_path: Path, spelling: str) -> None:
    text = GOOD.replace("nullif(`单位`, '日期')", f"concat({spelling}, `编号`)")
    text += '[[lookups]]\nname = "visit"\nfiles = "v.parquet"\nformat = "parquet"\nkey = "编号"\n'
    mapping = load_mapping(write_mapping(tmp_path, text))
    assert mapping.raw_inputs("entity_name") == ("visit.Results", "编号")
    assert select_expressions(mapping)["entity_name"] == "try_cast((concat(`visit`.`Results`, `编号`)) as string)"


@pytest.mark.parametrize("sql", ["nullif(`单位`, '日期)", "trim(`单位)"])
def test_an_expression_with_a_text_or_name_that_does_not_end_is_refused(tmp_path: Path, sql: str) -> None:
    with pytest.raises(ConfigError, match=r"columns\.entity_name: has a text or a name that does not end"):
        load_mapping(write_mapping(tmp_path, GOOD.replace("nullif(`单位`, '日期')", sql)))


def test_expressions_run_and_unlisted_values_are_null(tmp_path: Path, spark) -> None:
    mapping = load_mapping(write_mapping(tmp_path))
    rows = spark.createDataFrame(
        [(" 1 ", "2026-01-31", " 食品", "甲"), ("2", "31/01/2026", "它物", "乙")],
        "`编号` string, `日期` string, `类别` string, `单位` string",
    )
    wanted = [f"{sql} as {name}" for name, sql in select_expressions(mapping).items()]
    found = rows.selectExpr(*wanted).select("complaint_id", "received_on", "category").collect()
    assert [tuple(row) for row in found] == [("1", date(2026, 1, 31), "food_safety"), ("2", None, None)]


def test_translated_values_may_hold_quotes_and_backslashes(tmp_path: Path, spark) -> None:
    text = GOOD.replace('"其他" = "other"', '"it\'s \\\\ x" = "other"')
    mapping = load_mapping(write_mapping(tmp_path, text))
    rows = spark.createDataFrame([("it's \\ x",)], "`类别` string")
    assert rows.selectExpr(f"{select_expressions(mapping)['category']} as c").collect()[0][0] == "other"


def test_a_record_is_known_from_the_start_of_its_delivery_day_in_the_profiles_time_zone(tmp_path: Path, spark) -> None:
    mapping = load_mapping(write_mapping(tmp_path))
    rows = spark.sql("select date'2026-01-31' as delivered_on")
    known_at = rows.selectExpr(f"cast({known_at_expression(mapping, ZoneInfo('Asia/Shanghai'))} as string) as t").collect()[0][0]
    assert known_at == "2026-01-30 16:00:00"


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ('format = "csv"', 'format = "xls"', "format: is 'xls'"),
        ('owner = "热线"', "", "owner: is missing"),
        ('encoding = "gb18030"', 'encodign = "gb18030"', "encodign: is no setting"),
        ('encoding = "gb18030"', 'encoding = "base64"', "encoding: is 'base64'"),
        ('encoding = "gb18030"', 'encoding = "no\\u0000such"', "encoding: is"),
        ('contract = "complaint"', 'contract = "complaints"', "'complaints' is no contract"),
        ("{delivered_on}/", "", "files: 'complaint/*.csv' says no delivery date"),
        ("complaint/{", "../{", "may leave the sources folder"),
        ("complaint/{", "/etc/{", "may leave the sources folder"),
        ('delivery = "increment"', 'delivery = "increment"\ndelivered_on = 2026-01-01', "delivered_on: is given"),
        ('delivery = "increment"', 'delivery = "increment"\nabsence = "removed"', "absence: 'removed' has no meaning"),
        ('delivery = "increment"', 'delivery = "increment"\nevery_days = true', "every_days: is True"),
        ('delivery = "increment"', 'delivery = "increment"\nevery_days = 900000', "every_days: is 900000"),
        ('delivery = "increment"', 'delivery = "increment"\ncut_off = "6:00"', "cut_off: is '6:00'"),
        ('delivery = "increment"', 'delivery = "increment"\ncut_off = "24:00"', "cut_off: is '24:00'"),
        ("complaint_fresh = 30", "complaint_fresh = nan", "limits.complaint_fresh: is nan"),
        ('delivery = "increment"', 'delivery = "increment"\ndelimiter = ";;"', "delimiter: is ';;'"),
        ('"编号", "日期"', '"编号", "编号", "日期"', "'编号' is listed twice"),
        ("[columns]", "[columns]\nnmae = \"'x'\"", "columns.nmae: the contract complaint has no such column"),
        ("[columns]", "[columns]\nseverity = 3", "columns.severity: is 3"),
        ("complaint_id = \"trim(`编号`)\"", "", "columns.complaint_id: the contract complaint requires it"),
        ('from = "类别"', 'from = "类型"', "translate.category.from: '类型' is not among raw.columns"),
        ('"food_safety"', '"food"', "'food' is no value of category"),
        ("complaint_fresh", "complaint_fersh", "limits.complaint_fersh: the contract complaint has no such batch rule"),
        ("complaint_fresh = 30", 'complaint_fresh = "30"', "limits.complaint_fresh: is '30'"),
    ],
)  # fmt: skip
def test_each_mistake_is_named(tmp_path: Path, before: str, after: str, named: str) -> None:
    assert before in GOOD
    with pytest.raises(ConfigError) as caught:
        load_mapping(write_mapping(tmp_path, GOOD.replace(before, after, 1)))
    assert named in caught.value.what
    assert caught.value.where.endswith("complaints.toml")


def test_a_missing_setting_names_the_section_that_explains_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_mapping(write_mapping(tmp_path, GOOD.replace('delivery = "increment"', "", 1)))
    assert (caught.value.what, caught.value.next_step) == (
        "delivery: is missing",
        "add it; docs/reference/mapping.md#the-mapping explains it",
    )


def test_a_fixed_delivery_needs_its_own_known_at(tmp_path: Path) -> None:
    text = GOOD.replace("complaint/{delivered_on}/*.csv", "complaints.csv").replace(
        "delivery =", "delivered_on = 1970-01-01\ndelivery ="
    )
    with pytest.raises(ConfigError, match="known_at: is missing"):
        load_mapping(write_mapping(tmp_path, text))
    mapping = load_mapping(write_mapping(tmp_path, text.replace("[raw]", 'known_at = "to_timestamp(`日期`)"\n[raw]')))
    assert mapping.delivered_on == date(1970, 1, 1)
    assert "try_to_timestamp(" in known_at_expression(mapping, ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    "text", ["contract = ", "contract = 'a'\ncontract = 'b'", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1") + "="]
)
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_mapping(write_mapping(tmp_path, text))


@pytest.mark.parametrize("name", ["Tax", "a-b", "税务", "it's", "1a"])
def test_a_name_that_cannot_stand_in_paths_and_tables_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be a source's name"):
        load_mapping(write_mapping(tmp_path, name=name))


def test_a_json_lookup_lists_its_keys(tmp_path: Path) -> None:
    text = GOOD + '[[lookups]]\nname = "visit"\nfiles = "v.jsonl"\nformat = "jsonl"\nkey = "编号"\n'
    with pytest.raises(ConfigError, match=r"lookups\[1\].columns: is missing"):
        load_mapping(write_mapping(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_mapping(tmp_path / "gone.toml")


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    text = (
        GOOD.replace('format = "csv"', 'format = "xls"').replace('"food_safety"', '"food"').replace('owner = "热线"', "owner = 1")
    )
    with pytest.raises(ConfigError) as caught:
        load_mapping(write_mapping(tmp_path, text))
    assert all(part in caught.value.what for part in ("format", "food", "owner"))
