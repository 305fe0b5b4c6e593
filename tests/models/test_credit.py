"""Credit points and classes."""

from __future__ import annotations

import numpy as np
import pytest

from models.credit import credit_points, risk_class

BOUNDS = {"A": 700, "B": 500, "C": 300, "D": 0}


@pytest.mark.parametrize(
    ("probability", "points"),
    [(1 / 2, 400), (1 / 3, 500), (1 / 9, 700), (2 / 3, 300), (0.0, 1000), (1.0, 0)],
)
def test_points_double_the_odds_every_hundred(probability: float, points: int) -> None:
    assert credit_points(np.zeros(1), np.array([probability])).tolist() == [points]


def test_margin_is_used_where_no_probability_is_known() -> None:
    margin = np.array([0.0, np.log(2), 50.0, -50.0])
    assert credit_points(margin).tolist() == [400, 300, 0, 1000]
    assert credit_points(margin, np.array([0.5, np.nan, np.nan, np.nan])).tolist() == [400, 300, 0, 1000]


def test_class_begins_at_its_bound() -> None:
    assert risk_class(np.array([1000, 700, 699, 500, 300, 299, 0]), BOUNDS).tolist() == ["A", "A", "B", "B", "C", "D", "D"]


def test_order_of_bounds_in_the_policy_changes_nothing() -> None:
    points = np.arange(0, 1001)
    assert (risk_class(points, BOUNDS) == risk_class(points, dict(reversed(BOUNDS.items())))).all()


@pytest.mark.parametrize("bounds", [{}, {"A": 700, "B": 500}, {"A": 0, "B": 0}])
def test_bounds_that_leave_points_without_a_class_are_refused(bounds: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="bounds"):
        risk_class(np.array([1]), bounds)
