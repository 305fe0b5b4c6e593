"""The source mappings of the profile ``cn`` read the simulated deliveries."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from expectations.contracts import complaint, inspection, registration, tax_filing
from simulation.sources.faults import BAD_BYTES

MAPPINGS = Path(__file__).resolve().parents[2] / "config" / "cn" / "sources"
CONTRACTS = {
    "registration": registration.CONTRACT,
    "tax": tax_filing.CONTRACT,
    "complaint": complaint.CONTRACT,
    "inspection": inspection.CONTRACT,
}


def mapping(source: str) -> dict[str, Any]:
    return tomllib.loads((MAPPINGS / f"{source}.toml").read_text(encoding="utf-8"))


def raw_rows(world: Path, source: str) -> pd.DataFrame:
    """The valid records of a source's last delivery, read without the project's readers."""
    folder = max((world / "sources" / source).iterdir())
    path = next(folder.iterdir())
    if path.suffix == ".parquet":
        return pd.read_parquet(path).iloc[:200]
    encoding = mapping(source).get("encoding", "utf-8")
    text = [line.decode(encoding) for line in path.read_bytes().split(b"\n")[:-1] if BAD_BYTES not in line]
    if path.suffix == ".jsonl":
        return pd.DataFrame([json.loads(line) for line in text if line.endswith("}")])
    rows = list(csv.reader(io.StringIO("\n".join(text))))
    kept = [[value or None for value in row] for row in rows[1:] if len(row) == len(rows[0])]
    return pd.DataFrame(kept, columns=rows[0])


@pytest.mark.parametrize("source", CONTRACTS)
def test_a_mapping_has_only_columns_of_its_contract_and_all_required_ones(source: str) -> None:
    found = mapping(source)
    assert found["contract"] == CONTRACTS[source].name
    mapped = {*found["columns"], *found.get("translate", {})}
    assert mapped <= {str(column) for column in CONTRACTS[source].columns}
    assert {str(column) for column in CONTRACTS[source].required} <= mapped


@pytest.mark.parametrize("source", CONTRACTS)
def test_a_mapping_expects_the_columns_that_are_delivered(world: Path, source: str) -> None:
    assert list(raw_rows(world, source).columns) == mapping(source)["raw"]["columns"]


@pytest.mark.parametrize("source", CONTRACTS)
def test_translations_give_values_of_the_contract(source: str) -> None:
    for column, translation in mapping(source).get("translate", {}).items():
        assert set(translation["values"].values()) <= set(CONTRACTS[source].values[column])


@pytest.mark.parametrize("source", CONTRACTS)
def test_every_expression_reads_valid_rows(spark: SparkSession, world: Path, source: str) -> None:
    raw = raw_rows(world, source)
    is_text = mapping(source)["format"] != "parquet"
    schema = ", ".join(f"`{column}` string" for column in raw.columns) if is_text else None
    frame = spark.createDataFrame(raw.astype(object).where(raw.notna(), None), schema)
    found = mapping(source)
    expressions = {**found["columns"], **({"known_at": found["known_at"]} if "known_at" in found else {})}
    mapped = frame.selectExpr(*[f"{sql} as {name}" for name, sql in expressions.items()]).toPandas()
    for name in (column for column in CONTRACTS[source].required if column in expressions):
        assert mapped[str(name)].notna().mean() > 0.9, name


def test_money_is_read_to_the_fen(spark: SparkSession, world: Path) -> None:
    raw = raw_rows(world, "tax")
    raw = raw[raw["xse"].notna()]
    expression = mapping("tax")["columns"]["declared_revenue_minor"]
    read = spark.createDataFrame(raw[["xse"]]).selectExpr(f"{expression} as fen").toPandas()["fen"]
    assert [int(value) for value in read] == [int(value * 100) for value in raw["xse"]]


def test_local_times_become_utc(spark: SparkSession) -> None:
    expression = mapping("inspection")["known_at"]
    frame = spark.createDataFrame([("2026-06-30 07:30:00",), ("soon",)], "`上报时间` string")
    read = [row[0] for row in frame.selectExpr(expression).collect()]
    assert [value.replace(tzinfo=None) if value else None for value in read] == [datetime(2026, 6, 29, 23, 30), None]


def test_an_impossible_day_is_null(spark: SparkSession) -> None:
    expression = mapping("registration")["columns"]["established_on"]
    frame = spark.createDataFrame([("2026-02-30",), ("2026-02-28",)], "`成立日期` string")
    assert [row[0] for row in frame.selectExpr(expression).collect()] == [None, date(2026, 2, 28)]
