"""Ranking metrics, on windows small enough to compute by hand, and against scikit-learn and plain repetition."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from models.evaluation.ranking_metrics import (
    Metric,
    auc,
    average_precision,
    count,
    days_earlier,
    first_half_share,
    gain,
    lift_at,
    precision_at,
    rank,
    ranking_metrics,
    roc_auc,
)

DAYS = np.array(["2025-01-01", "2025-01-01", "2025-01-02", "2025-01-03"], dtype="datetime64[D]")
Y = np.array([0.0, 0.0, 1.0, 1.0])
BEST, WORST, EQUAL = Y, -Y, np.zeros(4)
ONCE = np.ones((1, 4))


def figure(metric: Metric, y: np.ndarray, score: np.ndarray, days: np.ndarray) -> float:
    return float(metric(count(rank(y, score, days), np.ones((1, len(y)))))[0])


def test_first_half_share_of_best_worst_and_tied_order() -> None:
    assert [figure(first_half_share, Y, score, DAYS) for score in (BEST, WORST, EQUAL)] == [1.0, 0.0, 0.5]


def test_days_earlier_keeps_each_days_number_of_visits() -> None:
    # Found on the 2nd and 3rd; the best order visits both on the 1st: (1 + 2) / 2 days earlier.
    assert figure(days_earlier, Y, BEST, DAYS) == 1.5
    # The worst order puts them on the 2nd and the 3rd, where they were.
    assert figure(days_earlier, Y, WORST, DAYS) == 0.0
    # All tied: the mean slot is 0.75 days after the first; the violations were found 1.5 days after it.
    assert figure(days_earlier, Y, EQUAL, DAYS) == 0.75


def test_ties_count_as_their_expectation() -> None:
    # The first two places hold one violation and one of three tied visits, one of them with a violation.
    counts = count(rank([1.0, 0.0, 0.0, 1.0], [3.0, 2.0, 2.0, 2.0], DAYS), ONCE)
    assert gain(counts, (0.5,))[0, 0] * 2 == pytest.approx(1 + 1 / 3)
    assert precision_at(counts, 0.5)[0] == pytest.approx((1 + 1 / 3) / 2)
    assert lift_at(counts, 0.5)[0] == pytest.approx((1 + 1 / 3) / 2 / 0.5)


@pytest.mark.parametrize("digits", [0, 1, 6])
def test_auc_and_average_precision_equal_scikit_learns(digits: int) -> None:
    random = np.random.default_rng(digits)
    y, score = (random.random(300) < 0.2).astype(float), random.normal(0, 1, 300).round(digits)
    days = np.full(300, "2025-01-01", dtype="datetime64[D]")
    assert figure(auc, y, score, days) == pytest.approx(roc_auc_score(y, score), abs=1e-12)
    assert roc_auc(y, score) == pytest.approx(figure(auc, y, score, days), abs=1e-15)
    assert figure(average_precision, y, score, days) == pytest.approx(average_precision_score(y, score), abs=1e-12)


@pytest.mark.parametrize("name", ranking_metrics(0.2))
def test_a_weight_of_n_equals_n_copies_of_a_visit(name: str) -> None:
    random = np.random.default_rng(8)
    y, score = (random.random(80) < 0.3).astype(float), random.integers(0, 9, 80).astype(float)
    days = np.datetime64("2025-01-01") + random.integers(0, 15, 80)
    weights = random.integers(0, 4, (5, 80)).astype(float)
    metric = ranking_metrics(0.2)[name]

    at_once = metric(count(rank(y, score, days), weights))

    for times, value in zip(weights.astype(int), at_once, strict=True):
        rows = np.repeat(np.arange(80), times)
        assert value == pytest.approx(figure(metric, y[rows], score[rows], days[rows]), abs=1e-9)


@pytest.mark.parametrize("name", ranking_metrics(0.2))
def test_figures_do_not_depend_on_row_order(name: str) -> None:
    random = np.random.default_rng(0)
    y, score = (random.random(50) < 0.3).astype(float), random.integers(0, 5, 50).astype(float)
    days = np.datetime64("2025-01-01") + random.integers(0, 20, 50)
    order, metric = random.permutation(50), ranking_metrics(0.2)[name]
    assert figure(metric, y[order], score[order], days[order]) == pytest.approx(figure(metric, y, score, days), abs=1e-12)


def test_a_window_without_violations_defines_only_the_precision() -> None:
    figures = {name: figure(metric, np.zeros(4), BEST, DAYS) for name, metric in ranking_metrics(0.5).items()}
    assert figures.pop("precision") == 0.0
    assert np.isnan(list(figures.values())).all()


def test_invalid_visits_are_refused() -> None:
    with pytest.raises(ValueError, match="visits"):
        rank([], [], [])
    with pytest.raises(ValueError, match="one length"):
        rank(Y, BEST[:3], DAYS)
    with pytest.raises(ValueError, match="not finite"):
        rank(Y, [1, 2, 3, np.nan], DAYS)
    with pytest.raises(ValueError, match="neither 0 nor 1"):
        rank([0, 1, 2, 0], BEST, DAYS)
    with pytest.raises(ValueError, match="share"):
        ranking_metrics(0.0)


def test_roc_auc_of_one_score_counts_ties_half_and_an_unknown_score_as_the_median() -> None:
    outcome = [True, True, False, False]
    assert roc_auc(outcome, [3.0, 2.0, 2.0, 1.0]) == pytest.approx((2 + 1.5) / 4)
    assert roc_auc(outcome, [3.0, np.nan, 2.0, 1.0]) == pytest.approx((2 + 1.5) / 4)
    assert np.isnan(roc_auc([True, True], [1.0, 2.0]))
