"""The days on which agencies deliver files."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from simulation.world.clock import day_of, number_of, open_clock


@pytest.mark.parametrize(
    ("happened", "delivered"),
    [
        ("2025-11-01", "2026-01-01"),  # before the window: with the first delivery
        ("2026-01-01", "2026-02-05"),  # history: on the 5th of the month after
        ("2026-01-31", "2026-02-05"),
        ("2026-05-30", "2026-06-05"),  # the last day before the daily month
        ("2026-05-31", "2026-05-31"),  # the last 31 days: on the day itself
        ("2026-06-30", "2026-06-30"),
    ],
)
def test_history_is_delivered_monthly_and_the_last_days_daily(happened: str, delivered: str) -> None:
    clock = open_clock(date(2026, 6, 30), 6)
    found = clock.delivered(np.array([number_of(date.fromisoformat(happened))]))
    assert day_of(found[0]) == date.fromisoformat(delivered)


@pytest.mark.parametrize("as_of", [date(2026, 6, 30), date(2026, 6, 3), date(2026, 2, 14), date(2026, 1, 31)])
def test_nothing_is_delivered_before_it_happened_or_after_the_last_day(as_of: date) -> None:
    clock = open_clock(as_of, 5)
    days = np.arange(clock.first, clock.last + 1)
    delivered = clock.delivered(days)
    assert (delivered >= days).all()
    assert (delivered <= clock.last).all()
    assert set(delivered) <= set(clock.deliveries())


@pytest.mark.parametrize(
    ("filed", "delivered"), [("2026-02-20", "2026-02-20"), ("2026-02-21", "2026-03-20"), ("2026-06-20", "2026-06-20")]
)
def test_returns_are_delivered_on_the_next_20th(filed: str, delivered: str) -> None:
    clock = open_clock(date(2026, 6, 30), 6)
    found = clock.tax_delivered(np.array([number_of(date.fromisoformat(filed))]))
    assert day_of(found[0]) == date.fromisoformat(delivered)


def test_returns_after_the_last_20th_are_not_delivered_in_the_world() -> None:
    clock = open_clock(date(2026, 6, 30), 6)
    assert clock.tax_delivered(np.array([number_of(date(2026, 6, 21))]))[0] > clock.last
