"""Types of settings accept and refuse whatever TOML can hold."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from jobs.profile.validation import LONGEST_PERIOD, Count, Day, Number, Period, is_number

BEYOND_FLOATS = 10**400
"""An integer that no float can hold; TOML does not limit integers."""


@pytest.mark.parametrize("value", [0, -3, 2.5, BEYOND_FLOATS, -BEYOND_FLOATS])
def test_whole_and_finite_numbers_are_numbers_and_stay_as_they_are_written(value: float) -> None:
    assert is_number(value)
    accepted = TypeAdapter(Number).validate_python(value)
    assert (accepted, type(accepted)) == (value, type(value))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), True, "1", None, [1]])
def test_nothing_else_is_a_number(value: Any) -> None:
    assert not is_number(value)
    with pytest.raises(ValidationError):
        TypeAdapter(Number).validate_python(value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Count, 0), (Count, True), (Count, 1.0), (Count, "1"), (Period, 0), (Period, LONGEST_PERIOD + 1), (Period, BEYOND_FLOATS),
        (Day, "2026-01-31"), (Day, datetime(2026, 1, 31)), (Day, 3),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_refused(kind: Any, value: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize(
    ("kind", "value"), [(Count, BEYOND_FLOATS), (Period, 1), (Period, LONGEST_PERIOD), (Day, date(2026, 1, 31))]
)
def test_a_value_of_its_kind_is_accepted(kind: Any, value: Any) -> None:
    assert TypeAdapter(kind).validate_python(value) == value
