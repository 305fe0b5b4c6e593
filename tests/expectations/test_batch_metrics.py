"""Metrics of delivered days: what is counted, what a day is compared with, and what does not apply."""

from __future__ import annotations

from datetime import date, timedelta
from math import isnan

import pandas as pd
import pytest
from gate_examples import bronze
from pyspark.sql import SparkSession

from expectations.batch_metrics import COLUMNS
from expectations.contracts.registry import SOURCES
from jobs.transforms.batch_metrics import COUNT_COLUMNS, READ_COLUMNS, count_days, day_facts, volume_ratios

NAN = float("nan")
MONDAY = date(2026, 3, 2)


def daily(count: int, start: date = MONDAY) -> list[date]:
    return [start + timedelta(days=at) for at in range(count)]


def counts(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COUNT_COLUMNS))


def reads(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(READ_COLUMNS))


def test_days_are_counted(spark: SparkSession) -> None:
    tuesday = date(2026, 3, 3)
    rows = bronze(
        spark,
        "complaint",
        [
            {"delivered_on": MONDAY, "received_on": date(2026, 2, 27), "entity_id": "a"},
            {"delivered_on": MONDAY, "received_on": date(2026, 3, 1), "entity_id": "stranger"},
            {"delivered_on": MONDAY, "received_on": date(2027, 1, 1), "entity_id": None},
            {"delivered_on": MONDAY, "entity_id": "a", "is_absent": True},
            {"delivered_on": tuesday, "received_on": tuesday, "entity_id": None},
        ],
    )
    known = spark.createDataFrame([("a",), ("a",), ("b",)], "entity_id string")
    found = count_days(rows, SOURCES["complaint"], known).toPandas().sort_values("delivered_on")
    assert list(found.columns) == list(COUNT_COLUMNS)
    assert [tuple(row) for row in found.to_numpy()] == [
        # day, rows, broken (received after it was delivered), newest event, named, unknown
        (MONDAY, 3, 1, date(2026, 3, 1), 2, 1),
        (tuesday, 1, 0, tuesday, 0, 0),
    ]


def test_without_a_register_no_entity_is_unknown(spark: SparkSession) -> None:
    found = count_days(bronze(spark, "registration", [{}]), SOURCES["registration"]).toPandas()
    facts = day_facts(found, reads((MONDAY, 1, 0, 0)))
    assert list(facts.columns) == list(COLUMNS)
    assert isnan(facts["unknown_entity_share"][0])
    assert isnan(facts["age_days"][0]), "the sound registration has no changed_on"


def test_shares_count_every_stage_and_only_rows_in_scope() -> None:
    facts = day_facts(
        counts((MONDAY, 70, 5, date(2026, 2, 28), 50, 10)),
        reads((MONDAY, 100, 15, 20)),
    )
    assert facts.to_dict("records") == [
        {
            "delivered_on": MONDAY,
            "rows": 80.0,
            "volume_ratio": pytest.approx(NAN, nan_ok=True),
            "age_days": 2.0,
            "quarantined_share": (15 + 5) / 80,
            "unknown_entity_share": 10 / 50,
        }
    ]


def test_a_day_that_was_read_without_usable_rows_has_no_rows() -> None:
    days = daily(6)
    facts = day_facts(
        counts(*((day, 10, 0, day, 0, 0) for day in days[:5])),
        reads(*((day, 10, 0, 0) for day in days[:5]), (days[5], 0, 0, 0)),
    )
    assert facts["volume_ratio"].tolist()[4:] == [1.0, 0.0]
    assert isnan(facts["quarantined_share"][5])
    assert isnan(facts["age_days"][5])


def test_a_day_with_few_rows_has_no_age() -> None:
    days, old = daily(2), date(2025, 1, 1)
    facts = day_facts(counts((days[0], 9, 0, old, 0, 0), (days[1], 10, 0, old, 0, 0)), reads())
    assert isnan(facts["age_days"][0])
    assert facts["age_days"][1] == (days[1] - old).days


def test_batches_of_one_day_are_one_day() -> None:
    facts = day_facts(counts((MONDAY, 9, 0, MONDAY, 0, 0)), reads((MONDAY, 4, 1, 0), (MONDAY, 6, 0, 0)))
    assert facts[["rows", "quarantined_share"]].to_numpy().tolist() == [[10.0, 0.1]]


def test_a_day_counted_but_not_read_counts_as_read() -> None:
    facts = day_facts(counts((MONDAY, 8, 2, None, 0, 0)), reads())
    assert facts[["rows", "quarantined_share"]].to_numpy().tolist() == [[8.0, 0.25]]


def test_no_days_give_no_metrics() -> None:
    facts = day_facts(counts(), reads())
    assert list(facts.columns) == list(COLUMNS)
    assert facts.empty


def test_days_are_sorted() -> None:
    days = daily(6)
    of_days = [(day, size, 0, day, 0, 0) for day, size in zip(days, [9, 10, 10, 10, 10, 5], strict=True)]
    assert day_facts(counts(*of_days[::-1]), reads()).equals(day_facts(counts(*of_days), reads()))
    assert day_facts(counts(*of_days), reads())["volume_ratio"].tolist()[4:] == [1.0, 0.5]


def test_too_few_earlier_deliveries_give_no_ratio() -> None:
    ratios = volume_ratios(daily(5), [500, 10, 10, 10, 5])
    assert [isnan(ratio) for ratio in ratios] == [True, True, True, True, False]
    assert ratios[4] == 0.5


def test_no_day_is_compared_with_the_first_delivery() -> None:
    assert volume_ratios(daily(5), [10_000, 10, 12, 14, 12])[4] == 1.0


def test_a_daily_delivery_is_not_compared_with_monthly_ones() -> None:
    monthly = [date(2025, month, 1) for month in range(6, 13)]
    days = [*monthly, *daily(5, start=date(2025, 12, 2))]
    ratios = volume_ratios(days, [3000] * 7 + [100, 90, 110, 100, 100])
    assert ratios[4:7] == [1.0, 1.0, 1.0]
    assert all(isnan(ratio) for ratio in ratios[7:10])
    assert ratios[10:] == [1.0, 1.0]


def test_a_delivery_after_a_weekend_is_compared_with_others_after_a_weekend() -> None:
    weekdays = [day for day in daily(33) if day.weekday() < 5]
    ratios = volume_ratios(weekdays, [300 if day.weekday() == 0 else 100 for day in weekdays])
    assert {ratio for ratio in ratios if not isnan(ratio)} == {1.0}
    assert weekdays[20].weekday() == 0
    assert not isnan(ratios[20]), "three Mondays after a weekend came before it"


def test_the_low_after_a_monthly_peak_is_not_a_failure() -> None:
    days = daily(90)
    rows = [1000 if 10 <= at % 30 < 18 else 30 for at in range(90)]
    assert min(ratio for ratio in volume_ratios(days, rows) if not isnan(ratio)) == 1.0


def test_the_expected_volume_follows_a_source_that_became_smaller() -> None:
    ratios = volume_ratios(daily(80), [100] * 60 + [10] * 20)
    assert ratios[60] == 0.1
    assert ratios[-1] == 1.0
