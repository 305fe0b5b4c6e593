"""Evaluation of orders: metrics of a window by hand, means over windows, coverage of intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.evaluation.bootstrap import businesses, draw_weights, estimate
from models.evaluation.evaluate import AT_CAPACITY, evaluate, evaluate_orders

DAYS = np.array(["2025-01-01", "2025-01-01", "2025-01-02", "2025-01-03"], dtype="datetime64[D]")
Y = np.array([0.0, 0.0, 1.0, 1.0])
BEST = Y
SETTINGS = {"share": 0.25, "resamples": 200, "seed": 1}


def invent(windows: int, visits: int, seed: int, lead: float = 0.8) -> pd.DataFrame:
    """Visits of windows to some of twice as many businesses, which a model orders better than a rival."""
    random = np.random.default_rng(seed)
    parts = []
    for number in range(windows):
        as_of = pd.Timestamp("2025-01-31") + pd.DateOffset(months=number)
        found = (random.random(visits) < 0.25).astype(float)
        model = found * lead + random.normal(0, 1, visits)
        parts.append(
            pd.DataFrame(
                {
                    "as_of": as_of.date(),
                    "entity_id": random.permutation(2 * visits)[:visits].astype(str),
                    "day": as_of + pd.to_timedelta(random.integers(1, 60, visits), unit="D"),
                    "found": found,
                    "probability": 1 / (1 + np.exp(-(model - 1.5))),
                    "model": model,
                    "rival": random.integers(0, 6, visits).astype(float),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_evaluate_compares_the_model_with_baselines() -> None:
    table = evaluate(Y, DAYS, {"model": BEST, "past record": [0, 1, 0, 1]}, capacity=2, seed=1, probability=[0.1, 0.1, 0.9, 0.9])
    assert list(table.index) == ["model", "past record", "as it was", "random", "random expected"]
    assert table.loc["model", ["auc", "precision", "recall", "lift"]].tolist() == [1.0, 1.0, 1.0, 2.0]
    assert table.loc["model", "brier"] == pytest.approx(0.01)
    assert table.loc["model", "observed_over_expected"] == pytest.approx(1.0)
    assert table.loc["random expected", ["auc", "average_precision", "first_half_share", "lift"]].tolist() == [0.5, 0.5, 0.5, 1.0]
    assert table.loc["as it was", "days_earlier"] == 0.0
    assert table["brier"].isna().tolist() == [False, True, True, True, True]


def test_window_where_nothing_was_found_has_no_figures() -> None:
    table = evaluate(np.zeros(4), DAYS, {"model": BEST}, capacity=10, seed=1)
    assert table.loc["model", ["auc", "first_half_share", "days_earlier", "recall"]].isna().all()


def test_empty_window_unscored_rows_and_no_capacity_are_refused() -> None:
    with pytest.raises(ValueError, match="visits"):
        evaluate([], [], {}, capacity=1, seed=1)
    with pytest.raises(ValueError, match="not finite"):
        evaluate(Y, DAYS, {"model": [1, 2, 3, np.nan]}, capacity=1, seed=1)
    with pytest.raises(ValueError, match="capacity"):
        evaluate(Y, DAYS, {"model": BEST}, capacity=0, seed=1)


def test_overall_metrics_are_means_over_windows_weighted_by_visits() -> None:
    visits = invent(3, 120, seed=2)
    visits = visits[(visits["as_of"] != visits["as_of"].max()) | (visits.groupby("as_of").cumcount() < 40)]
    evaluation = evaluate_orders(visits, ["model", "rival"], **SETTINGS)
    windows = [rows for _, rows in visits.groupby("as_of")]
    sizes = [len(rows) for rows in windows]
    assert sizes == [120, 120, 40]
    tables = [
        evaluate(rows["found"], rows["day"], {"model": rows["model"], "rival": rows["rival"]}, capacity=len(rows) // 4, seed=1)
        for rows in windows
    ]
    for order in ("model", "rival", "as it was", "random expected"):
        for measure in ("auc", "average_precision", "first_half_share", "days_earlier", "precision", "recall", "lift"):
            mean = np.average([table.loc[order, measure] for table in tables], weights=sizes)
            assert evaluation.orders[order][measure].value == pytest.approx(mean, abs=1e-12), (order, measure)
    assert evaluation.curve["model"][9].value == pytest.approx(evaluation.orders["model"]["first_half_share"].value)
    assert evaluation.curve["rival"][-1].value == 1.0


def test_a_lead_is_the_difference_and_zero_over_an_equal_order() -> None:
    visits = invent(2, 400, seed=5).assign(same=lambda frame: frame["model"])
    evaluation = evaluate_orders(visits, ["model", "rival", "same"], **SETTINGS)
    lead, orders = evaluation.leads["rival"]["auc"], evaluation.orders
    assert lead.value == pytest.approx(orders["model"]["auc"].value - orders["rival"]["auc"].value)
    assert 0 < lead.low < lead.value < lead.high
    same = evaluation.leads["same"]["auc"]
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)


def test_the_interval_of_no_lead_covers_zero_at_its_level() -> None:
    """Of 40 comparisons of random orders about two miss zero; eight has a probability of one in two thousand."""
    misses = 0
    for seed in range(40):
        visits = invent(1, 60, seed=100 + seed, lead=0.0)
        visits["rival"] = np.random.default_rng(seed).random(len(visits))
        lead = evaluate_orders(visits, ["model", "rival"], share=0.25, resamples=80, seed=seed).leads["rival"]["auc"]
        misses += lead.low > 0 or lead.high < 0
    assert misses < 8


def test_businesses_are_resampled_whole() -> None:
    """With visits drawn alone, sixteen equal visits of each business would make the interval four times too narrow."""
    random = np.random.default_rng(1)
    business = np.repeat(np.arange(60), 16)
    found = np.repeat((random.random(60) < 0.4).astype(float), 16)
    score = np.repeat(random.normal(0, 1, 60), 16)
    visits = pd.DataFrame(
        {
            "as_of": np.tile(pd.date_range("2025-01-31", periods=16, freq="ME"), 60),
            "entity_id": business.astype(str),
            "day": pd.Timestamp("2026-07-01"),
            "found": found,
            "probability": np.nan,
            "model": score,
        }
    )
    together = evaluate_orders(visits, ["model"], **SETTINGS).orders["model"]["auc"]
    apart = evaluate_orders(visits.assign(entity_id=np.arange(len(visits)).astype(str)), ["model"], **SETTINGS).orders["model"][
        "auc"
    ]
    assert together.high - together.low > 3 * (apart.high - apart.low)


def test_the_order_of_rows_does_not_matter() -> None:
    visits = invent(2, 50, seed=6)
    first = evaluate_orders(visits, ["model", "rival"], share=0.25, resamples=30, seed=2)
    again = evaluate_orders(visits.sample(frac=1.0, random_state=3), ["model", "rival"], share=0.25, resamples=30, seed=2)
    assert first == again


def test_calibration_is_evaluated_over_all_windows_and_within_capacity() -> None:
    visits = invent(2, 40, seed=7)
    evaluation = evaluate_orders(visits, ["model", "rival"], **SETTINGS)
    first = visits.sort_values("model", ascending=False).groupby("as_of").head(10)
    assert evaluation.calibration[AT_CAPACITY].value == pytest.approx(first["found"].sum() / first["probability"].sum())
    assert evaluation.calibration["observed_over_expected"].value == pytest.approx(
        visits["found"].sum() / visits["probability"].sum()
    )
    assert evaluate_orders(visits.assign(probability=np.nan), ["model", "rival"], **SETTINGS).calibration == {}


def test_a_window_without_a_violation_is_left_out_of_the_means() -> None:
    visits = invent(2, 80, seed=8)
    is_second = visits["as_of"] == visits["as_of"].max()
    evaluation = evaluate_orders(visits.assign(found=visits["found"].where(~is_second, 0.0)), ["model", "rival"], **SETTINGS)
    alone = evaluate_orders(visits[~is_second], ["model", "rival"], **SETTINGS)
    assert evaluation.orders["model"]["auc"].value == alone.orders["model"]["auc"].value
    assert np.isnan(evaluation.windows[visits["as_of"].max()]["model"]["auc"].value)


def test_with_more_undefined_resamples_than_the_interval_leaves_out_there_is_no_interval() -> None:
    drawn = np.linspace(0.4, 0.8, 100)
    some = estimate(0.6, np.where(np.arange(100) < 5, np.nan, drawn))
    assert (some.value, some.high) == (0.6, pytest.approx(0.79, abs=0.01))
    most = estimate(0.6, np.where(np.arange(100) < 6, np.nan, drawn))
    assert most.value == 0.6
    assert np.isnan([most.low, most.high]).all()
    # One visit of sixty found a violation: a third of all resamples lack it.
    visits = invent(1, 60, seed=5).assign(found=0.0)
    visits.loc[0, "found"] = 1.0
    auc = evaluate_orders(visits, ["model"], **SETTINGS).orders["model"]["auc"]
    assert np.isfinite(auc.value)
    assert np.isnan([auc.low, auc.high]).all()


def test_a_business_twice_in_a_window_is_refused() -> None:
    visits = invent(1, 5, seed=9)
    with pytest.raises(ValueError, match="twice in the window"):
        evaluate_orders(pd.concat([visits, visits]), ["model"], **SETTINGS)


def test_resamples_hold_as_many_businesses_and_depend_only_on_the_seed() -> None:
    business, number = businesses(["b", "a", "b", "c"])
    assert (business.tolist(), number) == ([1, 0, 1, 2], 3)
    weights = np.concatenate(list(draw_weights(business, resamples=50, seed=4)))
    assert weights.shape == (50, 4)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    assert (weights == np.concatenate(list(draw_weights(business, resamples=50, seed=4)))).all()
