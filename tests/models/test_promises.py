"""Whether probabilities keep what they promise: what is told of ones that do, and of ones that do not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from models.evaluation.calibration_metrics import calibration_metrics
from models.risk.calibration import sigmoid

RANDOM = np.random.default_rng(3)
LOG_ODDS = RANDOM.normal(-1.5, 1.2, 20_000)
FOUND = (RANDOM.random(20_000) < sigmoid(LOG_ODDS)).astype(float)
ONCE = np.ones((1, 20_000))


def told(promised: np.ndarray) -> dict[str, float]:
    return {name: float(value[0]) for name, value in calibration_metrics(promised, FOUND, ONCE).items()}


def test_a_kept_promise_has_slope_one_intercept_zero_and_as_many_found_as_expected() -> None:
    figures = told(sigmoid(LOG_ODDS))
    assert figures["calibration_slope"] == pytest.approx(1.0, abs=0.05)
    assert figures["calibration_intercept"] == pytest.approx(0.0, abs=0.05)
    assert figures["observed_over_expected"] == pytest.approx(1.0, abs=0.03)


def test_probabilities_spread_too_far_have_a_slope_below_one() -> None:
    assert told(sigmoid(2.0 * LOG_ODDS))["calibration_slope"] == pytest.approx(0.5, abs=0.03)


def test_probabilities_that_are_too_high_have_an_intercept_below_zero() -> None:
    figures = told(sigmoid(LOG_ODDS + 0.7))
    assert figures["calibration_intercept"] == pytest.approx(-0.7, abs=0.05)
    assert figures["calibration_slope"] == pytest.approx(1.0, abs=0.05)
    assert figures["observed_over_expected"] < 0.75


def test_slope_is_that_of_a_logistic_regression() -> None:
    promised = sigmoid(LOG_ODDS * 0.6 + 0.3)
    x = np.log(promised) - np.log1p(-promised)
    fitted = LogisticRegression(C=1e12, tol=1e-10).fit(x[:, None], FOUND)
    assert told(promised)["calibration_slope"] == pytest.approx(float(fitted.coef_[0, 0]), abs=1e-4)


def test_a_visit_that_counts_several_times_is_that_many_visits() -> None:
    p, y = sigmoid(LOG_ODDS[:200]), FOUND[:200]
    times = np.random.default_rng(1).integers(0, 4, (3, 200))
    at_once = calibration_metrics(p, y, times.astype(float))
    for draw, counts in enumerate(times):
        rows = np.repeat(np.arange(200), counts)
        alone = calibration_metrics(p[rows], y[rows], np.ones((1, len(rows))))
        for name, value in alone.items():
            assert at_once[name][draw] == pytest.approx(float(value[0]), abs=1e-9), name


def test_where_all_visits_ended_alike_there_is_neither_slope_nor_intercept() -> None:
    figures = calibration_metrics(np.array([0.2, 0.4]), np.zeros(2), np.ones((1, 2)))
    assert np.isnan(figures["calibration_slope"][0])
    assert np.isnan(figures["calibration_intercept"][0])
    assert figures["observed_over_expected"][0] == 0.0
    assert figures["brier"][0] == pytest.approx((0.04 + 0.16) / 2)


def test_outcomes_parted_without_overlap_and_equal_probabilities_have_no_slope() -> None:
    parted = calibration_metrics(np.array([0.1, 0.2, 0.8, 0.9]), np.array([0.0, 0.0, 1.0, 1.0]), np.ones((1, 4)))
    equal = calibration_metrics(np.full(4, 0.5), np.array([0.0, 1.0, 1.0, 1.0]), np.ones((1, 4)))
    assert np.isnan(parted["calibration_slope"][0])
    assert np.isnan(equal["calibration_slope"][0])
    assert equal["calibration_intercept"][0] == pytest.approx(np.log(3.0))


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        calibration_metrics(np.array([1.2]), np.ones(1), np.ones((1, 1)))
