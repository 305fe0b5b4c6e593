"""Calibration metrics of well and badly calibrated probabilities, and the reliability curve."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from models.evaluation.calibration_metrics import calibration_metrics, reliability
from models.risk.calibration import sigmoid

RANDOM = np.random.default_rng(3)
LOG_ODDS = RANDOM.normal(-1.5, 1.2, 20_000)
FOUND = (RANDOM.random(20_000) < sigmoid(LOG_ODDS)).astype(float)
ONCE = np.ones((1, 20_000))


def metrics(predicted: np.ndarray) -> dict[str, float]:
    return {name: float(value[0]) for name, value in calibration_metrics(predicted, FOUND, ONCE).items()}


def test_calibrated_probabilities_have_slope_one_and_intercept_zero() -> None:
    figures = metrics(sigmoid(LOG_ODDS))
    assert figures["calibration_slope"] == pytest.approx(1.0, abs=0.05)
    assert figures["calibration_intercept"] == pytest.approx(0.0, abs=0.05)
    assert figures["observed_over_expected"] == pytest.approx(1.0, abs=0.03)


def test_probabilities_spread_too_far_have_a_slope_below_one() -> None:
    assert metrics(sigmoid(2.0 * LOG_ODDS))["calibration_slope"] == pytest.approx(0.5, abs=0.03)


def test_probabilities_that_are_too_high_have_an_intercept_below_zero() -> None:
    figures = metrics(sigmoid(LOG_ODDS + 0.7))
    assert figures["calibration_intercept"] == pytest.approx(-0.7, abs=0.05)
    assert figures["calibration_slope"] == pytest.approx(1.0, abs=0.05)
    assert figures["observed_over_expected"] < 0.75


def test_the_slope_equals_a_logistic_regressions() -> None:
    predicted = sigmoid(LOG_ODDS * 0.6 + 0.3)
    x = np.log(predicted) - np.log1p(-predicted)
    fitted = LogisticRegression(C=1e12, tol=1e-10).fit(x[:, None], FOUND)
    assert metrics(predicted)["calibration_slope"] == pytest.approx(float(fitted.coef_[0, 0]), abs=1e-4)


def test_a_weight_of_n_equals_n_copies_of_a_visit() -> None:
    p, y = sigmoid(LOG_ODDS[:200]), FOUND[:200]
    times = np.random.default_rng(1).integers(0, 4, (3, 200))
    at_once = calibration_metrics(p, y, times.astype(float))
    for draw, counts in enumerate(times):
        rows = np.repeat(np.arange(200), counts)
        alone = calibration_metrics(p[rows], y[rows], np.ones((1, len(rows))))
        for name, value in alone.items():
            assert at_once[name][draw] == pytest.approx(float(value[0]), abs=1e-9), name


def test_equal_outcomes_define_neither_slope_nor_intercept() -> None:
    figures = calibration_metrics(np.array([0.2, 0.4]), np.zeros(2), np.ones((1, 2)))
    assert np.isnan(figures["calibration_slope"][0])
    assert np.isnan(figures["calibration_intercept"][0])
    assert figures["observed_over_expected"][0] == 0.0
    assert figures["brier"][0] == pytest.approx((0.04 + 0.16) / 2)


def test_separated_outcomes_and_equal_probabilities_define_no_slope() -> None:
    parted = calibration_metrics(np.array([0.1, 0.2, 0.8, 0.9]), np.array([0.0, 0.0, 1.0, 1.0]), np.ones((1, 4)))
    equal = calibration_metrics(np.full(4, 0.5), np.array([0.0, 1.0, 1.0, 1.0]), np.ones((1, 4)))
    assert np.isnan(parted["calibration_slope"][0])
    assert np.isnan(equal["calibration_slope"][0])
    assert equal["calibration_intercept"][0] == pytest.approx(np.log(3.0))


def test_a_number_above_one_is_refused_as_a_probability() -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        calibration_metrics(np.array([1.2]), np.ones(1), np.ones((1, 1)))


def test_bins_hold_equal_numbers_with_predicted_and_observed_shares() -> None:
    table = reliability([0.1, 0.3, 0.5, 0.7], [0, 1, 1, 1], bins=2)

    assert table["visits"].tolist() == [2, 2]
    assert table["predicted"].tolist() == pytest.approx([(0.1 + 0.3) / 2, (0.5 + 0.7) / 2])
    assert table["observed"].tolist() == [0.5, 1.0]


def test_the_interval_is_wilsons_score_interval() -> None:
    # Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662.
    table = reliability(np.full(263, 0.3), [1] * 81 + [0] * 182, bins=1)

    assert table[["low", "high"]].to_numpy().ravel() == pytest.approx([0.2553, 0.3662], abs=5e-5)


def test_the_sample_size_is_the_number_of_businesses() -> None:
    once = reliability([0.3] * 40, [1, 0, 0, 0] * 10, bins=1)
    twice = reliability([0.3] * 80, [1, 0, 0, 0] * 20, entity=[*range(40)] * 2, bins=1)

    assert twice[["low", "high"]].equals(once[["low", "high"]])
    assert twice["visits"].tolist() == [80]


def test_the_interval_stays_within_zero_and_one() -> None:
    table = reliability([0.1, 0.9], [0, 1], bins=2)

    assert table["low"].tolist()[0] == 0.0
    assert table["high"].tolist()[1] == 1.0


def test_equal_probabilities_share_a_bin_in_any_order_of_rows() -> None:
    p, y = np.array([0.2] * 5 + [0.8]), np.array([1, 0, 0, 0, 0, 1])
    order = np.array([3, 5, 0, 4, 1, 2])

    table = reliability(p, y, bins=3)

    assert table["visits"].tolist() == [5, 1]
    assert table.equals(reliability(p[order], y[order], bins=3))


@pytest.mark.parametrize(
    ("probability", "found", "bins"), [([], [], 2), ([0.5], [1, 0], 2), ([1.5], [1], 2), ([float("nan")], [1], 2), ([0.5], [1], 0)]
)
def test_invalid_input_of_the_reliability_curve_is_refused(probability: list[float], found: list[int], bins: int) -> None:
    with pytest.raises(ValueError, match=r"there must be visits|is not in"):
        reliability(probability, found, bins=bins)
