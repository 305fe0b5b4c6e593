"""The whole model, of each kind: additivity, invariances, reasons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from model_examples import INPUTS, Labelled, fit, invent, shuffled

from models.explanation.reasons import strongest
from models.risk.boosting import HistogramBooster, LightGBMBooster
from models.risk.calibration import Calibration
from models.risk.fallback import FallbackModel
from models.risk_model import RiskModel, fit_risk_model


def assert_same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(left, right, check_exact=True)


def test_contributions_of_indicators_sum_to_margin(model: RiskModel, later: pd.DataFrame) -> None:
    sums = model.contributions(later).sum(axis=1)
    assert np.abs(sums - model.score(later)["margin"]).max() <= 1e-6


def test_value_and_peer_form_are_one_indicator(model: RiskModel, later: pd.DataFrame) -> None:
    assert list(model.contributions(later).columns) == ["late", "age", "complaints", "capital", "noise", "base"]


def test_scores_do_not_depend_on_chunks(model: RiskModel, later: pd.DataFrame) -> None:
    for cut in (1, 7, 250, 499):
        assert_same(pd.concat([model.score(later[:cut]), model.score(later[cut:])]), model.score(later))


def test_contributions_do_not_depend_on_chunks(model: RiskModel, later: pd.DataFrame) -> None:
    pieces = pd.concat([model.contributions(later[:3]), model.contributions(later[3:])])
    assert_same(pieces, model.contributions(later))


def test_scores_follow_their_rows_in_any_order(model: RiskModel, later: pd.DataFrame) -> None:
    order = np.random.default_rng(3).permutation(len(later))
    assert_same(model.score(later.iloc[order]), model.score(later).iloc[order])


def test_the_order_of_columns_does_not_matter(model: RiskModel, later: pd.DataFrame) -> None:
    assert_same(model.score(later[list(later.columns[::-1])]), model.score(later))


@pytest.mark.parametrize("settings", [{}, {"minimum_labels": 10_000}])
def test_the_order_of_training_rows_does_not_matter(labelled: Labelled, later: pd.DataFrame, settings: dict[str, int]) -> None:
    assert_same(fit(shuffled(labelled, seed=5), **settings).score(later), fit(labelled, **settings).score(later))


def test_two_fits_are_equal_without_lightgbm(
    labelled: Labelled, later: pd.DataFrame, without_lightgbm: RiskModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.risk.boosting.load_lightgbm", lambda: None)
    assert_same(fit(shuffled(labelled, seed=6), candidates=("blend",)).score(later), without_lightgbm.score(later))


def test_scikit_learn_replaces_lightgbm_where_it_cannot_be_loaded(blend: RiskModel, without_lightgbm: RiskModel) -> None:
    assert isinstance(blend.violation.learner.members[1], LightGBMBooster)
    assert isinstance(without_lightgbm.violation.learner.members[1], HistogramBooster)


def test_probability_rises_strictly_with_margin(learnt: RiskModel, later: pd.DataFrame) -> None:
    scores = learnt.score(later).sort_values("margin")
    assert (np.diff(scores["probability"])[np.diff(scores["margin"]) > 1e-12] > 0).all()


def test_one_unit_of_anomaly_adds_the_anomaly_weight(learnt: RiskModel, later: pd.DataFrame) -> None:
    scores = learnt.score(later)
    np.testing.assert_allclose(scores["margin"], learnt.violation.margin(later) + 0.5 * scores["anomaly"], rtol=0, atol=0)


def test_the_scorecard_is_champion_if_no_candidate_is_significantly_better(learnt: RiskModel) -> None:
    assert learnt.facts["champion"] == "scorecard"
    assert [(one["challenger"], one["wins"]) for one in learnt.facts["contests"]] == [("trees", False), ("blend", False)]


def test_the_trees_win_where_indicators_interact() -> None:
    labelled = invent(4000, seed=13)
    together = (labelled.X["capital"].fillna(0) > 0) != (labelled.X["noise"].fillna(0) > 0)
    rows = replace(labelled, y=np.where(np.random.default_rng(1).random(4000) < 0.9, together, ~together).astype(float))
    model = fit(rows)
    assert model.facts["champion"] != "scorecard"
    assert any(one["wins"] and one["high"] < 0 for one in model.facts["contests"])


@pytest.mark.parametrize(("visits", "found"), [(0, 0), (299, 100), (400, 29), (400, 371), (400, 0), (400, 400)])
def test_too_few_labels_give_the_rule_and_no_probability(labelled: Labelled, visits: int, found: int) -> None:
    y = np.arange(visits) < found
    few = replace(labelled, y=y, time=labelled.time[:visits], entity=labelled.entity[:visits])
    model = fit_risk_model(
        labelled.X, few.X[:visits], few.y, few.time, few.entity, INPUTS,
        anomaly_weight=0.5, minimum_labels=300, minimum_positives=30, seed=7,
    )  # fmt: skip
    assert isinstance(model.violation, FallbackModel)
    assert model.score(labelled.X)["probability"].isna().all()
    assert model.score(labelled.X)["margin"].notna().all()


def test_reasons_are_the_largest_positive_contributions(model: RiskModel, later: pd.DataFrame) -> None:
    reasons, contributions = strongest(model.contributions(later), later, top=3), model.contributions(later).drop(columns="base")
    for row in range(len(later)):
        mine = reasons[reasons["row"] == row]
        best = contributions.iloc[row].sort_values(ascending=False)[:3]
        assert mine["contribution"].tolist() == [value for value in best if value > 0]
        assert mine["reason_rank"].tolist() == list(range(1, len(mine) + 1))
        assert [later.iloc[row][name] for name in mine["indicator"]] == pytest.approx(mine["value"].tolist(), nan_ok=True)


def test_equal_reasons_are_ordered_by_indicator_name(rule: RiskModel) -> None:
    twins = replace(rule, anomaly_weight=0.0)
    scale = twins.violation.scale
    scale.center_[:], scale.spread_[:] = 0.0, 1.0
    row = pd.DataFrame([[np.nan, 2.0, np.nan, np.nan, 2.0, 0.0, 0.0, 0.0]], columns=list(INPUTS.columns))
    assert strongest(twins.contributions(row), row)["indicator"].tolist() == ["complaints", "late"]


@pytest.mark.parametrize("kind", ["learnt", "rule"])
def test_unknown_constant_and_empty_columns_are_accepted(labelled: Labelled, kind: str) -> None:
    X = labelled.X.assign(late=np.nan, late_vs_peers=np.nan, age=3.0, age_vs_peers=np.inf)
    model = fit(replace(labelled, X=X), minimum_labels=300 if kind == "learnt" else 10_000)
    nothing = pd.DataFrame(np.nan, index=[0, 1], columns=list(INPUTS.columns))
    scores = model.score(pd.concat([X, nothing]))
    assert np.isfinite(scores[["margin", "anomaly"]].to_numpy()).all()
    assert strongest(model.contributions(nothing[:0]), nothing[:0]).empty


def test_uninformative_columns_are_accepted(labelled: Labelled) -> None:
    empty = replace(labelled, X=pd.DataFrame(np.nan, index=labelled.X.index, columns=list(INPUTS.columns)))
    scores = fit(empty).score(empty.X)
    assert scores["margin"].nunique() == 1
    assert scores["probability"].iloc[0] == pytest.approx(labelled.y.mean(), abs=0.03)


def test_no_rows_give_no_scores(model: RiskModel, later: pd.DataFrame) -> None:
    assert model.score(later[:0]).empty
    assert model.contributions(later[:0]).empty


def test_a_missing_column_is_named(model: RiskModel, later: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="complaints"):
        model.score(later.drop(columns="complaints"))


def test_nullable_and_integer_columns_are_accepted(learnt: RiskModel, later: pd.DataFrame) -> None:
    whole = later.round().astype("Int64")
    assert_same(learnt.score(whole), learnt.score(later.round()))


def test_probability_is_calibrated_on_the_whole_margin() -> None:
    fitted, fresh = fit(invent(6000, seed=11)), invent(6000, seed=12)
    probability = fitted.score(fresh.X)["probability"].to_numpy()
    for part in np.array_split(np.argsort(probability), 5):
        assert probability[part].mean() == pytest.approx(fresh.y[part].mean(), abs=0.05)


def test_calibration_has_two_parameters(learnt: RiskModel) -> None:
    assert isinstance(learnt.calibration, Calibration)
    assert learnt.calibration.slope > 0
