"""Selections and aggregations in SQL: their results, and that building them does not call the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.connect.client import SparkConnectClient
from pyspark.sql.connect.dataframe import DataFrame as ConnectFrame

from jobs.transforms.frames import aggregate, select


@pytest.fixture
def rows(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame([("a", 1), ("a", 2), ("b", 4)], "name string, number long")


def doubled_sums(rows: DataFrame) -> DataFrame:
    doubled = rows.transform(select, "name", "2 * number AS number")
    return doubled.transform(aggregate, ["name"], {"number": "sum(number)"}).transform(select, "*", "'{' AS brace")


def test_nested_selections_and_aggregations(rows: DataFrame) -> None:
    assert sorted(map(tuple, doubled_sums(rows).collect())) == [("a", 6, "{"), ("b", 8, "{")]


def test_without_groups_there_is_one_row(rows: DataFrame) -> None:
    assert [tuple(row) for row in rows.transform(aggregate, [], {"number": "sum(number)"}).collect()] == [(7,)]


def test_two_selections_of_the_same_rows_can_be_joined(rows: DataFrame) -> None:
    ones = rows.transform(select, "name", "number AS one").where("one = 1")
    others = rows.transform(select, "name", "number AS other").where("other = 2")
    assert [tuple(row) for row in ones.join(others, "name").collect()] == [("a", 1, 2)]


def test_the_engine_is_called_only_by_an_action(rows: DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    if not isinstance(rows, ConnectFrame):
        pytest.skip("only a session that is reached through Connect sends anything")

    asked: list[str] = []
    for how in ("execute_command", "_analyze", "_execute_and_fetch_as_iterator"):
        monkeypatch.setattr(SparkConnectClient, how, noting(getattr(SparkConnectClient, how), asked))
    summed = doubled_sums(rows)
    assert asked == []
    summed.collect()
    assert asked == ["_execute_and_fetch_as_iterator"]


def noting(ask: Callable[..., Any], asked: list[str]) -> Callable[..., Any]:
    """The same way to ask the engine, but each use of it is noted."""

    def noted(*words: Any, **named: Any) -> Any:
        asked.append(ask.__name__)
        return ask(*words, **named)

    return noted
