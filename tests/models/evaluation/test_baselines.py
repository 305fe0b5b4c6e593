"""Baselines are fitted on the past only, without randomness in ties."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from model_examples import INPUTS, Labelled, as_inputs

from models.evaluation.baselines import choose_indicator, fit_boosting, past_record
from models.evaluation.ranking_metrics import roc_auc


def test_past_record_puts_an_unknown_share_last() -> None:
    assert past_record(pd.DataFrame({"violation_share": [0.5, None, 0.0]})).tolist() == [0.5, -1.0, 0.0]


def test_best_indicator_is_the_one_that_ordered_the_past_best_in_its_own_direction(labelled: Labelled) -> None:
    best = choose_indicator(labelled.X, labelled.y, INPUTS)
    assert (best.column, best.direction) == ("late", 1)
    assert roc_auc(labelled.y, best.score(labelled.X)) > 0.65


def test_the_catalogues_direction_is_not_reversed_to_fit_the_past(labelled: Labelled) -> None:
    backwards = labelled.X.assign(late=-labelled.X["late"])
    assert choose_indicator(backwards, labelled.y, as_inputs(["late", "noise"], direction=1)).column == "noise"


def test_without_a_direction_in_the_catalogue_the_past_gives_it(labelled: Labelled) -> None:
    backwards = labelled.X.assign(late=-labelled.X["late"])
    best = choose_indicator(backwards, labelled.y, as_inputs(["late", "noise"]))
    assert (best.column, best.direction) == ("late", -1)


def test_the_name_breaks_ties_and_an_unknown_value_counts_as_the_median() -> None:
    y = np.tile([0.0, 1.0], 20)
    X = pd.DataFrame({"b": y, "a": y}).astype(float)
    best = choose_indicator(X, y, as_inputs(["b", "a"], direction=1))
    assert best.column == "a"
    assert best.score(pd.DataFrame({"a": [1.0, np.nan]})).tolist() == [1.0, 0.5]


def test_plain_boosting_is_deterministic_and_finds_the_signal(labelled: Labelled, later: pd.DataFrame) -> None:
    first, again = (fit_boosting(labelled.X, labelled.y, INPUTS, seed=3).score(later) for _ in range(2))
    assert (first == again).all()
    assert np.corrcoef(first, later["late"].fillna(0.0))[0, 1] > 0.3


def test_plain_boosting_reads_the_industry_as_a_category() -> None:
    random = np.random.default_rng(2)
    codes = random.choice(["b / Risk 1", "a", "c"], 600)
    y = (random.random(600) < np.where(codes == "a", 0.7, 0.2)).astype(float)
    X = pd.DataFrame({"a": random.normal(size=600), "industry_code": codes})
    fitted = fit_boosting(X, y, as_inputs(["a"]), seed=1)
    assert fitted.codes == ("a", "b / Risk 1", "c")
    alike = pd.DataFrame({"a": 0.0, "industry_code": ["a", "b / Risk 1", "c", None, "never seen"]})
    score = fitted.score(alike)
    assert score[0] > max(score[1:3])
    assert score[3] == score[4]


def test_a_column_without_known_values_is_left_out(labelled: Labelled) -> None:
    X = labelled.X.assign(capital=np.nan)
    fitted = fit_boosting(X, labelled.y, INPUTS, seed=3)
    assert "capital" not in fitted.columns
    assert (fitted.score(X) == fitted.score(X.assign(capital=1.0))).all()


@pytest.mark.parametrize("y", [np.zeros(40), np.ones(40), np.r_[np.ones(9), np.zeros(31)]])
def test_too_little_past_leaves_all_visits_equal(y: np.ndarray) -> None:
    X = pd.DataFrame({"a": np.arange(40.0)})
    assert choose_indicator(X, y, as_inputs(["a"])).score(X).tolist() == [0.0] * 40
    assert fit_boosting(X, y, as_inputs(["a"]), seed=1).score(X).tolist() == [0.0] * 40
