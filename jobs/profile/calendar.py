"""Working days of a profile's calendar, and deadlines counted in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Calendar:
    """The days on which nobody works.

    Attributes:
        weekend: days of the week, Monday is 0.
        holidays: further days off, as YYYY-MM-DD.
        workdays: weekend days that are working days, as YYYY-MM-DD. China makes up for its long holidays in this way.
    """

    weekend: frozenset[int]
    holidays: frozenset[str] = frozenset()
    workdays: frozenset[str] = frozenset()

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """The calendar of a profile's ``[calendar]`` table. Without a weekend there, Saturday and Sunday are the weekend."""
        weekend = settings.get("weekend", ["saturday", "sunday"])
        return cls(
            weekend=frozenset(WEEKDAYS.index(name) for name in weekend),
            holidays=frozenset(map(str, settings.get("holidays", []))),
            workdays=frozenset(map(str, settings.get("workdays", []))),
        )


def is_working_day(day: date, calendar: Calendar) -> bool:
    """Whether people work on a day."""
    text = day.isoformat()
    return text in calendar.workdays or (day.weekday() not in calendar.weekend and text not in calendar.holidays)


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
    weekend, workdays = calendar.weekend, calendar.workdays
    weeks, rest = divmod(max((last - first).days, 0), 7)
    days = weeks * (7 - len(weekend)) + sum((first.weekday() + at) % 7 not in weekend for at in range(1, rest + 1))
    special = [on for on in calendar.holidays | workdays if first.isoformat() < on <= last.isoformat()]
    return days + sum((on in workdays) - (date.fromisoformat(on).weekday() not in weekend) for on in special)
