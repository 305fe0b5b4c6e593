"""Working days of a profile's calendar, and deadlines counted in them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import PlainValidator
from pydantic.dataclasses import dataclass

from jobs.profile.validation import SETTINGS, one_of, refusal

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _day(value: Any) -> date:
    """A date, or its text: a published profile is stored as JSON, which has no dates."""
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise refusal(f"is {value!r}", "write it as 2026-10-01") from error


Days = frozenset[Annotated[date, PlainValidator(_day)]]


@dataclass(frozen=True, config=SETTINGS)
class Calendar:
    """The days on which nobody works.

    Attributes:
        weekend: days of the week.
        holidays: further days off.
        workdays: weekend days that are working days. China makes up for its long holidays in this way.
    """

    weekend: frozenset[Annotated[str, one_of(*WEEKDAYS)]] = frozenset({"saturday", "sunday"})
    holidays: Days = frozenset()
    workdays: Days = frozenset()


def is_working_day(day: date, calendar: Calendar) -> bool:
    """Whether people work on a day."""
    return day in calendar.workdays or (WEEKDAYS[day.weekday()] not in calendar.weekend and day not in calendar.holidays)


def add_working_days(day: date, count: int, calendar: Calendar) -> date:
    """The ``count``-th working day after ``day``, which itself does not count.

    Raises:
        ValueError: if every day of the week is a day off.
    """
    if len(calendar.weekend) >= 7:
        raise ValueError("the profile's calendar has no working day")
    left = count
    while left > 0:
        day += timedelta(days=1)
        left -= is_working_day(day, calendar)
    return day


def working_days_between(first: date, last: date, calendar: Calendar) -> int:
    """The number of working days after ``first`` up to and including ``last``; 0 if ``last`` is not later.

    Whole weeks are counted by arithmetic: a page asks this for each row, and some rows are overdue for months.
    """
    weekend, workdays = {WEEKDAYS.index(name) for name in calendar.weekend}, calendar.workdays
    weeks, rest = divmod(max((last - first).days, 0), 7)
    days = weeks * (7 - len(weekend)) + sum((first.weekday() + at) % 7 not in weekend for at in range(1, rest + 1))
    special = [on for on in calendar.holidays | workdays if first < on <= last]
    return days + sum((on in workdays) - (on.weekday() not in weekend) for on in special)
