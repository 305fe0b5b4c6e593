"""The anomaly score: what makes a row strange, and what does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from model_examples import INPUTS, Labelled, as_inputs
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import check_estimator

from models.anomaly import AnomalyModel, fit_anomaly, fit_tail
from models.squash import RobustSquash


def normal_rows(rows: int, columns: int, seed: int = 0) -> pd.DataFrame:
    values = np.random.default_rng(seed).normal(size=(rows, columns))
    return pd.DataFrame(values, columns=[f"c{number}" for number in range(columns)])


@pytest.fixture(scope="module")
def fitted() -> AnomalyModel:
    return fit_anomaly(normal_rows(3000, 6), as_inputs([f"c{number}" for number in range(6)]), seed=1)


def far_out(*distances: float) -> pd.DataFrame:
    """Ordinary rows, but for column c3."""
    frame = pd.DataFrame(np.zeros((len(distances), 6)), columns=[f"c{number}" for number in range(6)])
    return frame.assign(c3=distances)


def test_scores_go_on_rising_beyond_every_reference_row(fitted: AnomalyModel) -> None:
    scores = fitted.score(far_out(0, 3, 10, 100, 1e4, 1e8, 1e300))
    assert (np.diff(scores) > 0).all()


def test_one_unit_is_ten_times_rarer_in_the_reference(fitted: AnomalyModel) -> None:
    scores = fitted.score(normal_rows(3000, 6))
    assert [(scores >= level).mean() for level in (1, 2)] == pytest.approx([0.1, 0.01], abs=0.002)


def test_unknown_values_are_not_strange(fitted: AnomalyModel) -> None:
    unknown, median = far_out(np.nan), far_out(float(np.median(normal_rows(3000, 6)["c3"])))
    assert fitted.score(unknown) == fitted.score(median)
    assert fitted.score(far_out(0).assign(**dict.fromkeys(far_out(0).columns, np.nan))) < 1


def test_strangest_column_is_the_strongest_reason(fitted: AnomalyModel) -> None:
    contributions = fitted.contributions(far_out(8, -8))
    assert contributions[:, :-1].argmax(axis=1).tolist() == [3, 3]
    assert contributions[0, 3] > 0.5 * (fitted.score(far_out(8))[0] - contributions[0, -1])


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


def test_peer_form_is_read_where_there_is_one(labelled: Labelled) -> None:
    columns = fit_anomaly(labelled.X, INPUTS, seed=1).columns
    assert columns == ("late_vs_peers", "age_vs_peers", "complaints", "capital_vs_peers", "noise")


def test_seed_and_not_row_order_decides(labelled: Labelled) -> None:
    model = fit_anomaly(labelled.X, INPUTS, seed=1)
    again = fit_anomaly(labelled.X.sample(frac=1, random_state=3), INPUTS, seed=1)
    other = fit_anomaly(labelled.X, INPUTS, seed=2)
    assert (again.score(labelled.X) == model.score(labelled.X)).all()
    assert (other.score(labelled.X) != model.score(labelled.X)).any()


def test_fit_on_a_sample_is_seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.anomaly.REFERENCE_ROWS", 400)
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
        assert far > near


def test_empty_population_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        fit_anomaly(normal_rows(0, 2), as_inputs(["c0", "c1"]), seed=1)


@pytest.mark.parametrize("raw", [np.zeros(100), np.arange(100.0), np.repeat([0.0, 5.0], [99, 1]), np.array([3.0])])
def test_tail_rises_strictly_whatever_the_reference(raw: np.ndarray) -> None:
    tail = fit_tail(raw)
    assert (np.diff(tail(np.linspace(-200, 300, 1001))) > 0).all()


def test_squash_keeps_to_the_rules_of_estimators() -> None:
    check_estimator(RobustSquash())


def test_mostly_equal_values_are_scaled_by_their_mean_deviation() -> None:
    values = np.array([[0.0]] * 9 + [[10.0]])
    assert RobustSquash().fit(values).spread_.tolist() == [pytest.approx(1.2533 * 1.0)]


@pytest.mark.parametrize("name", ["38_thyroid", "30_satellite", "12_fault"])
def test_finds_known_anomalies_no_worse_than_a_plain_forest(real_data: Path, name: str) -> None:
    with np.load(real_data / "anomaly_benchmarks" / f"{name}.npz") as stored:
        values, y = stored["X"].astype(float), stored["y"]
    frame = pd.DataFrame(values, columns=[f"c{number}" for number in range(values.shape[1])])
    ours = roc_auc_score(y, fit_anomaly(frame, as_inputs(list(frame.columns)), seed=1).score(frame))
    plain = IsolationForest(n_estimators=200, random_state=1).fit(values)
    assert ours > roc_auc_score(y, -plain.score_samples(values)) - 0.01
