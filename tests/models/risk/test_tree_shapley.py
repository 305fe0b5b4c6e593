"""Shapley values from tables equal those that LightGBM computes row by row."""

from __future__ import annotations

import numpy as np
import pytest

from models.risk.boosting import MANY_ROWS, LightGBMBooster, load_lightgbm
from models.risk.tree_tables import MOST_SPLITS, pattern_trees, shapley_trees, shapley_values, sum_of_answers

lightgbm = load_lightgbm()
pytestmark = pytest.mark.skipif(lightgbm is None, reason="LightGBM cannot be loaded here")


def grown(leaves: int, unknown: float, **parameters: object) -> tuple[object, np.ndarray]:
    random = np.random.default_rng(3)
    rows = random.standard_t(4, size=(3000, 6))
    rows[random.random(rows.shape) < unknown] = np.nan
    # The presence of the last column is informative: such a split has an infinite threshold.
    y = (
        np.isnan(rows[:, 5]) + np.nan_to_num(rows[:, 0]) + np.nan_to_num(rows[:, 1] * rows[:, 2]) + random.normal(size=3000) > 0
    ).astype(float)
    settings = {"objective": "binary", "num_leaves": leaves, "verbosity": -1, "num_threads": 1, **parameters}
    return lightgbm.train(settings, lightgbm.Dataset(rows, y), 25), rows


@pytest.mark.parametrize("unknown", [0.0, 0.2])
@pytest.mark.parametrize("leaves", [2, 4, MOST_SPLITS + 1])
def test_values_equal_lightgbms(leaves: int, unknown: float) -> None:
    booster, rows = grown(leaves, unknown)
    trees = shapley_trees(booster.dump_model())
    assert trees is not None
    # New values, unknown values where there were none, and extreme values.
    far = [np.full((1, 6), value) for value in (np.nan, 1e300, 1e301, np.inf, -np.inf, 0.0)]
    asked = np.vstack([rows[:500], *far, np.eye(6) * np.nan])
    margin, added = shapley_values(trees, asked)
    np.testing.assert_allclose(added, booster.predict(asked, pred_contrib=True), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(margin, booster.predict(asked, raw_score=True))
    tables = pattern_trees(booster.dump_model())
    assert tables is not None
    np.testing.assert_array_equal(sum_of_answers(tables, asked), margin)


def test_rows_are_independent() -> None:
    booster, rows = grown(7, 0.2)
    trees = shapley_trees(booster.dump_model())
    assert trees is not None
    margin, added = shapley_values(trees, rows[:50])
    alone = [shapley_values(trees, rows[at : at + 1]) for at in range(50)]
    np.testing.assert_array_equal(np.concatenate([one for one, _ in alone]), margin)
    np.testing.assert_array_equal(np.vstack([parts for _, parts in alone]), added)
    assert [part.shape for part in shapley_values(trees, rows[:0])] == [(0,), (0, 7)]


def test_margins_do_not_depend_on_the_number_of_rows() -> None:
    booster, rows = grown(7, 0.2)
    wrapped, many = LightGBMBooster(booster.model_to_string(), start=0.3), np.vstack([rows] * 4)
    assert len(rows) < MANY_ROWS <= len(many)
    np.testing.assert_array_equal(wrapped.margin(many), np.tile(wrapped.margin(rows), 4))
    np.testing.assert_array_equal(wrapped.margin(many, 10), np.tile(wrapped.margin(rows, 10), 4))


def test_larger_trees_use_lightgbms_own_values() -> None:
    booster, rows = grown(MOST_SPLITS + 2, 0.2)
    assert shapley_trees(booster.dump_model()) is None
    assert pattern_trees(booster.dump_model()) is None
    wrapped = LightGBMBooster(booster.model_to_string())
    margin, added = wrapped.explain(rows[:20])
    np.testing.assert_array_equal(added, booster.predict(rows[:20], pred_contrib=True))
    np.testing.assert_array_equal(margin, wrapped.margin(rows[:20]))


def test_a_tree_without_a_split_adds_its_answer_to_the_base() -> None:
    booster, rows = grown(4, 0.0, min_data_in_leaf=3000)
    trees = shapley_trees(booster.dump_model())
    assert trees is not None
    margin, added = shapley_values(trees, rows[:3])
    np.testing.assert_array_equal(margin, booster.predict(rows[:3], raw_score=True))
    np.testing.assert_allclose(added.sum(axis=1), margin, atol=1e-12)
