"""Credit points and classes."""

from __future__ import annotations

import numpy as np
import pytest

from models.risk.credit import begins_at, credit_points, ranks


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


def test_a_class_begins_where_the_next_better_one_ends() -> None:
    lowest = {"A": 700, "B": 500, "C": 300, "D": 0}
    begins = [begins_at(lowest, name) for name in "ABCD"]
    assert [points for points, _ in begins] == [1000, 699, 499, 299]
    assert begins[1][1] == pytest.approx(1 / 9, rel=0.01)
    assert begins_at({"A": 1001, "B": 500, "C": 0, "D": 0}, "D")[0] == -1, "a class without any points"


def test_ranks_rise_from_the_worst_class() -> None:
    assert ranks(["D", "C", "B", "A"]).tolist() == [0, 1, 2, 3]
    assert ranks(np.array(["A", None, "E"], dtype=object), otherwise="B").tolist() == [3, 2, 2]
    with pytest.raises(KeyError, match="E"):
        ranks(["A", "E"])
