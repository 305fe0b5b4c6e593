"""Ranges of delivery days: as SQL, and cut so that no commit holds more rows than memory does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from expectations.contracts.lineage import DELIVERED_ON

DayRange = tuple[date, date]
"""The first day and the last."""
ROWS_AT_ONCE = 6_000_000
"""A writer holds what goes to each partition until it has a file's worth of it: about a gigabyte for so many rows."""


def between(first: date, last: date) -> str:
    """SQL that selects the rows delivered from ``first`` to ``last``."""
    return f"{DELIVERED_ON} >= '{first}' AND {DELIVERED_ON} <= '{last}'"


def day_ranges(rows: Mapping[date, int], first: date, last: date, most: int = ROWS_AT_ONCE) -> list[DayRange]:
    """Ranges of days, in order, that together are ``first`` to ``last``; each has at most ``most`` rows, or one day's.

    Args:
        rows: the rows of each day that has any.
        first, last: the first and the last day, whether they have rows or not.
        most: rows in a range.
    """
    starts, held = [first], 0
    for day in sorted(day for day in rows if first <= day <= last):
        if held and held + rows[day] > most:
            starts.append(day)
            held = 0
        held += rows[day]
    return _until_the_next(starts, last)


def single_days(days: Sequence[date], first: date, last: date) -> list[DayRange]:
    """Ranges of days, in order, that together are ``first`` to ``last``; each has one of ``days``, or none where there are none."""
    return _until_the_next([first, *sorted(days)[1:]], last)


def _until_the_next(starts: Sequence[date], last: date) -> list[DayRange]:
    ends = [*(start - timedelta(days=1) for start in starts[1:]), last]
    return list(zip(starts, ends, strict=True))
