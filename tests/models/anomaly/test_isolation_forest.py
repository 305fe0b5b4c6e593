"""The isolation forest as arrays: scikit-learn's scores, and columns' contributions."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest

from models.anomaly.isolation_forest import ROWS_A_TREE, TREES, Forest, average_path, grow_forest


def values(rows: int = 500, columns: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_t(4, size=(rows, columns)).astype(np.float32)


def by_column(rows: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(rows.astype(np.float32).T)


@pytest.mark.parametrize("rows", [5, 100, 500, 3000])
def test_strangeness_orders_rows_as_scikit_learn_scores_them(rows: int) -> None:
    known, later = values(rows), values(seed=2) * 3
    sampled = min(ROWS_A_TREE, rows)
    reference = IsolationForest(n_estimators=TREES, max_samples=sampled, random_state=7).fit(known)
    expected = np.log2(-reference.score_samples(later)) * average_path(np.array([sampled]))
    np.testing.assert_allclose(grow_forest(known, seed=7).strangeness(by_column(later)), expected, rtol=0, atol=1e-9)


def test_a_value_equal_to_a_threshold_goes_the_way_that_scikit_learn_sends_it() -> None:
    known = np.repeat(np.array([[0.0], [np.float32(0.1)], [np.nextafter(np.float32(0.1), np.float32(1))]]), 50, axis=0)
    reference = IsolationForest(n_estimators=TREES, max_samples=len(known), random_state=7).fit(known.astype(np.float32))
    expected = np.log2(-reference.score_samples(known)) * average_path(np.array([len(known)]))
    np.testing.assert_allclose(grow_forest(known.astype(np.float32), seed=7).strangeness(by_column(known)), expected, atol=1e-9)


def test_contributions_and_base_sum_to_the_strangeness() -> None:
    forest, later = grow_forest(values(), seed=1), by_column(values(seed=2) * 3)
    strangeness, parts = forest.explain(later)
    np.testing.assert_array_equal(strangeness, forest.strangeness(later))
    np.testing.assert_allclose(parts.sum(axis=1) + forest.base, strangeness, rtol=0, atol=1e-9)


def test_a_split_contributes_to_its_column() -> None:
    """One tree: column 1 divides the six rows into one and five, then column 0 the five into two and three."""
    forest = Forest(
        np.array([[1, 0, 0, 0, 0, 0, 0]], np.int16),
        np.array([[5, 2, np.inf, np.inf, np.inf, np.inf, np.inf]], np.float32),
        np.array([[3.0, 3.5, 1.0, 3.0, 4.0, 1.0, 1.0]]),
    )
    strangeness, parts = forest.explain(by_column(np.array([[0, 9], [9, 0], [0, 0]])))
    assert strangeness.tolist() == [-1, -4, -3]
    assert parts.tolist() == [[0, 2], [-0.5, -0.5], [0.5, -0.5]]


def test_the_base_is_the_mean_over_the_rows_of_each_tree() -> None:
    rows = values(rows=64)  # so that each tree sees all of them
    forest = grow_forest(rows, seed=1)
    assert forest.strangeness(by_column(rows)).mean() == pytest.approx(forest.base)


def test_only_columns_that_vary_are_split_on() -> None:
    rows = values()
    rows[:, [0, 2]] = 7.0
    forest = grow_forest(rows, seed=1)
    assert set(forest.column[np.isfinite(forest.threshold)]) == {1, 3}


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
def test_equal_rows_are_never_separated(rows: int) -> None:
    forest = grow_forest(np.ones((rows, 3), np.float32), seed=1)
    assert not np.isfinite(forest.threshold).any()
    assert forest.strangeness(by_column(np.ones((2, 3)))).tolist() == pytest.approx([-average_path(np.array([rows]))[0]] * 2)
