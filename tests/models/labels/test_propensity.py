"""Label weights recover the population from selective labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.foundation.inputs import Inputs
from models.labels.propensity import (
    KNOWN,
    MODELLED,
    NONE,
    effective_size,
    fit_propensity,
    label_weights,
    selection_reasons,
    weigh_labels,
)
from models.labels.sampling import sample_labels
from models.labels.training_set import TrainingSet
from models.risk.calibration import sigmoid


def test_labels_weigh_the_inverse_of_known_probabilities() -> None:
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


def test_a_cap_of_one_keeps_the_order_of_weights() -> None:
    weights = label_weights(np.array([0.9, 0.5, 0.1, 0.1]), None, cap=1)
    assert (np.diff(weights.weight) >= 0).all()


def test_each_arm_weighs_its_effective_sample_size() -> None:
    inclusion = np.array([0.1, 0.5, np.nan, np.nan, np.nan])
    propensity = np.array([0.9, 0.9, 0.2, 0.2, 0.2])
    weights = label_weights(inclusion, propensity, cap=10)
    arms = weights.weight[:2].sum(), weights.weight[2:].sum()
    assert arms[0] / arms[1] == pytest.approx(effective_size(np.array([10.0, 2.0])) / 3)
    assert weights.by == f"{KNOWN} and {MODELLED}"


def test_labels_without_any_probability_weigh_equal() -> None:
    weights = label_weights(np.full(4, np.nan), None, cap=10)
    assert weights.weight.tolist() == [1.0] * 4
    assert (weights.by, weights.effective) == (NONE, 4.0)
    assert label_weights(np.zeros(0), None, cap=10).effective == 0.0


@pytest.mark.parametrize(
    ("inclusion", "cap", "message"), [([0.0], 10, "above 0"), ([1.2], 10, "at most 1"), ([0.5], 0.5, "1 or more")]
)
def test_invalid_probabilities_and_caps_are_refused(inclusion: list[float], cap: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        label_weights(np.array(inclusion), None, cap=cap)


def population(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Entities with x, their probability of a visit, which rises with x, and the outcome of a visit."""
    random = np.random.default_rng(seed)
    X = pd.DataFrame({"x": random.normal(size=rows), "other": random.normal(size=rows)})
    return X, sigmoid(-2.5 + 1.2 * X["x"].to_numpy()), (random.random(rows) < sigmoid(-2 + X["x"].to_numpy())).astype(float)


def test_a_modelled_propensity_recovers_the_population_mean() -> None:
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


def test_too_few_visits_give_no_propensity() -> None:
    X, _, _ = population(100, seed=4)
    visited = (np.arange(100) < 20).astype(float)
    assert fit_propensity(X, visited, np.ones(100), X.index, ("x",), seed=1) is None


def test_a_businesss_propensity_does_not_depend_on_its_own_visits() -> None:
    X, chance, _ = population(1_500, seed=5)
    sent = (np.random.default_rng(6).random(len(X)) < chance).astype(float)
    entity = np.array([f"E{number // 2}" for number in range(len(X))])
    propensity = fit_propensity(X, sent, np.ones(len(X)), entity, ("x", "other"), seed=3)
    turned = np.where(entity == "E7", 1 - sent, sent)
    again = fit_propensity(X, turned, np.ones(len(X)), entity, ("x", "other"), seed=3)
    assert propensity is not None
    assert again is not None
    own = entity == "E7"
    assert (propensity[own] == again[own]).all()
    assert (propensity[~own] != again[~own]).any()
    few = fit_propensity(X, sent, np.ones(len(X)), np.where(np.arange(len(X)) % 2, "A", "B"), ("x", "other"), seed=3)
    assert few is None, "two businesses make no thirds"


COHORT = pd.Timestamp("2026-05-31")


def test_a_draw_without_a_known_probability_counts_as_another_reason() -> None:
    labels = pd.DataFrame(
        {
            "selected_by": pd.Series(["random", "random", "targeted", None], dtype=object),
            "inclusion_probability": [0.004, None, 0.5, None],
        }
    )
    reasons = selection_reasons(labels)
    assert reasons[:3].tolist() == ["random", "other", "targeted"]
    assert pd.isna(reasons[3])


def visited_town(entities: int, seed: int) -> tuple[TrainingSet, np.ndarray]:
    """A town with targeted visits where x is high and random ones where it is low, and the x of all entities."""
    random = np.random.default_rng(seed)
    x = random.normal(size=entities)
    is_sent = random.random(entities) < 1 / (1 + np.exp(1.5 - 1.2 * x))
    is_drawn = ~is_sent & (random.random(entities) < np.where(x < 0, 0.5, 0.02))
    rows = pd.DataFrame({"entity_id": [f"E{number:05}" for number in range(entities)], "cohort_on": COHORT, "x": x})
    is_visited = is_sent | is_drawn
    features = rows[is_visited].reset_index(drop=True)
    labels = features[["entity_id", "cohort_on"]].assign(
        selected_by=np.where(is_sent, "targeted", "random")[is_visited],
        inclusion_probability=np.where(is_sent, np.nan, np.where(x < 0, 0.5, 0.02))[is_visited],
    )
    inputs = Inputs(("x",), (0,), ("basic",))
    return TrainingSet(rows, features, labels, inputs, unvisited=rows[~is_visited].reset_index(drop=True)), x


def test_targeted_visits_weigh_by_the_propensity_of_a_targeted_visit() -> None:
    known, x = visited_town(8_000, seed=1)
    weights = weigh_labels(known, known.labels, known.features, cap=50, seed=2)
    is_sent = (known.labels["selected_by"] == "targeted").to_numpy()
    of_sent = known.features.loc[is_sent, "x"]
    assert of_sent.mean() > x.mean() + 0.5
    assert np.average(of_sent, weights=weights.weight[is_sent]) == pytest.approx(x.mean(), abs=0.12)


def test_labels_of_a_sample_weigh_like_all_labels() -> None:
    random = np.random.default_rng(3)
    x = random.normal(size=40_000)
    is_sent = random.random(40_000) < 1 / (1 + np.exp(-0.5 - 1.2 * x))
    rows = pd.DataFrame({"entity_id": [f"E{number:05}" for number in range(40_000)], "cohort_on": COHORT, "x": x})
    labels = rows.loc[is_sent, ["entity_id", "cohort_on"]].assign(selected_by="targeted", inclusion_probability=np.nan)
    some, share = sample_labels(labels, 3_000)
    features = rows.merge(some[["entity_id"]], on="entity_id")
    rest = rows[~is_sent].reset_index(drop=True)
    known = TrainingSet(rows, features, some, Inputs(("x",), (0,), ("basic",)), rest, labels_share=share)
    assert share < 0.15
    weighed = weigh_labels(known, some, features, cap=50, seed=2)
    assert np.average(features["x"], weights=weighed.weight) == pytest.approx(x.mean(), abs=0.12)
    as_if_all = weigh_labels(replace(known, labels_share=1.0), some, features, cap=50, seed=2)
    assert np.average(features["x"], weights=as_if_all.weight) < x.mean() - 0.2
