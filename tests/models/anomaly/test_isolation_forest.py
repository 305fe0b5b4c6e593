"""Oblique isolation trees: splits, depths, and columns' contributions."""

from __future__ import annotations

import numpy as np
import pytest

from models.anomaly.forest_growth import Growth, average_path, grow_forest
from models.anomaly.isolation_forest import Forest

GROWTHS = [Growth(20, 64, 1, "pooled"), Growth(20, 64, 5, "averaged")]


def values(rows: int = 500, columns: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_t(4, size=(rows, columns)).astype(np.float32)


def grown(rows: np.ndarray, growth: Growth = GROWTHS[0], seed: int = 1) -> Forest:
    return grow_forest(rows.astype(np.float32), growth, np.random.default_rng(seed))


def by_column(rows: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(rows.astype(np.float32).T)


def depths_one_by_one(forest: Forest, row: np.ndarray) -> list[float]:
    """A row's depth in each tree, in plain Python."""
    found = []
    for tree in range(len(forest.depth)):
        node = 0
        while 2 * node + 1 < forest.depth.shape[1]:
            a, b = forest.a[tree, node], forest.b[tree, node]
            z = a * row[forest.first[tree, node]] + b * row[forest.second[tree, node]]
            node = 2 * node + 1 + int(z > forest.threshold[tree, node])
        found.append(forest.depth[tree, node])
    return found


@pytest.mark.parametrize("growth", GROWTHS)
def test_strangeness_is_minus_the_mean_depth(growth: Growth) -> None:
    rows = values()
    forest = grown(rows, growth)
    expected = [-np.mean(depths_one_by_one(forest, row)) for row in rows[:30]]
    np.testing.assert_allclose(forest.strangeness(by_column(rows[:30])), expected, rtol=1e-12)


@pytest.mark.parametrize("growth", GROWTHS)
def test_contributions_and_base_sum_to_the_strangeness(growth: Growth) -> None:
    forest, later = grown(values(), growth), by_column(values(seed=2) * 3)
    strangeness, parts = forest.explain(later)
    np.testing.assert_array_equal(strangeness, forest.strangeness(later))
    np.testing.assert_allclose(parts.sum(axis=1) + forest.base, strangeness, rtol=0, atol=1e-9)


@pytest.mark.parametrize("growth", GROWTHS)
def test_the_base_is_the_mean_over_the_rows_of_each_tree(growth: Growth) -> None:
    rows = values(rows=64)  # so that each tree sees all of them
    forest = grown(rows, growth)
    assert forest.strangeness(by_column(rows)).mean() == pytest.approx(forest.base)


@pytest.mark.parametrize("growth", GROWTHS)
def test_the_same_seed_gives_the_same_trees(growth: Growth) -> None:
    one, two, other = grown(values(), growth), grown(values(), growth), grown(values(), growth, seed=2)
    for name in Forest.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert (one.threshold != other.threshold).any()


@pytest.mark.parametrize("growth", GROWTHS)
def test_only_columns_that_vary_are_split_on(growth: Growth) -> None:
    rows = values()
    rows[:, [0, 2]] = 7.0
    forest = grown(rows, growth)
    is_split = np.isfinite(forest.threshold)
    assert set(forest.first[is_split]) | set(forest.second[is_split]) == {1, 3}
    rows[:, 3] = 7.0
    forest = grown(rows, growth)
    is_split = np.isfinite(forest.threshold)
    assert set(forest.first[is_split]) == set(forest.second[is_split]) == {1}
    assert not forest.b[is_split].any()


@pytest.mark.parametrize("growth", GROWTHS)
@pytest.mark.parametrize("rows", [1, 2, 3, 100])
def test_equal_rows_are_never_separated(growth: Growth, rows: int) -> None:
    forest = grown(np.ones((rows, 3)), growth)
    assert not np.isfinite(forest.threshold).any()
    expected = -average_path(np.array([min(rows, 64)]))[0]
    assert forest.strangeness(by_column(np.ones((2, 3)))).tolist() == pytest.approx([expected] * 2)


@pytest.mark.parametrize("growth", GROWTHS)
def test_an_outlier_is_isolated_first(growth: Growth) -> None:
    rows = values(rows=64)
    rows[0] = 40.0
    assert grown(rows, growth).strangeness(by_column(rows)).argmax() == 0


@pytest.mark.parametrize("growth", GROWTHS)
def test_the_largest_values_do_not_overflow(growth: Growth) -> None:
    rows = values()
    rows[:5] *= np.float32(1e12)
    with np.errstate(over="raise", invalid="raise"):
        forest = grown(rows, growth)
        assert np.isfinite(forest.strangeness(by_column(rows))).all()
        assert np.isfinite(forest.explain(by_column(rows))[1]).all()
