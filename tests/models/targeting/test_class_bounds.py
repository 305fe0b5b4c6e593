"""Where classes begin: at shares of the population, or at multiples of the base rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.risk.credit import CLASSES, begins_at, credit_points
from models.targeting.class_bounds import ClassPolicy, ClassScale, base_rate, class_bounds, class_scale

SHARES = ClassPolicy("shares", {"D": 0.015, "C": 0.08, "B": 0.25}, 20, "B")
MULTIPLES = ClassPolicy("multiples", {"D": 6.0, "C": 2.0, "B": 0.5}, 20, "B")


def scale_of(margin: np.ndarray, probability: np.ndarray, visits: tuple[int, int] = (1000, 50)) -> ClassScale:
    of, found = visits
    y = np.repeat([1.0, 0.0], [found, of - found])
    return class_scale(pd.DataFrame({"margin": margin, "probability": probability}), base_rate(y, np.ones(of), np.full(of, "")))


def sizes(policy: ClassPolicy, scale: ClassScale, points: np.ndarray) -> list[float]:
    bounds = class_bounds(policy, scale)
    assert bounds is not None
    return (np.bincount(bounds.ranks(points), minlength=4) / len(points)).tolist()


def test_shares_give_the_wanted_mix_with_or_without_a_probability() -> None:
    margin = np.random.default_rng(1).normal(-3, 1, 20_000)
    for probability in (1 / (1 + np.exp(-margin)), np.full(len(margin), np.nan)):
        scale = scale_of(margin, probability)
        assert sizes(SHARES, scale, credit_points(margin, probability)) == pytest.approx([0.015, 0.08, 0.25, 0.655], abs=0.006)


def test_entities_that_nothing_distinguishes_are_all_ordinary() -> None:
    same = np.full(500, -3.0)
    assert sizes(SHARES, scale_of(same, np.full(500, np.nan)), credit_points(same)) == [0, 0, 1, 0]


def test_multiples_begin_at_so_many_times_the_base_rate() -> None:
    scale = scale_of(np.zeros(3), np.full(3, 0.05))
    bounds = class_bounds(MULTIPLES, scale)
    assert bounds is not None
    chances = np.array([0.02, 0.026, 0.099, 0.101, 0.29, 0.31])
    assert [CLASSES[rank] for rank in bounds.ranks(credit_points(np.zeros(6), chances))] == list("ABBCCD")
    for name, chance in (("B", 0.025), ("C", 0.1), ("D", 0.3)):
        assert begins_at(bounds.lowest, name)[1] == pytest.approx(chance, rel=0.01)


def test_a_class_that_would_begin_above_certainty_stays_empty() -> None:
    bounds = class_bounds(MULTIPLES, scale_of(np.zeros(3), np.full(3, 0.2), (1000, 200)))
    assert bounds is not None
    assert CLASSES[bounds.ranks(np.array([0]))[0]] == "C"


def test_multiples_need_a_probability_and_an_earlier_model_has_no_scale() -> None:
    rule = scale_of(np.arange(9.0), np.full(9, np.nan))
    assert class_bounds(SHARES, rule) is not None
    assert class_bounds(MULTIPLES, rule) is None
    assert class_bounds(MULTIPLES, replace(rule, has_probability=True, base_rate=None)) is None
    assert class_bounds(SHARES, None) is None


def test_the_base_rate_is_that_of_random_visits_where_enough_are_known() -> None:
    y = np.array([1.0] * 60 + [0.0] * 40 + [1.0] * 10 + [0.0] * 190)
    reason = np.array(["complaint"] * 100 + ["random"] * 200)
    weight = np.array([1.0] * 100 + [3.0] * 5 + [1.0] * 195)
    found = base_rate(y, weight, reason)
    assert found is not None
    assert (found.rate, found.visits, found.found, found.is_drawn) == (pytest.approx(20 / 210), 200, 10, True)
    assert found.low < found.rate < found.high
    few = base_rate(y[:104], weight[:104], reason[:104])
    assert few is not None
    assert (few.visits, few.is_drawn) == (104, False)
    assert base_rate(np.zeros(0), np.zeros(0), np.zeros(0, dtype=str)) is None


def test_a_base_rate_without_a_finding_has_an_interval() -> None:
    none = base_rate(np.zeros(50), np.ones(50), np.full(50, ""))
    assert none is not None
    assert none.rate == none.low == 0
    assert none.high > 0.05
