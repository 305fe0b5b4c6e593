"""Where the steps of a command are among the points that it passes."""

from __future__ import annotations

import pytest

from tests.crash.by_sequence import group_of, part_of
from tests.crash.steps import Part, Step, parts_of

POINTS = ["before:note", "after:note", "after:table", "before:note", "after:note", "after:model"]
BUILD, TRAIN = ["build"], ["train"]


def test_a_step_begins_where_the_one_before_has_passed_its_last_point() -> None:
    steps = [Step(BUILD, "after:note", 2), Step(TRAIN, "after:model")]
    assert parts_of(POINTS, steps) == [Part(BUILD, 0, 5), Part(TRAIN, 5, 6)]


def test_a_step_that_does_not_end_is_reported() -> None:
    with pytest.raises(ValueError, match="train does not end at after:model, 2 times, after point 5"):
        parts_of(POINTS, [Step(BUILD, "after:note", 2), Step(TRAIN, "after:model", 2)])


def test_points_that_no_step_passes_are_reported() -> None:
    with pytest.raises(ValueError, match=r"no step passes \['after:model'\]"):
        parts_of(POINTS, [Step(BUILD, "after:note", 2)])


def test_tests_of_one_sequence_go_together() -> None:
    assert {group_of("kills.py::test_at_a_point[3-first-day]"), group_of("kills.py::test_points[first-day]")} == {"first-day"}
    assert group_of("test_steps.py::test_a_step") == "test_steps.py::test_a_step"


def test_days_go_part_by_part() -> None:
    assert part_of("kills.py::test_points[first-day]") == "first-day"
    assert {part_of(f"kills.py::test_at_a_{where}[11-first-day]") for where in ("point", "moment")} == {"first-day 11"}
    assert {part_of(f"kills.py::test_at_a_point[{part}-backup]") for part in (3, 4)} == {"backup"}
