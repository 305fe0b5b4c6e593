"""Lookups that compute values from all records of a key, and numbers of records that are alike."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from pydantic import TypeAdapter
from pyspark.sql import SparkSession

from jobs.formats.raw_records import ROW
from jobs.foundation.errors import ConfigError
from jobs.profile.lookup_schema import Lookup, RowNumber
from jobs.profile.mapping_schema import shape_problems
from jobs.sources.landing import DELIVERED, FILE
from jobs.sources.lookups import one_row_a_key
from jobs.sources.mapped_records import add_row_number

VISITS = """shop,day,risk,points,visit
A,20170102,high,1.10,v1
A,20170101,low,2.20,v2
A,20170101,high,,v3
B,20170103,low,0.05,v4
,20170104,high,9,v5
B,20170103,low,,v6
"""


def lookup_of(key: object = "shop", files: str = "visits.csv", form: str = "csv", **aggregates: dict[str, Any]) -> Lookup:
    settings = {"name": "visit", "files": files, "format": form, "key": key, "aggregate": aggregates}
    return TypeAdapter(Lookup).validate_python(settings)


def computed(folder: Path, lookup: Lookup, text: str = VISITS) -> dict[object, dict[str, Any]]:
    """The lookup's values by key."""
    (folder / "visits.csv").write_text(text, encoding="utf-8")
    rows = one_row_a_key(lookup, folder, folder / "copy").rows
    return {tuple(row.pop(name) for name in lookup.key): row for row in rows.to_pylist()}


@pytest.mark.parametrize(
    ("aggregate", "of_a", "of_b"),
    [
        ({"function": "count"}, 3, 2),
        ({"function": "count", "of": "points"}, 2, 1),
        ({"function": "count", "only": {"risk": ["high"]}}, 2, 0),
        ({"function": "count", "only": {"risk": ["high", "low"], "day": ["20170101"]}}, 2, 0),
        ({"function": "sum", "of": "points"}, Decimal("3.3"), Decimal("0.05")),
        ({"function": "sum", "of": "points", "only": {"risk": ["high"]}}, Decimal("1.1"), None),
        ({"function": "min", "of": "day"}, "20170101", "20170103"),
        ({"function": "max", "of": "day", "type": "bigint"}, 20170102, 20170103),
        ({"function": "first", "of": "visit"}, "v1", "v4"),
        ({"function": "last", "of": "visit"}, "v3", "v6"),
        ({"function": "first", "of": "visit", "order_by": ["day"]}, "v2", "v4"),
        ({"function": "last", "of": "visit", "order_by": ["day", "risk"]}, "v1", "v6"),
        ({"function": "last", "of": "points", "order_by": ["visit"]}, "2.20", "0.05"),
    ],
)
def test_a_value_is_computed_from_all_records_of_a_key(tmp_path: Path, aggregate: dict[str, Any], of_a: Any, of_b: Any) -> None:
    assert computed(tmp_path, lookup_of(value=aggregate)) == {("A",): {"value": of_a}, ("B",): {"value": of_b}}


def test_a_key_may_be_several_columns(tmp_path: Path) -> None:
    found = computed(tmp_path, lookup_of(["shop", "day"], visits={"function": "count"}))
    assert {key: row["visits"] for key, row in found.items()} == {("A", "20170102"): 1, ("A", "20170101"): 2, ("B", "20170103"): 2}


def test_sums_are_exact_and_the_same_in_any_order(tmp_path: Path) -> None:
    amounts = [f"A,{part}" for part in ["0.1", "0.2", "1000000000000000.3", "-1000000000000000.3"] * 25]
    for seed in range(3):
        random.Random(seed).shuffle(amounts)
        found = computed(tmp_path, lookup_of(total={"function": "sum", "of": "x"}), "shop,x\n" + "\n".join(amounts) + "\n")
        assert found["A",]["total"] == Decimal("7.5")


def test_numbers_of_a_parquet_file_keep_their_type(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"shop": ["A", "A"], "n": pa.array([9, 10])}), tmp_path / "v.parquet")
    most = {"function": "max", "of": "n"}
    found = one_row_a_key(lookup_of(files="v.parquet", form="parquet", most=most), tmp_path, tmp_path / "copy")
    assert found.rows.to_pylist() == [{"shop": "A", "most": 10}]


def test_a_value_that_cannot_be_added_up_stops_the_source_with_the_value(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"the lookup visit, total, column 'risk' cannot be read as decimal\(38,6\): .*'low'"):
        computed(tmp_path, lookup_of(total={"function": "sum", "of": "risk"}))


def test_a_column_that_the_file_lacks_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="names 'point'") as caught:
        computed(tmp_path, lookup_of(total={"function": "sum", "of": "point"}))
    assert caught.value.next_step == "did you mean 'points'?"


def test_records_that_cannot_be_read_are_counted_in_a_warning(tmp_path: Path) -> None:
    (tmp_path / "visits.csv").write_text(VISITS + "C,20170105\n", encoding="utf-8")
    rows, warnings, _ = one_row_a_key(lookup_of(visits={"function": "count"}), tmp_path, tmp_path / "copy")
    assert rows.num_rows == 2
    assert [warning.partition(":")[0] for warning in warnings] == ["the lookup visit leaves out 1 records of visits.csv"]


def test_records_that_are_alike_are_numbered_in_any_order_of_the_rows(spark: SparkSession) -> None:
    visits = [  # day of delivery, file, row, shop, score
        ("2017-01-01", "a.csv", 2, "A", "90"), ("2017-01-01", "a.csv", 3, "A", None), ("2017-01-01", "b.csv", 2, "A", "90"),
        ("2017-01-01", "a.csv", 4, "A", "80"), ("2017-01-01", "a.csv", 5, "B", "80"), ("2017-01-02", "c.csv", 2, "A", "90"),
    ]  # fmt: skip
    for seed in range(3):
        random.Random(seed).shuffle(visits)
        rows = spark.createDataFrame(visits, f"{DELIVERED} string, {FILE} string, {ROW} bigint, shop string, score string")
        numbered = add_row_number(rows, RowNumber("visit", ("shop",), ("score",))).collect()
        assert {(row[DELIVERED], row[FILE], row[ROW]): row["visit"] for row in numbered} == {
            ("2017-01-01", "a.csv", 4): 1,
            ("2017-01-01", "a.csv", 2): 2,
            ("2017-01-01", "b.csv", 2): 3,
            ("2017-01-01", "a.csv", 3): 4,
            ("2017-01-01", "a.csv", 5): 1,
            ("2017-01-02", "c.csv", 2): 1,
        }


@pytest.mark.parametrize(
    ("lookup", "number", "sentence", "then"),
    [
        ({"key": ["shop", "dya"]}, {}, "lookups[1].key: 'dya' is not among raw.columns", "did you mean 'day'?"),
        ({"key": []}, {}, "lookups[1].key: is ()", "list the names of the columns"),
        ({"aggregate": {"n": {"function": "cuont"}}}, {}, "lookups[1].aggregate.n.function: is 'cuont'", "did you mean 'count'?"),
        (
            {"aggregate": {"n": {"function": "count", "onyl": {}}}},
            {},
            "lookups[1].aggregate.n.onyl: is no setting",
            "did you mean 'only'?",
        ),
        (
            {"aggregate": {"n": {"function": "sum"}}},
            {},
            "lookups[1].aggregate.n.of: is missing for 'sum'",
            "name the column of the file",
        ),
        (
            {"aggregate": {"n": {"function": "min", "of": "x", "order_by": ["x"]}}},
            {},
            "lookups[1].aggregate.n.order_by: has no meaning for 'min'",
            "remove it, or use one of first, last",
        ),
        (
            {"aggregate": {"n": {"function": "sum", "of": "x", "type": "date"}}},
            {},
            "lookups[1].aggregate.n.type: 'date' cannot be added up",
            "use int, bigint, double or decimal(18,2)",
        ),
        (
            {"columns": ["shop", "points"], "aggregate": {"n": {"function": "sum", "of": "piont"}}},
            {},
            "lookups[1].aggregate.n: 'piont' is not among the lookup's columns",
            "did you mean 'points'?",
        ),
        ({}, {"name": "n", "within": ["sohp"]}, "row_number.within: 'sohp' is not among raw.columns", "did you mean 'shop'?"),
        ({}, {"name": "day", "within": ["shop"]}, "row_number.name: 'day' is the name of a lookup or raw column", "choose another"),
        ({}, {"name": "n", "witihn": ["shop"], "within": ["shop"]}, "row_number.witihn: is no setting", "did you mean 'within'?"),
    ],
)
def test_each_mistake_is_named_with_what_to_do(lookup: dict[str, Any], number: dict[str, Any], sentence: str, then: str) -> None:
    raw = {
        "contract": "complaint",
        "owner": "hotline",
        "format": "csv",
        "files": "c/{delivered_on}/*",
        "delivery": "increment",
        "raw": {"columns": ["shop", "day"]},
        "columns": {"complaint_id": "shop", "received_on": "day"},
        "lookups": [{"name": "visit", "files": "visits.csv", "format": "csv", "key": "shop", **lookup}],
        **({"row_number": number} if number else {}),
    }
    assert [(problem.sentence(), problem.next_step) for problem in shape_problems(raw)] == [(sentence, then)]
