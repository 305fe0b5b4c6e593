"""The rate of a population from a draw with known probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from models.statistics.proportions import drawn_rate


def test_each_drawn_entity_weighs_its_inverse_probability() -> None:
    rate = drawn_rate([True, False, True], [0.5, 0.25, 1.0])
    assert rate is not None
    assert rate.share == pytest.approx((2 + 1) / (2 + 4 + 1))
    assert 0 < rate.low < rate.share < rate.high < 1
    assert (rate.least, rate.most, rate.visits, rate.unreached) == (rate.share, rate.share, 3, 0)


def test_those_reached_stand_for_the_unreached_of_their_probability() -> None:
    found = [True, None, None, False, False, False]
    rate = drawn_rate(found, [0.1, 0.1, 0.1, 0.5, 0.5, 0.5])
    assert rate is not None
    assert rate.share == pytest.approx(30 / 36)
    assert (rate.least, rate.most) == (pytest.approx(10 / 36), pytest.approx(30 / 36))
    assert (rate.visits, rate.unreached) == (4, 2)


def test_fewer_than_two_visits_give_no_rate() -> None:
    assert drawn_rate([True, None], [0.5, 0.5]) is None
    assert drawn_rate([], []) is None


def test_zero_findings_still_leave_room_for_a_rate() -> None:
    rate = drawn_rate([False] * 100, [0.1] * 100)
    assert rate is not None
    assert (rate.low, rate.share) == (0, 0)
    assert rate.high == pytest.approx(0.03, abs=0.001)
    every = drawn_rate([True] * 100, [0.1] * 100)
    assert every is not None
    assert (every.low, every.high) == (pytest.approx(0.97, abs=0.001), 1)


@pytest.mark.parametrize("visits", [60, 250])
@pytest.mark.parametrize("only_zero", [False, True])
def test_intervals_cover_95_percent_of_rates_also_at_zero_findings(visits: int, only_zero: bool) -> None:
    random = np.random.default_rng(visits)
    covered = []
    while len(covered) < 3000:
        truth = random.uniform(0, 8 / visits if only_zero else 0.3)
        chances = random.choice([0.02, 0.03], visits)
        found = random.random(visits) < truth
        if found.any() and only_zero:
            continue
        rate = drawn_rate(found.tolist(), chances.tolist())
        assert rate is not None
        covered.append(rate.low <= truth <= rate.high)
    assert 0.93 <= np.mean(covered) <= 0.97
