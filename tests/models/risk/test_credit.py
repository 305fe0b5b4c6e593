"""Credit points and classes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.risk.credit import class_of_interval, credit_points, points_and_class, ranks, risk_class
from models.risk_model import RiskModel

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


def test_a_class_starts_at_its_bound() -> None:
    assert risk_class(np.array([1000, 700, 699, 500, 300, 299, 0]), BOUNDS).tolist() == ["A", "A", "B", "B", "C", "D", "D"]


def test_the_order_of_bounds_does_not_matter() -> None:
    points = np.arange(0, 1001)
    assert (risk_class(points, BOUNDS) == risk_class(points, dict(reversed(BOUNDS.items())))).all()


@pytest.mark.parametrize("bounds", [{}, {"A": 700, "B": 500}, {"A": 0, "B": 0}])
def test_invalid_bounds_are_refused(bounds: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="bounds"):
        risk_class(np.array([1]), bounds)


@pytest.mark.parametrize(
    ("at_best", "at_worst", "wanted"),
    [
        (800, 750, "A"),  # sure of A
        (800, 690, "B"),  # A or B
        (900, 10, "B"),  # anything
        (600, 510, "B"),
        (510, 200, "B"),  # B to D
        (490, 200, "C"),  # C or D: the end that is favourable
        (299, 0, "D"),  # even the favourable end
    ],
)
def test_uncertainty_favours_the_ordinary_class(at_best: int, at_worst: int, wanted: str) -> None:
    assert class_of_interval(np.array([at_best]), np.array([at_worst]), BOUNDS, "B").tolist() == [wanted]


def test_an_unknown_ordinary_class_is_refused() -> None:
    with pytest.raises(ValueError, match="'E' is none of D, C, B, A"):
        class_of_interval(np.array([500]), np.array([400]), BOUNDS, "E")


def test_a_worse_margin_never_gets_a_better_class_whatever_the_evidence(learnt: RiskModel, later: pd.DataFrame) -> None:
    scores = learnt.score(later).sort_values("margin", ignore_index=True)
    for evidence in (1.0, 0.3, 1 / 16):
        low, high = learnt.interval(scores["margin"].to_numpy(), scores["probability"].to_numpy(), np.full(len(scores), evidence))
        _, letters = points_and_class(scores.assign(probability_low=low, probability_high=high), BOUNDS, "B")
        assert list(letters) == sorted(letters)


def test_without_a_probability_the_class_is_ordinary_and_points_follow_the_margin(rule: RiskModel, later: pd.DataFrame) -> None:
    scores = rule.score(later)
    points, letters = points_and_class(scores, BOUNDS, "C")
    assert set(letters) == {"C"}
    assert len(set(risk_class(points, BOUNDS))) > 1
    assert (np.diff(points[np.argsort(scores["margin"])]) <= 0).all()


def test_ranks_rise_from_the_worst_class() -> None:
    shuffled = {name: BOUNDS[name] for name in "BDAC"}
    assert ranks(["D", "C", "B", "A"], shuffled).tolist() == [0, 1, 2, 3]
    assert ranks(np.array(["A", None, "E"], dtype=object), BOUNDS, otherwise="B").tolist() == [3, 2, 2]
    with pytest.raises(KeyError, match="E"):
        ranks(["A", "E"], BOUNDS)
