"""Judging an order of visits, on windows small enough to reckon by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.evaluate import auc, days_earlier, evaluate, expected_found, first_half_share, paired_difference

DAYS = np.array(["2025-01-01", "2025-01-01", "2025-01-02", "2025-01-03"], dtype="datetime64[D]")
Y = np.array([0.0, 0.0, 1.0, 1.0])
BEST, WORST, EQUAL = Y, -Y, np.zeros(4)


def test_first_half_share_of_best_worst_and_undecided_order() -> None:
    assert [first_half_share(Y, score, DAYS) for score in (BEST, WORST, EQUAL)] == [1.0, 0.0, 0.5]


def test_days_earlier_keeps_each_days_number_of_visits() -> None:
    # Found on the 2nd and 3rd; the best order visits both on the 1st: (1 + 2) / 2 days earlier.
    assert days_earlier(Y, BEST, DAYS) == 1.5
    # The worst order puts them on the 2nd and the 3rd, in either way: as it was.
    assert days_earlier(Y, WORST, DAYS) == 0.0
    # Undecided: the mean slot is day 0.75 after the first; they were found 1.5 after it.
    assert days_earlier(Y, EQUAL, DAYS) == 0.75


def test_ties_count_as_their_expectation() -> None:
    assert expected_found(np.array([1.0, 0.0, 0.0, 1.0]), np.array([3.0, 2.0, 2.0, 2.0]), 2) == pytest.approx(1 + 1 / 3)


def test_figures_do_not_depend_on_row_order() -> None:
    random = np.random.default_rng(0)
    y, score = (random.random(50) < 0.3).astype(float), random.integers(0, 5, 50).astype(float)
    days = np.datetime64("2025-01-01") + random.integers(0, 20, 50)
    order = random.permutation(50)
    for metric in (auc, first_half_share, days_earlier):
        assert metric(y[order], score[order], days[order]) == pytest.approx(metric(y, score, days), abs=1e-12)


def test_evaluate_sets_model_beside_baselines() -> None:
    table = evaluate(Y, DAYS, {"model": BEST, "past record": [0, 1, 0, 1]}, capacity=2, seed=1, probability=[0.1, 0.1, 0.9, 0.9])
    assert list(table.index) == ["model", "past record", "as it was", "random", "random expected"]
    assert table.loc["model", ["auc", "precision", "recall", "lift"]].tolist() == [1.0, 1.0, 1.0, 2.0]
    assert table.loc["model", "brier"] == pytest.approx(0.01)
    assert table.loc["random expected", ["auc", "average_precision", "first_half_share", "lift"]].tolist() == [0.5, 0.5, 0.5, 1.0]
    assert table.loc["as it was", "days_earlier"] == 0.0


def test_window_where_nothing_was_found_has_no_figures() -> None:
    table = evaluate(np.zeros(4), DAYS, {"model": BEST}, capacity=10, seed=1)
    assert table.loc["model", ["auc", "first_half_share", "days_earlier", "recall"]].isna().all()


def test_empty_window_and_unscored_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="visits"):
        evaluate([], [], {}, capacity=1, seed=1)
    with pytest.raises(ValueError, match="not finite"):
        evaluate(Y, DAYS, {"model": [1, 2, 3, np.nan]}, capacity=1, seed=1)


def test_interval_of_a_real_difference_leaves_zero_out_and_of_none_does_not() -> None:
    random = np.random.default_rng(5)
    y = (random.random(400) < 0.3).astype(float)
    days = np.datetime64("2025-01-01") + random.integers(0, 60, 400)
    entity = np.arange(400) // 2
    good, bad = y + random.normal(0, 1, 400), random.normal(0, 1, 400)
    difference, low, high = paired_difference(auc, y, days, entity, good, bad, draws=200, seed=1)
    assert 0 < low < difference < high
    assert paired_difference(auc, y, days, entity, good, good, draws=20, seed=1) == (0.0, 0.0, 0.0)


def test_interval_is_the_same_for_any_row_order() -> None:
    random = np.random.default_rng(6)
    y, a, b = (random.random(60) < 0.4).astype(float), random.random(60), random.random(60)
    days, entity, order = np.datetime64("2025-01-01") + np.arange(60), np.arange(60) // 3, random.permutation(60)
    first = paired_difference(auc, y, days, entity, a, b, draws=30, seed=2)
    again = paired_difference(auc, y[order], days[order], entity[order], a[order], b[order], draws=30, seed=2)
    assert first == pytest.approx(again, abs=1e-12)
