"""Selective labels: what each counts, and that weighing brings back the population."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.labels.selection import KNOWN, MODELLED, NONE, effective_size, fit_propensity, label_weights, weighting_effect
from models.risk.calibration import sigmoid


def test_known_probabilities_weigh_by_their_inverse() -> None:
    weights = label_weights(np.array([0.5, 0.25, 0.25]), None, cap=10)
    np.testing.assert_allclose(weights.weight, np.array([2, 4, 4]) / (10 / 3))
    assert (weights.by, weights.known, weights.capped) == (KNOWN, 3, 0)
    assert weights.effective == pytest.approx(100 / 36)


def test_weights_beyond_the_cap_are_cut_and_counted() -> None:
    inclusion = np.array([1.0] * 99 + [0.001])
    weights = label_weights(inclusion, None, cap=5)
    raw_mean = (99 + 1000) / 100
    assert weights.weight.max() / weights.weight.min() == pytest.approx(5 * raw_mean)
    assert weights.capped == 1
    assert weights.effective > label_weights(inclusion, None, cap=1000).effective


def test_a_cap_of_one_still_keeps_weights_in_order() -> None:
    weights = label_weights(np.array([0.9, 0.5, 0.1, 0.1]), None, cap=1)
    assert (np.diff(weights.weight) >= 0).all()


def test_each_arm_counts_as_many_labels_as_it_is_worth() -> None:
    inclusion = np.array([0.1, 0.5, np.nan, np.nan, np.nan])
    propensity = np.array([0.9, 0.9, 0.2, 0.2, 0.2])
    weights = label_weights(inclusion, propensity, cap=10)
    arms = weights.weight[:2].sum(), weights.weight[2:].sum()
    assert arms[0] / arms[1] == pytest.approx(effective_size(np.array([10.0, 2.0])) / 3)
    assert weights.by == f"{KNOWN} and {MODELLED}"


def test_labels_of_which_nothing_is_known_count_alike() -> None:
    weights = label_weights(np.full(4, np.nan), None, cap=10)
    assert weights.weight.tolist() == [1.0] * 4
    assert (weights.by, weights.effective) == (NONE, 4.0)
    assert label_weights(np.zeros(0), None, cap=10).effective == 0.0


@pytest.mark.parametrize(
    ("inclusion", "cap", "message"), [([0.0], 10, "above 0"), ([1.2], 10, "at most 1"), ([0.5], 0.5, "1 or more")]
)
def test_weights_that_break_the_rules_are_explained(inclusion: list[float], cap: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        label_weights(np.array(inclusion), None, cap=cap)


def population(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Entities with x, their chance to be visited, which rises with x, and whether a visit would find something."""
    random = np.random.default_rng(seed)
    X = pd.DataFrame({"x": random.normal(size=rows), "other": random.normal(size=rows)})
    return X, sigmoid(-2.5 + 1.2 * X["x"].to_numpy()), (random.random(rows) < sigmoid(-2 + X["x"].to_numpy())).astype(float)


def test_a_modelled_propensity_brings_back_the_mean_of_all() -> None:
    X, chance, y = population(30_000, seed=1)
    is_visited = np.random.default_rng(2).random(len(X)) < chance
    rest = X[~is_visited][::5]
    both = pd.concat([X[is_visited], rest])
    visited = np.repeat([1.0, 0.0], [is_visited.sum(), len(rest)])
    share = np.where(visited == 1, 1.0, 0.2)
    of_all = fit_propensity(both, visited, share, both.index, ("x", "other"), seed=3)
    assert of_all is not None
    propensity = of_all[: is_visited.sum()]
    assert propensity.mean() == pytest.approx(chance[is_visited].mean(), abs=0.03)
    weights = label_weights(np.full(len(propensity), np.nan), propensity, cap=20)
    assert y[is_visited].mean() > y.mean() + 0.05
    assert np.average(y[is_visited], weights=weights.weight) == pytest.approx(y.mean(), abs=0.015)
    assert 0.1 < weights.effective / is_visited.sum() < 1


def test_too_few_visited_give_no_propensity() -> None:
    X, _, _ = population(100, seed=4)
    visited = (np.arange(100) < 20).astype(float)
    assert fit_propensity(X, visited, np.ones(100), X.index, ("x",), seed=1) is None


def test_no_business_tells_its_own_propensity() -> None:
    X, chance, _ = population(1_500, seed=5)
    sent = (np.random.default_rng(6).random(len(X)) < chance).astype(float)
    entity = np.array([f"E{number // 2}" for number in range(len(X))])
    told = fit_propensity(X, sent, np.ones(len(X)), entity, ("x", "other"), seed=3)
    turned = np.where(entity == "E7", 1 - sent, sent)
    again = fit_propensity(X, turned, np.ones(len(X)), entity, ("x", "other"), seed=3)
    assert told is not None
    assert again is not None
    own = entity == "E7"
    assert (told[own] == again[own]).all()
    assert (told[~own] != again[~own]).any()
    few = fit_propensity(X, sent, np.ones(len(X)), np.where(np.arange(len(X)) % 2, "A", "B"), ("x", "other"), seed=3)
    assert few is None, "two businesses make no thirds"


def test_shift_tells_how_far_scores_moved() -> None:
    plain = pd.DataFrame({"margin": np.arange(100.0), "probability": np.linspace(0.2, 0.4, 100)})
    same = weighting_effect(plain, plain)
    assert (same["rank_correlation"], same["shared_riskiest_tenth"]) == (pytest.approx(1.0), 1.0)
    turned = weighting_effect(plain.assign(margin=-plain["margin"], probability=0.1), plain)
    assert turned["rank_correlation"] == pytest.approx(-1.0)
    assert (turned["mean_probability"], turned["mean_probability_unweighted"]) == (pytest.approx(0.1), pytest.approx(0.3))
    assert turned["shared_riskiest_tenth"] == 0.0
