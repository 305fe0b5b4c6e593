"""The learnt probability: folds, calibration, boosters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from model_examples import INPUTS, Labelled
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from models.risk.boosting import fit_booster, load_lightgbm
from models.risk.calibration import SLOPE_FLOOR, Calibration, fit_calibration, sigmoid
from models.risk.probability import ProbabilityModel, fit_probability
from models.risk_model import RiskModel
from models.statistics.time_splits import entity_folds, time_folds


def fit(labelled: Labelled, **changes: object) -> ProbabilityModel:
    given = {"y": labelled.y, "time": labelled.time, "entity": labelled.entity, "directions": INPUTS.directions} | changes
    return fit_probability(labelled.X, **given, seed=3)


@pytest.mark.parametrize("kind", ["learnt", "trees", "without_lightgbm"])
@pytest.mark.parametrize(("column", "direction"), [(c, d) for c, d in zip(INPUTS.columns, INPUTS.directions, strict=True) if d])
def test_margin_never_moves_against_a_direction(
    request: pytest.FixtureRequest, later: pd.DataFrame, kind: str, column: str, direction: int
) -> None:
    model: RiskModel = request.getfixturevalue(kind)
    rows = later[:40]
    steps = [model.violation.margin(rows.assign(**{column: value})) for value in np.linspace(-6, 6, 25)]
    assert (direction * np.diff(steps, axis=0) >= 0).all()


def test_contributions_sum_to_margin_row_by_row(labelled: Labelled, later: pd.DataFrame) -> None:
    model = fit(labelled)
    assert model.contributions(later).shape == (len(later), len(INPUTS.columns) + 1)
    np.testing.assert_allclose(model.contributions(later).sum(axis=1), model.margin(later), rtol=0, atol=1e-6)


def test_the_number_of_threads_does_not_matter(labelled: Labelled, later: pd.DataFrame) -> None:
    if load_lightgbm() is None:
        pytest.skip("LightGBM cannot be loaded here")
    rows, weight = labelled.X.to_numpy(), np.ones(len(labelled.y))
    one, two = (fit_booster(rows, labelled.y, weight, INPUTS.directions, rounds=30, seed=1, threads=threads) for threads in (1, 2))
    assert (one.margin(later.to_numpy()) == two.margin(later.to_numpy())).all()


def test_margin_after_fewer_rounds_is_that_of_a_shorter_fit(labelled: Labelled, later: pd.DataFrame) -> None:
    rows, weight = labelled.X.to_numpy(), np.ones(len(labelled.y))
    short, long = (fit_booster(rows, labelled.y, weight, INPUTS.directions, rounds=r, seed=1, threads=1) for r in (10, 20))
    np.testing.assert_allclose(long.margin(later.to_numpy(), 10), short.margin(later.to_numpy()), atol=1e-12)


def test_only_relative_weights_matter(labelled: Labelled, later: pd.DataFrame) -> None:
    weight = 1.0 + (labelled.entity.astype(object) > "E01000")
    assert (fit(labelled, weight=weight * 4).margin(later) == fit(labelled, weight=weight).margin(later)).all()
    assert (fit(labelled, weight=weight).margin(later) != fit(labelled).margin(later)).any()


def test_weights_correct_a_targeted_sample() -> None:
    random = np.random.default_rng(9)
    x = random.normal(size=12_000)
    y = random.random(12_000) < 0.2
    inclusion = np.where(y, 0.6, 0.15)  # a draw that found twice the true share
    kept = random.random(12_000) < inclusion
    X, entity = pd.DataFrame({"x": x[kept]}), np.arange(kept.sum()).astype(str)
    time = np.array(["2025-01-31", "2025-02-28"], dtype="datetime64[D]")[np.arange(kept.sum()) % 2]
    model = fit_probability(X, y[kept], time, entity, (0,), weight=1 / inclusion[kept], seed=1)
    assert model.probability(X).mean() == pytest.approx(0.2, abs=0.03)
    assert y[kept].mean() > 0.4


def test_a_window_of_the_contest_is_judged_with_settings_from_the_windows_before(
    labelled: Labelled, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[np.ndarray] = []
    monkeypatch.setattr("models.risk.probability.misses", lambda order, *_: judged.append(order) or np.zeros(len(order)))
    last = labelled.time == labelled.time.max()
    for y in (labelled.y, np.where(last, 1 - labelled.y, labelled.y)):
        fit(labelled, y=y, candidates=("trees",))
    as_found, as_reversed = judged
    assert np.flatnonzero(as_found != as_reversed).tolist() == []
    assert 0 < last.sum() < len(as_found) < (labelled.time >= np.unique(labelled.time)[4]).sum()


def test_trees_are_not_weaker_than_plain_boosting_where_many_columns_interact() -> None:
    random = np.random.default_rng(5)
    X = random.normal(size=(5_000, 12))
    high = random.random(64) < 0.3
    y = (random.random(len(X)) < np.where(high[(X[:, :6] > 0) @ (1 << np.arange(6))], 0.7, 0.1)).astype(float)
    time = np.repeat(np.arange("2025-01", "2025-06", dtype="datetime64[M]").astype("datetime64[D]"), 1_000)
    known, test = slice(0, 4_000), slice(4_000, None)
    columns, entity = [f"c{at}" for at in range(12)], np.arange(len(X)).astype(str)
    model = fit_probability(pd.DataFrame(X, columns=columns)[known], y[known], time[known], entity[known], (0,) * 12, seed=1)
    assert model.rounds.keys() == {"scorecard", "large_trees"}
    assert model.choice is not None
    assert model.choice.champion == "trees"
    plain = HistGradientBoostingClassifier(random_state=1).fit(X[known], y[known]).decision_function(X[test])
    assert roc_auc_score(y[test], model.margin(pd.DataFrame(X, columns=columns)[test])) > roc_auc_score(y[test], plain)


def test_held_out_rows_are_of_later_cohorts(labelled: Labelled) -> None:
    held = fit(labelled).held_out
    assert held is not None
    assert held.split == "time"
    assert set(labelled.time[held.rows]) == set(np.unique(labelled.time)[4:])
    assert 0.6 < roc_auc_score(labelled.y[held.rows], held.margin) < 0.9


def test_folds_fit_on_earlier_cohorts() -> None:
    time = np.repeat(np.array(["2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30"], dtype="datetime64[D]"), 20)
    y = np.arange(80) % 2.0
    folds = time_folds(time, y)
    assert [(time[a].max() < time[b].min(), len(a), len(b)) for a, b in folds] == [(True, 40, 20), (True, 60, 20)]


def test_folds_do_not_fit_on_labels_known_later() -> None:
    time = np.repeat(np.array(["2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30"], dtype="datetime64[D]"), 20)
    known_on = time + np.timedelta64(20, "D")
    known_on[:10] = np.datetime64("2025-03-31")
    known_on[10:14] = np.datetime64("2025-04-01")
    folds = time_folds(time, np.arange(80) % 2.0, known_on)
    assert [a.tolist() for a, _ in folds] == [[*range(10), *range(14, 40)], list(range(60))]
    assert [b.tolist() for _, b in folds] == [list(range(40, 60)), list(range(60, 80))]


def test_a_late_label_does_not_affect_the_rounds(labelled: Labelled) -> None:
    known_on = labelled.time + np.timedelta64(20, "D")
    late = labelled.time == np.unique(labelled.time)[3]
    known_on[late] = np.datetime64("2025-12-31")
    known_late = fit(labelled, known_on=known_on)
    turned = fit(labelled, known_on=known_on, y=np.where(late, 1 - labelled.y, labelled.y))
    assert known_late.held_out is not None
    assert turned.held_out is not None
    assert (known_late.held_out.margin == turned.held_out.margin).all()


def test_folds_without_enough_of_either_outcome_are_left_out() -> None:
    time = np.repeat(np.array(["2025-01-31", "2025-02-28"], dtype="datetime64[D]"), 20)
    y = np.concatenate([np.arange(20) % 2.0, np.repeat([1.0, 0.0], [4, 16])])
    assert time_folds(time, y) == []


def test_one_cohort_is_held_out_by_entity() -> None:
    entity = np.repeat(np.array([f"e{number}" for number in range(60)], dtype=object), 2)
    folds = entity_folds(entity, np.arange(120) % 2.0)
    assert len(folds) == 3
    assert all(not set(entity[a]) & set(entity[b]) for a, b in folds)
    assert sorted(np.concatenate([b for _, b in folds])) == list(range(120))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y": np.zeros(2000)}, "both"),
        ({"y": np.arange(2000) % 3}, "0 and 1"),
        ({"time": np.zeros(5, dtype="datetime64[D]")}, "length"),
        ({"known_on": np.zeros(5, dtype="datetime64[D]")}, "length"),
        ({"weight": np.zeros(2000)}, "positive"),
        ({"directions": (1,)}, "directions"),
        ({"entity": np.repeat("twin", 2000)}, "entity twin has two rows"),
    ],
)
def test_invalid_labels_are_refused(labelled: Labelled, changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit(labelled, **changes)


def test_calibration_finds_slope_and_intercept() -> None:
    random = np.random.default_rng(2)
    margin = random.normal(0, 2, 40_000)
    y = (random.random(40_000) < 1 / (1 + np.exp(-(0.5 * margin - 1)))).astype(float)
    fitted = fit_calibration(margin, y)
    assert (fitted.slope, fitted.intercept) == (pytest.approx(0.5, abs=0.03), pytest.approx(-1, abs=0.05))


def test_calibration_of_a_misleading_margin_keeps_the_order() -> None:
    margin = np.linspace(-3, 3, 200)
    fitted = fit_calibration(margin, (margin < 0).astype(float))
    assert fitted.slope == SLOPE_FLOOR
    assert (np.diff(fitted(margin)) > 0).all()
    assert fitted(margin).mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("y", [np.zeros(50), np.ones(50)])
def test_calibration_on_equal_outcomes_stays_within_zero_and_one(y: np.ndarray) -> None:
    probability = fit_calibration(np.linspace(-1, 1, 50), y)(np.array([-30.0, 0.0, 30.0]))
    assert ((probability > 0) & (probability < 1)).all()


@pytest.mark.parametrize("calibration", [Calibration(0.05, -2.0, -3.0), Calibration(2.0, 0.5, -3.5), Calibration(1.0, -9.0, 1.0)])
def test_a_background_keeps_the_probability_increasing(calibration: Calibration) -> None:
    margin = np.linspace(-40, 8, 48_001)
    assert (np.diff(calibration.log_odds(margin)) > 0).all()
    assert (np.diff(calibration(margin)) > 0).all()
    np.testing.assert_allclose(sigmoid(calibration.log_odds(margin)), calibration(margin), rtol=1e-12)


def test_a_background_adds_an_independent_cause() -> None:
    calibration, margin = Calibration(1.5, -1.0, -3.0), np.array([-30.0, -1.0, 0.0, 2.0])
    nothing = (1 - sigmoid(1.5 * margin - 1.0)) * (1 - sigmoid(-3.0 + SLOPE_FLOOR * margin))
    np.testing.assert_allclose(calibration(margin), 1 - nothing, rtol=1e-12)
    assert Calibration(1.5, -1.0)(margin)[0] < 1e-19


def test_bankruptcies_are_ranked_as_well_as_by_a_plain_booster(real_data: Path) -> None:
    table = pd.read_parquet(real_data / "polish_bankruptcy" / "5year.parquet")
    y, X = table["class"].to_numpy(dtype=float), table.drop(columns="class")
    order = np.random.default_rng(0).permutation(len(y))
    train, test = order[: len(y) * 2 // 3], order[len(y) * 2 // 3 :]
    time, entity = np.full(len(train), "2025-01-31", dtype="datetime64[D]"), train.astype(str)
    model = fit_probability(X.iloc[train], y[train], time, entity, (0,) * X.shape[1], seed=1)
    probability = model.probability(X.iloc[test])
    assert roc_auc_score(y[test], probability) > 0.94
    assert probability.mean() == pytest.approx(y[test].mean(), abs=0.02)
