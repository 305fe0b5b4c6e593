"""Working days between two days are counted by weeks; counting day by day gives the same number."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from jobs.profile.calendar import WEEKDAYS, Calendar, is_working_day, working_days_between

NEAR = st.dates(date(2026, 1, 1), date(2026, 3, 31))
NAMED = st.frozensets(NEAR.map(date.isoformat), max_size=30)
CALENDARS = st.builds(Calendar, st.frozensets(st.sampled_from(WEEKDAYS)), NAMED, NAMED)


@given(CALENDARS, NEAR, NEAR)
def test_counting_by_weeks_agrees_with_counting_day_by_day(calendar: Calendar, first: date, last: date) -> None:
    one_by_one = sum(is_working_day(first + timedelta(days=at), calendar) for at in range(1, (last - first).days + 1))
    assert working_days_between(first, last, calendar) == one_by_one
