"""What was known when, and which version of a key counts."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from jobs.transforms.latest_known import keep_known, keep_latest
from tests.jobs.transforms.tables import AS_OF, CUTOFF, frame

KEY = ("entity_id",)


def names(rows):
    return {row["entity_id"]: row["name"] for row in rows.collect()}


def test_a_row_known_at_the_cutoff_is_too_late(spark):
    rows = [
        {"entity_id": "before", "known_at": CUTOFF - timedelta(microseconds=1)},
        {"entity_id": "at", "known_at": CUTOFF},
        {"entity_id": "after", "known_at": CUTOFF + timedelta(microseconds=1)},
    ]
    assert set(names(keep_known(frame(spark, "entity", rows), cutoff=CUTOFF, as_of=AS_OF))) == {"before"}


def test_an_event_after_the_day_does_not_count_and_an_undated_one_does(spark):
    rows = [
        {"entity_id": "on the day", "changed_on": AS_OF},
        {"entity_id": "the day after", "changed_on": AS_OF + timedelta(days=1)},
        {"entity_id": "undated", "changed_on": None},
    ]
    kept = keep_known(frame(spark, "entity", rows), cutoff=CUTOFF, as_of=AS_OF, event_on="changed_on")
    assert set(names(kept)) == {"on the day", "undated"}


@pytest.mark.parametrize(
    "newer",
    [
        {"known_at": datetime(2020, 1, 2), "delivered_on": date(2019, 1, 1)},
        {"delivered_on": date(2020, 1, 2), "source_file": "a.csv"},
        {"source_file": "z.csv"},
        {"source": "z", "source_file": "a.csv"},
        {},
    ],
    ids=["known_at", "delivered_on", "source_file", "source", "source_row"],
)
def test_the_newest_version_counts_by_each_column_in_turn(spark, newer):
    rows = [{"entity_id": "E", "name": "old"}, {"entity_id": "E", "name": "new", **newer}, {"entity_id": "F", "name": "only"}]
    for order in (rows, rows[::-1]):
        numbered = [{"source_row": 1 if row["name"] == "old" else 2, **row} for row in order]
        assert names(keep_latest(frame(spark, "entity", numbered), KEY)) == {"E": "new", "F": "only"}


def test_a_key_whose_newest_version_is_absent_is_dropped_and_may_return(spark):
    gone = [{"entity_id": "E"}, {"entity_id": "E", "is_absent": True, "known_at": datetime(2021, 1, 1)}]
    back = [*gone, {"entity_id": "E", "name": "back", "known_at": datetime(2022, 1, 1)}]
    lonely = [{"entity_id": "F", "is_absent": True}]
    assert names(keep_latest(frame(spark, "entity", [*gone, *lonely]), KEY)) == {}
    assert names(keep_latest(frame(spark, "entity", back), KEY)) == {"E": "back"}


def test_the_columns_stay_the_same(spark):
    rows = frame(spark, "filing", [{"entity_id": "E", "period_start": AS_OF, "period_end": AS_OF}])
    assert set(keep_latest(rows, ("entity_id", "tax_type", "period_start")).columns) == set(rows.columns)
