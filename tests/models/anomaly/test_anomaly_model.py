"""The anomaly score: scale, contributions and invariances."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from model_examples import INPUTS, Labelled, as_inputs
from sklearn.utils.estimator_checks import check_estimator

from models.anomaly.anomaly_model import AnomalyModel, fit_anomaly
from models.statistics.robust_scale import RobustScale


def normal_rows(rows: int, columns: int, seed: int = 0) -> pd.DataFrame:
    values = np.random.default_rng(seed).normal(size=(rows, columns))
    return pd.DataFrame(values, columns=[f"c{number}" for number in range(columns)])


@pytest.fixture(scope="module")
def fitted() -> AnomalyModel:
    return fit_anomaly(normal_rows(3000, 6), as_inputs([f"c{number}" for number in range(6)]), seed=1)


def far_out(*distances: float) -> pd.DataFrame:
    """Average rows, except for column c3."""
    frame = pd.DataFrame(np.zeros((len(distances), 6)), columns=[f"c{number}" for number in range(6)])
    return frame.assign(c3=distances)


def test_scores_rise_with_the_distance_as_far_as_reference_rows_reach(fitted: AnomalyModel) -> None:
    ordinary, near, far, farther = fitted.score(far_out(0, 1.5, 10, 1e300))
    assert ordinary < near < far == farther


def test_one_unit_is_ten_times_rarer_in_the_reference(fitted: AnomalyModel) -> None:
    scores = fitted.score(normal_rows(3000, 6))
    assert [(scores >= level).mean() for level in (1, 2)] == pytest.approx([0.1, 0.01], abs=0.002)


def test_unknown_values_are_not_unusual(fitted: AnomalyModel) -> None:
    unknown, median = far_out(np.nan), far_out(float(np.median(normal_rows(3000, 6)["c3"])))
    assert fitted.score(unknown) == fitted.score(median)
    assert fitted.score(far_out(0).assign(**dict.fromkeys(far_out(0).columns, np.nan))) < 1


def test_the_most_unusual_column_is_the_strongest_reason(fitted: AnomalyModel) -> None:
    contributions = fitted.contributions(far_out(8, -8))
    assert contributions[:, :-1].argmax(axis=1).tolist() == [3, 3]
    assert contributions[0, 3] > 0.5 * (fitted.score(far_out(8))[0] - contributions[0, -1])


def test_scores_do_not_depend_on_chunks(fitted: AnomalyModel, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pd.concat([normal_rows(300, 6, seed=4), far_out(0, 5, 1e9, np.nan)], ignore_index=True)
    score, contributions = fitted.score(rows), fitted.contributions(rows)
    order = np.random.default_rng(5).permutation(len(rows))
    monkeypatch.setattr("models.anomaly.anomaly_model.CHUNK", 60)
    np.testing.assert_array_equal(fitted.score(rows), score)
    np.testing.assert_array_equal(fitted.score(rows.iloc[order]), score[order])
    np.testing.assert_array_equal(fitted.score(rows[11:12]), score[11:12])
    np.testing.assert_array_equal(fitted.contributions(rows.iloc[order]), contributions[order])


@pytest.mark.parametrize("value", [1e30, 1e150, 1.7e308, -1.7e308])
def test_huge_values_in_the_population_do_not_hide_other_differences(value: float) -> None:
    population = normal_rows(500, 3).assign(c0=np.r_[value, np.zeros(499)])
    model = fit_anomaly(population, as_inputs(list(population.columns)), seed=1)
    score = model.score(population)
    assert np.isfinite(score).all()
    assert score[0] > 1
    assert np.corrcoef(score[1:], population[["c1", "c2"]].abs().max(axis=1)[1:])[0, 1] > 0.7
    np.testing.assert_allclose(model.contributions(population).sum(axis=1), score, rtol=0, atol=1e-6)


def test_a_constant_column_is_no_reason() -> None:
    population = normal_rows(500, 3).assign(c1=4.0)
    model = fit_anomaly(population, as_inputs(list(population.columns)), seed=1)
    assert np.abs(model.contributions(population)[:, 1]).max() < 1e-9


def test_duplicates_score_equal_and_the_outlier_highest() -> None:
    population = pd.DataFrame({"c0": [1.0] * 300 + [2.0], "c1": [0.0] * 300 + [5.0]})
    score = fit_anomaly(population, as_inputs(["c0", "c1"]), seed=1).score(population)
    assert len(set(score)) == 2
    assert score.argmax() == 300


def test_contributions_sum_to_score(fitted: AnomalyModel) -> None:
    rows = pd.concat([normal_rows(300, 6, seed=4), far_out(0, 5, 1e9, np.nan)])
    np.testing.assert_allclose(fitted.contributions(rows).sum(axis=1), fitted.score(rows), rtol=0, atol=1e-9)


@pytest.mark.parametrize(("direction", "safe"), [(1, -50.0), (-1, 50.0)])
def test_values_on_the_safe_side_add_nothing(direction: int, safe: float) -> None:
    population = normal_rows(500, 3)
    model = fit_anomaly(population, as_inputs(list(population.columns), direction), seed=1)
    row = pd.DataFrame({"c0": [np.nan, safe, -safe], "c1": 0.0, "c2": 0.0})
    ordinary, very_safe, risky = model.score(row)
    assert very_safe == ordinary
    assert risky > ordinary


def test_the_peer_form_is_used_where_there_is_one(labelled: Labelled) -> None:
    columns = fit_anomaly(labelled.X, INPUTS, seed=1).columns
    assert columns == ("late_vs_peers", "age_vs_peers", "complaints", "capital_vs_peers", "noise")


def test_the_seed_decides_and_not_the_order_of_rows(labelled: Labelled) -> None:
    model = fit_anomaly(labelled.X, INPUTS, seed=1)
    again = fit_anomaly(labelled.X.sample(frac=1, random_state=3), INPUTS, seed=1)
    other = fit_anomaly(labelled.X, INPUTS, seed=2)
    assert (again.score(labelled.X) == model.score(labelled.X)).all()
    assert (other.score(labelled.X) != model.score(labelled.X)).any()


def test_the_sample_of_a_fit_is_seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.anomaly.anomaly_model.REFERENCE_ROWS", 400)
    population, inputs = normal_rows(1000, 3), as_inputs(["c0", "c1", "c2"])
    one, two = (fit_anomaly(population.sample(frac=1, random_state=order), inputs, seed=1) for order in (1, 2))
    assert (one.score(population) == two.score(population)).all()


@pytest.mark.parametrize("rows", [1, 2, 3, 30])
def test_small_and_uniform_populations_can_be_scored(rows: int) -> None:
    inputs = as_inputs(["c0", "c1"])
    for population in (normal_rows(rows, 2), normal_rows(rows, 2) * 0, normal_rows(rows, 2) * np.nan):
        model = fit_anomaly(population, inputs, seed=1)
        near, far = model.score(pd.DataFrame({"c0": [0.0, 99.0], "c1": [0.0, 99.0]}))
        assert np.isfinite([near, far]).all()
        assert far >= near
        np.testing.assert_allclose(model.contributions(population).sum(axis=1), model.score(population), rtol=0, atol=1e-6)


def test_empty_population_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        fit_anomaly(normal_rows(0, 2), as_inputs(["c0", "c1"]), seed=1)


def test_the_robust_scale_is_a_valid_estimator() -> None:
    results = check_estimator(RobustScale(), on_skip=None)
    assert {result["status"] for result in results} <= {"passed", "skipped"}


def test_mostly_equal_values_are_scaled_by_their_mean_deviation() -> None:
    values = np.array([[0.0]] * 9 + [[10.0]])
    assert RobustScale().fit(values).spread_.tolist() == [pytest.approx(1.2533 * 1.0)]
