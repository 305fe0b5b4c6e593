"""The interval of a probability: Venn–Abers predictions computed two ways, monotonicity, width and coverage."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from models.risk.calibration import sigmoid
from models.risk.interval import EVIDENCE, Interval, IntervalPolicy, fit_interval, venn_abers


def held_out(visits: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Margins, outcomes and businesses; the rate at each margin is known (see :func:`rate`)."""
    random = np.random.default_rng(seed)
    margin = random.normal(-1.5, 1.0, visits)
    y = (random.random(visits) < rate(margin)).astype(float)
    return margin, y, np.array([f"E{number % (visits * 2 // 3)}" for number in range(visits)])


def rate(margin: np.ndarray) -> np.ndarray:
    return sigmoid(1.2 * margin + 0.3 * np.sin(2 * margin))


def ends(interval: Interval, margin: np.ndarray, evidence: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """The two ends, for a probability between them."""
    middle = np.interp(margin, interval.margin, (interval.low[0] + interval.high[0]) / 2)
    return interval(margin, middle, np.full(len(margin), evidence))


def test_predictions_equal_isotonic_regression_with_one_more_visit() -> None:
    random = np.random.default_rng(1)
    visits = random.integers(0, 6, 12).astype(float)
    found = np.minimum(random.integers(0, 4, 12), visits).astype(float)
    low, high = venn_abers(found[None], visits[None])
    for at in range(12):
        for added, answer in ((0.0, low), (1.0, high)):
            weight, total = visits.copy(), found.copy()
            weight[at] += 1
            total[at] += added
            there = weight > 0
            fitted = IsotonicRegression().fit(np.flatnonzero(there), total[there] / weight[there], sample_weight=weight[there])
            assert answer[0, at] == pytest.approx(fitted.predict([at])[0])


def test_without_visits_the_interval_is_zero_to_one() -> None:
    none = fit_interval(np.zeros(0), np.zeros(0), [], level=0.9, seed=1)
    low, high = none(np.array([-9.0, 9.0]), np.array([0.2, 0.7]), np.ones(2))
    assert (low.tolist(), high.tolist()) == ([0.0, 0.0], [1.0, 1.0])


def test_ends_never_fall_as_the_margin_rises() -> None:
    margin, y, entity = held_out(800, 2)
    interval = fit_interval(margin, y, entity, level=0.9, seed=2)
    rising = np.linspace(-8, 5, 500)
    for evidence in (1.0, 0.8, 0.3, 1 / 16, 0.001):
        low, high = interval(rising, sigmoid(rising), np.full(500, evidence))
        assert (np.diff(low) >= 0).all()
        assert (np.diff(high) >= 0).all()
        assert (low <= sigmoid(rising)).all()
        assert (high >= sigmoid(rising)).all()


def test_less_evidence_gives_a_wider_interval_around_the_same_probability() -> None:
    margin, y, entity = held_out(1500, 3)
    interval = fit_interval(margin, y, entity, level=0.9, seed=3)
    rising = np.linspace(-4, 1, 100)
    found = [ends(interval, rising, evidence) for evidence in (*EVIDENCE, 0.7)]
    for (low, high), (lower, higher) in pairwise(found[:5]):
        assert (lower <= low).all()
        assert (higher >= high).all()
    widths = [float((high - low).mean()) for low, high in found]
    # A quarter of the visits: about twice as wide.
    assert 1.5 < widths[2] / widths[0] < 2.5
    assert widths[0] < widths[5] < widths[1]


def test_the_seed_matters_and_the_order_of_visits_does_not() -> None:
    margin, y, entity = held_out(600, 4)
    order = np.random.default_rng(0).permutation(600)
    one = fit_interval(margin, y, entity, level=0.9, seed=4)
    other = fit_interval(margin[order], y[order], entity[order], level=0.9, seed=4)
    assert (one.low == other.low).all()
    assert (one.high == other.high).all()
    assert (one.low != fit_interval(margin, y, entity, level=0.9, seed=5).low).any()


def test_only_relative_weights_matter() -> None:
    margin, y, entity = held_out(600, 5)
    plain = fit_interval(margin, y, entity, level=0.9, seed=1)
    same = fit_interval(margin, y, entity, level=0.9, seed=1, weight=np.full(600, 4.0))
    np.testing.assert_allclose(same.high, plain.high, atol=1e-12)
    heavy = fit_interval(margin, y, entity, level=0.9, seed=1, weight=np.where(y == 1, 5.0, 1.0))
    assert heavy.high[0].mean() > plain.high[0].mean()


def test_visits_of_one_business_give_a_wider_interval() -> None:
    margin, y, _ = held_out(60, 6)
    margin, y = np.repeat(margin, 15), np.repeat(y, 15)
    many = fit_interval(margin, y, np.arange(900), level=0.9, seed=1)
    few = fit_interval(margin, y, np.arange(900) // 15, level=0.9, seed=1)
    assert (few.high[0] - few.low[0]).mean() > 2 * (many.high[0] - many.low[0]).mean()


def test_intervals_cover_the_rate_at_their_level() -> None:
    fresh = np.random.default_rng(99).normal(-1.5, 1.0, 2000)
    covered = []
    for seed in range(12):
        low, high = ends(fit_interval(*held_out(1200, 100 + seed), level=0.9, seed=seed), fresh)
        covered.append(((low <= rate(fresh)) & (rate(fresh) <= high)).mean())
    assert 0.9 <= np.mean(covered) < 0.98


@pytest.mark.parametrize("wrong", [{"level": 0.0}, {"level": 1.0}, {"fresh_days": -1.0}, {"half_life_days": 0.0}])
def test_a_policy_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        IntervalPolicy(**wrong)
