"""What a setting may be: questions that have an answer for whatever TOML can hold."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.profile.validation import LONGEST_PERIOD, is_number, is_period, is_whole

BEYOND_FLOATS = 10**400
"""An integer that no float can hold; TOML sets integers no bound."""


@pytest.mark.parametrize("value", [0, -3, 2.5, BEYOND_FLOATS, -BEYOND_FLOATS])
def test_whole_and_finite_numbers_are_numbers(value: float) -> None:
    assert is_number(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), True, "1", None, [1]])
def test_nothing_else_is_a_number(value: Any) -> None:
    assert not is_number(value)


def test_an_integer_beyond_floats_is_whole_and_no_period() -> None:
    assert is_whole(BEYOND_FLOATS)
    assert not is_period(BEYOND_FLOATS)
    assert is_period(LONGEST_PERIOD)
