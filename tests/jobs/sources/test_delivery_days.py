"""Delivery days are cut into ranges that memory holds, and no day falls between two."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from jobs.lake.batches import day_ranges, single_days

FIRST, LAST = date(2026, 1, 1), date(2026, 3, 1)
DAYS = st.dates(FIRST - timedelta(days=5), LAST + timedelta(days=5))


@given(st.dictionaries(DAYS, st.integers(0, 60)))
def test_ranges_follow_each_other_and_are_the_whole(rows: dict[date, int]) -> None:
    ranges = day_ranges(rows, FIRST, LAST, most=100)
    assert (ranges[0][0], ranges[-1][1]) == (FIRST, LAST)
    assert all(end + timedelta(days=1) == begin for (_, end), (begin, _) in pairwise(ranges))
    assert all(sum(count for day, count in rows.items() if begin <= day <= end) <= 100 for begin, end in ranges)


def test_a_day_of_more_rows_than_fit_is_a_range_of_its_own() -> None:
    days = [FIRST + timedelta(days=number) for number in (0, 3, 4, 9)]
    rows = dict(zip(days, (50, 500, 50, 40), strict=True))
    assert day_ranges(rows, FIRST, LAST, most=100) == [
        (FIRST, days[1] - timedelta(days=1)),
        (days[1], days[2] - timedelta(days=1)),
        (days[2], LAST),
    ]


def test_without_rows_there_is_one_range() -> None:
    assert day_ranges({}, FIRST, LAST) == [(FIRST, LAST)]


@given(st.sets(st.dates(FIRST, LAST)))
def test_days_apart_are_a_range_each_and_are_the_whole(days: set[date]) -> None:
    ranges = single_days(list(days), FIRST, LAST)
    assert (ranges[0][0], ranges[-1][1]) == (FIRST, LAST)
    assert all(end + timedelta(days=1) == begin for (_, end), (begin, _) in pairwise(ranges))
    alone = [[day] for day in sorted(days)]
    assert [[day for day in sorted(days) if begin <= day <= end] for begin, end in ranges] == (alone or [[]])
