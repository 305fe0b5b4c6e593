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
from jobs.transforms.batch_metrics import COUNT_COLUMNS, READ_COLUMNS, count_days, day_facts, share_shifts, volume_ratios

NAN = float("nan")
MONDAY = date(2026, 3, 2)


def daily(count: int, start: date = MONDAY) -> list[date]:
    return [start + timedelta(days=at) for at in range(count)]


def counts(*rows: tuple[object, ...]) -> pd.DataFrame:
    """Counts by their first columns; the others are none."""
    more = (0, 0, 0, 0, NAN)
    return pd.DataFrame([(*row, *more[len(row) - 6 :]) for row in rows], columns=list(COUNT_COLUMNS))


def reads(*rows: tuple[object, ...]) -> pd.DataFrame:
    """What was read by its first columns; the others are none."""
    return pd.DataFrame([(*row, *[0] * (len(READ_COLUMNS) - len(row))) for row in rows], columns=list(READ_COLUMNS))


def volumes(days: list[date], rows: list[float], every_days: int | None = None) -> list[float]:
    return volume_ratios(days, rows, every_days)[0]


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
    assert [tuple(row)[:6] for row in found.to_numpy()] == [
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
    assert facts[list(COLUMNS[:7])].to_dict("records") == [
        {
            "delivered_on": MONDAY,
            "rows": 80.0,
            "volume_ratio": pytest.approx(NAN, nan_ok=True),
            "lowest_ratio": pytest.approx(NAN, nan_ok=True),
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
    ratios = volumes(daily(5), [500, 10, 10, 10, 5])
    assert [isnan(ratio) for ratio in ratios] == [True, True, True, True, False]
    assert ratios[4] == 0.5


def test_no_day_is_compared_with_the_first_delivery() -> None:
    assert volumes(daily(5), [10_000, 10, 12, 14, 12])[4] == 1.0


def test_a_daily_delivery_is_not_compared_with_monthly_ones() -> None:
    monthly = [date(2025, month, 1) for month in range(6, 13)]
    days = [*monthly, *daily(5, start=date(2025, 12, 2))]
    ratios = volumes(days, [3000] * 7 + [100, 90, 110, 100, 100])
    assert ratios[4:7] == [1.0, 1.0, 1.0]
    assert all(isnan(ratio) for ratio in ratios[7:10])
    assert ratios[10:] == [1.0, 1.0]


def test_a_delivery_after_a_weekend_is_compared_with_others_after_a_weekend() -> None:
    weekdays = [day for day in daily(33) if day.weekday() < 5]
    ratios = volumes(weekdays, [300 if day.weekday() == 0 else 100 for day in weekdays])
    assert {ratio for ratio in ratios if not isnan(ratio)} == {1.0}
    assert weekdays[20].weekday() == 0
    assert not isnan(ratios[20]), "three Mondays after a weekend came before it"


def test_the_low_after_a_monthly_peak_is_not_a_failure() -> None:
    days = daily(90)
    rows = [1000 if 10 <= at % 30 < 18 else 30 for at in range(90)]
    assert min(ratio for ratio in volumes(days, rows) if not isnan(ratio)) == 1.0


def test_the_expected_volume_follows_a_source_that_became_smaller() -> None:
    ratios = volumes(daily(80), [100] * 60 + [10] * 20)
    assert ratios[60] == 0.1
    assert ratios[-1] == 1.0


def test_the_first_daily_delivery_after_months_is_not_compared_with_months() -> None:
    days = [*(date(2025, month, 5) for month in range(6, 13)), date(2025, 12, 31)]
    rows = [3000.0] * 7
    assert isnan(volumes(days, [*rows, 110], every_days=1)[-1])
    assert volumes(days, [*rows, 110], every_days=31)[-1] == 110 / 3000
    assert volumes(days, [*rows, 1800], every_days=1)[-1] == 0.6
    assert volumes(days, [*rows, 0], every_days=1)[-1] == 0


def test_a_weekday_is_compared_with_itself_where_it_is_always_low() -> None:
    days = daily(60)
    rows = [2.0 if day.weekday() == 6 else 12.0 if day.weekday() == 5 else 90.0 for day in days]
    assert {ratio for ratio, day in zip(volumes(days, rows), days, strict=True) if day.weekday() == 5 and day > days[30]} == {1.0}
    assert all(isnan(ratio) for ratio, day in zip(volumes(days, rows), days, strict=True) if day.weekday() == 6 and day > days[30])


def test_a_share_is_compared_beyond_chance() -> None:
    shifts = share_shifts([10, 10, 12, 90, 2], [100, 100, 100, 100, 4])
    assert isnan(shifts[0])
    assert shifts[1:3] == [0.0, 0.0]
    assert 0.5 < shifts[3] < 90 / 100 - 32 / 300
    assert isnan(shifts[4]), "four rows are too few"


def test_rows_in_conflict_are_counted_among_the_rows_in_scope() -> None:
    facts = day_facts(counts((MONDAY, 70, 5, None, 50, 10)), reads((MONDAY, 100, 15, 20, 0, 0, 0, 0, 4)))
    assert facts["conflict_share"].tolist() == [4 / 80]


def test_a_month_is_compared_with_the_smallest_of_a_year_and_a_day_with_that_of_two_months() -> None:
    months = [date(2024 + at // 12, at % 12 + 1, 5) for at in range(25)]
    growing = [150.0 + 5 * at for at in range(24)]
    assert volume_ratios(months, [*growing, 0.6 * growing[-1]])[1][-1] == 0.6 * growing[-1] / growing[-12]
    days = daily(90)
    peaks = [1000.0 if at % 30 < 20 else 300.0 for at in range(90)]
    assert min(ratio for ratio in volume_ratios(days, peaks)[1][30:] if not isnan(ratio)) == 1.0
