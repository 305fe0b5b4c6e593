"""Deadlines in working days of the profile's calendar."""

from __future__ import annotations

from datetime import date, timedelta

from console.core.policy import Policy


def is_working_day(day: date, policy: Policy) -> bool:
    """Whether people work on a day."""
    on = day.isoformat()
    return on in policy.workdays or (day.weekday() not in policy.weekend and on not in policy.holidays)


def add_working_days(day: date, count: int, policy: Policy) -> date:
    """The ``count``-th working day after ``day``, which itself does not count."""
    if len(policy.weekend) >= 7:
        raise ValueError("the profile's calendar has no working day")
    left = count
    while left > 0:
        day += timedelta(days=1)
        left -= is_working_day(day, policy)
    return day


def working_days_between(first: date, last: date, policy: Policy) -> int:
    """How many working days there are after ``first``, up to ``last``, which counts; 0 where ``last`` is no later.

    Whole weeks are reckoned, not gone through: a page asks it of every row, and some rows are overdue for months.
    """
    weekend, made_up = policy.weekend, policy.workdays
    weeks, rest = divmod(max((last - first).days, 0), 7)
    days = weeks * (7 - len(weekend)) + sum((first.weekday() + at) % 7 not in weekend for at in range(1, rest + 1))
    within = [on for on in policy.holidays | made_up if first.isoformat() < on <= last.isoformat()]
    return days + sum((on in made_up) - (date.fromisoformat(on).weekday() not in weekend) for on in within)
