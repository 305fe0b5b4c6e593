"""The calendar of a simulated world: its months, its last day, and the days on which agencies deliver files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

EPOCH = date(1970, 1, 1)
DAILY = 31
"""The last days of the world, which are delivered daily. Earlier history is delivered monthly."""
DELIVERY_DAY, TAX_DELIVERY_DAY = 5, 20
"""Days of the month of monthly deliveries."""


def number_of(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """The date of a day number."""
    return EPOCH + timedelta(days=int(number))


def add_months(first: date, months: int) -> date:
    """The first day of the month that is ``months`` later."""
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


@dataclass(frozen=True)
class Clock:
    """A window of whole months that ends with the month of ``as_of``.

    Attributes:
        as_of: the world's last day.
        starts: day number of each month's first day, shape (months + 1,).
        calendar_months: calendar month of each month, 0 for January, shape (months,).
    """

    as_of: date
    starts: np.ndarray
    calendar_months: np.ndarray

    @property
    def months(self) -> int:
        """The number of months."""
        return len(self.starts) - 1

    @property
    def first(self) -> int:
        """The day number of the window's first day."""
        return int(self.starts[0])

    @property
    def last(self) -> int:
        """The day number of the world's last day."""
        return number_of(self.as_of)

    def month_of(self, days: np.ndarray) -> np.ndarray:
        """The index of each day's month; negative before the window."""
        return np.searchsorted(self.starts, days, side="right") - 1

    def length(self, month: int) -> int:
        """The number of days of a month up to the world's last day."""
        return int(min(self.starts[month + 1], self.last + 1) - self.starts[month])

    def deliveries(self) -> np.ndarray:
        """The sorted day numbers of deliveries of registrations, complaints and inspections."""
        return np.unique(self.delivered(np.arange(self.first - 1, self.last + 1)))

    def delivered(self, days: np.ndarray) -> np.ndarray:
        """The day on which records of each day are delivered: the same day in the last 31 days, else the 5th of the next month.

        Records from before the window are in the first delivery.
        """
        daily_from = self.last - DAILY + 1
        month = np.clip(self.month_of(days), 0, self.months - 1)
        by_month = self.starts[month + 1] + DELIVERY_DAY - 1
        by_month = np.where(by_month > self.last, daily_from, by_month)
        return np.where(days < self.first, self.first, np.where(days >= daily_from, days, by_month))

    def tax_delivered(self, days: np.ndarray) -> np.ndarray:
        """The day of the first tax delivery on or after each day; past the world's last day if there is none."""
        month = np.clip(self.month_of(days), 0, self.months - 1)
        same = self.starts[month] + TAX_DELIVERY_DAY - 1
        following = np.where(month + 1 < self.months, self.starts[month + 1] + TAX_DELIVERY_DAY - 1, self.last + 1)
        day = np.where(days <= same, same, following)
        return np.where(days > self.last, self.last + 1, day)


def open_clock(as_of: date, months: int) -> Clock:
    """The clock of a world with ``months`` months that ends on ``as_of``."""
    this = date(as_of.year, as_of.month, 1)
    firsts = [add_months(this, offset) for offset in range(1 - months, 2)]
    return Clock(
        as_of=as_of,
        starts=np.array([number_of(first) for first in firsts], dtype=np.int64),
        calendar_months=np.array([first.month - 1 for first in firsts[:-1]]),
    )
