"""Selections and sums in SQL: what they give, and that asking for them asks the engine nothing."""

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


def test_selections_of_selections_and_their_sums(rows: DataFrame) -> None:
    assert sorted(map(tuple, doubled_sums(rows).collect())) == [("a", 6, "{"), ("b", 8, "{")]


def test_one_row_of_all_where_nothing_groups(rows: DataFrame) -> None:
    assert [tuple(row) for row in rows.transform(aggregate, [], {"number": "sum(number)"}).collect()] == [(7,)]


def test_rows_that_are_selected_twice_are_joined_as_two(rows: DataFrame) -> None:
    ones = rows.transform(select, "name", "number AS one").where("one = 1")
    others = rows.transform(select, "name", "number AS other").where("other = 2")
    assert [tuple(row) for row in ones.join(others, "name").collect()] == [("a", 1, 2)]


def test_the_engine_is_asked_when_the_rows_are_wanted(rows: DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
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
