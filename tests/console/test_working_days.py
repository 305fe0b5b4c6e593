"""Working days between two days are reckoned by weeks; going through the days one by one says the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from console.core.policy import Policy
from console.core.working_days import is_working_day, working_days_between

NEAR = st.dates(date(2026, 1, 1), date(2026, 3, 31))
NAMED = st.frozensets(NEAR.map(date.isoformat), max_size=30)


@dataclass(frozen=True)
class Calendar:
    """What of a policy tells a working day."""

    weekend: frozenset[int]
    holidays: frozenset[str]
    workdays: frozenset[str]


CALENDARS = st.builds(Calendar, st.frozensets(st.integers(0, 6)), NAMED, NAMED)


@given(CALENDARS, NEAR, NEAR)
def test_weeks_come_to_what_days_one_by_one_come_to(calendar: Calendar, first: date, last: date) -> None:
    policy = cast(Policy, calendar)
    one_by_one = sum(is_working_day(first + timedelta(days=at), policy) for at in range(1, (last - first).days + 1))
    assert working_days_between(first, last, policy) == one_by_one
