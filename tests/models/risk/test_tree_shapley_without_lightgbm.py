"""Without LightGBM contributions are Shapley values too, here compared with their definition."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from models.risk.boosting import TREES, HistogramBooster, fit_booster


@pytest.fixture(scope="module")
def grown() -> tuple[HistogramBooster, np.ndarray]:
    random = np.random.default_rng(3)
    rows = random.standard_t(4, size=(2000, 3))
    rows[random.random(rows.shape) < 0.2] = np.nan
    y = (np.nan_to_num(rows[:, 0]) + np.nan_to_num(rows[:, 1] * rows[:, 2]) + random.normal(size=2000) > 0).astype(float)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.risk.boosting.load_lightgbm", lambda: None)
        found = fit_booster(rows, y, np.ones(2000), (1, 0, 0), growth=TREES, rounds=20, seed=1, threads=1)
    assert isinstance(found, HistogramBooster)
    return found, rows


def answer(nodes: np.ndarray, row: np.ndarray, known: set[int], at: int = 0) -> float:
    """A tree's answer when only some columns are known; other splits average both ways by their rows."""
    here = nodes[at]
    if here["is_leaf"]:
        return float(here["value"])
    value, ways = row[here["feature_idx"]], (int(here["left"]), int(here["right"]))
    if int(here["feature_idx"]) in known:
        is_left = bool(here["missing_go_to_left"]) if np.isnan(value) else value <= here["num_threshold"]
        return answer(nodes, row, known, ways[0 if is_left else 1])
    return sum(float(nodes[way]["count"]) / float(here["count"]) * answer(nodes, row, known, way) for way in ways)


def test_contributions_are_means_over_all_orders_of_columns(
    grown: tuple[HistogramBooster, np.ndarray],
) -> None:
    booster, rows = grown
    asked = np.vstack([rows[:8], np.full((1, 3), np.nan), np.full((1, 3), 1e300)])
    trees = [predictors[0].nodes for predictors in booster.estimator._predictors]
    wanted = np.zeros((len(asked), 3))
    orders = list(permutations(range(3)))
    for at, row in enumerate(asked):
        for order in orders:
            known: set[int] = set()
            for column in order:
                before = sum(answer(tree, row, known) for tree in trees)
                known.add(column)
                wanted[at, column] += (sum(answer(tree, row, known) for tree in trees) - before) / len(orders)
    np.testing.assert_allclose(booster.explain(asked)[1][:, :-1], wanted, rtol=0, atol=1e-9)


def test_contributions_sum_to_the_margin(grown: tuple[HistogramBooster, np.ndarray]) -> None:
    booster, rows = grown
    margin, added = booster.explain(rows)
    np.testing.assert_array_equal(margin, booster.margin(rows))
    np.testing.assert_allclose(added.sum(axis=1), margin, rtol=0, atol=1e-9)
