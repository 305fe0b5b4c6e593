"""The scorecard: readable bins, whole points, additive."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from model_examples import INPUTS, Labelled, fit
from sklearn.metrics import roc_auc_score

from models.risk.scorecard import LOG_ODDS_A_POINT, ROWS_A_BIN, Bins, Scorecard, Stumps, cut_bins
from models.risk_model import RiskModel
from models.storage import dump, load


@pytest.fixture(scope="module")
def card(learnt: RiskModel) -> Scorecard:
    assert isinstance(learnt.violation.learner, Scorecard)
    return learnt.violation.learner


def test_bins_hold_about_equal_numbers_and_start_at_existing_values() -> None:
    column = np.random.default_rng(0).permutation(np.arange(1000.0))
    (bounds,) = cut_bins(column[:, None]).bounds
    assert bounds.tolist() == [100.0 * step for step in range(1, 10)]


def test_a_frequent_value_is_one_bin_and_rare_values_are_still_cut() -> None:
    column = np.repeat([0.0, 1.0, 2.0, 3.0], [900, 60, 60, 10])
    (bounds,) = cut_bins(column[:, None]).bounds
    assert bounds.tolist() == [1.0, 2.0]
    assert min(np.bincount(np.searchsorted(bounds, column, side="right"))) >= ROWS_A_BIN


def test_uninformative_columns_have_one_bin() -> None:
    rows = np.column_stack([np.full(200, np.nan), np.full(200, 7.0)])
    assert [bounds.tolist() for bounds in cut_bins(rows).bounds] == [[], []]


def test_order_of_rows_and_unknown_values_do_not_move_bins() -> None:
    random = np.random.default_rng(3)
    column = random.normal(size=700)
    more = random.permutation(np.concatenate([column, np.full(300, np.nan)]))
    np.testing.assert_array_equal(cut_bins(more[:, None]).bounds[0], cut_bins(column[:, None]).bounds[0])


def test_a_value_on_a_bound_belongs_above_it() -> None:
    codes = Bins((np.array([1.0, 2.0]),)).codes(np.array([[0.9], [1.0], [1.9], [2.0], [np.nan]]))
    np.testing.assert_array_equal(codes.ravel(), [0, 1, 1, 2, np.nan])


def test_points_are_whole_and_the_margin_is_their_sum(card: Scorecard, later: pd.DataFrame) -> None:
    rows = later.to_numpy()
    total = card.total(rows)
    assert total.dtype == np.int64
    np.testing.assert_allclose(card.margin(rows), (400 - total) * LOG_ODDS_A_POINT, rtol=0, atol=1e-12)
    margin, added = card.explain(rows)
    np.testing.assert_array_equal(margin, card.margin(rows))
    np.testing.assert_allclose(added.sum(axis=1), margin, rtol=0, atol=1e-9)


def test_points_added_up_by_hand_from_the_table_are_the_total(card: Scorecard, later: pd.DataFrame) -> None:
    table = card.table(INPUTS.columns)
    for _, row in later[:50].iterrows():
        total = card.base
        for name, rows in table.groupby("column"):
            value, at_least, below = row[name], rows["at_least"], rows["below"]
            is_mine = (
                at_least.isna() & below.isna()
                if np.isnan(value)
                else (at_least.isna() | (at_least <= value)) & (below.isna() | (value < below)) & (at_least.notna() | below.notna())
            )
            assert is_mine.sum() == 1
            total += rows.loc[is_mine, "points"].item()
        assert total == card.total(row.to_numpy()[None, :])[0]


def test_points_are_monotone(card: Scorecard) -> None:
    for points, direction in zip(card.points, INPUTS.directions, strict=True):
        if direction:
            assert (direction * np.diff(points) <= 0).all()
    assert any(np.diff(points).any() for points in card.points)


def test_scorecard_ranks_later_rows(card: Scorecard, labelled: Labelled) -> None:
    assert roc_auc_score(labelled.y, card.margin(labelled.X.to_numpy())) > 0.75


def test_an_unknown_value_of_a_fully_known_column_counts_as_average(labelled: Labelled) -> None:
    X = labelled.X.fillna(0.0)
    weight = np.ones(len(X))
    card = Stumps(X.to_numpy(), labelled.y, weight, INPUTS.directions, None, rounds=80, seed=1, threads=1).scorecard(80)
    assert np.abs(card.unknown).max() <= 1
    assert np.isfinite(card.margin(np.full((1, X.shape[1]), np.nan))).all()


def test_both_libraries_give_the_same_kind_of_card(
    labelled: Labelled, later: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = fit(labelled, candidates=("scorecard",))
    monkeypatch.setattr("models.risk.boosting.load_lightgbm", lambda: None)
    theirs = fit(labelled, candidates=("scorecard",))
    assert theirs.facts["learner"] == "scorecard (scikit-learn)"
    correlation = np.corrcoef(ours.violation.margin(later), theirs.violation.margin(later))[0, 1]
    assert correlation > 0.97


@pytest.mark.parametrize(
    ("part", "value"),
    [("base", 0.5), ("points", [[1, 2]]), ("unknown", [1]), ("bounds", [[2.0, 1.0]] * 8), ("points", [[0.5]] * 8)],
)
def test_a_card_that_does_not_fit_is_refused(learnt: RiskModel, part: str, value: object) -> None:
    files = dump(learnt)
    metadata = json.loads(files["model.json"])
    metadata["learnt"]["learner"][part] = value
    with pytest.raises(ValueError, match=r"scorecard in model\.json does not fit"):
        load(files | {"model.json": json.dumps(metadata).encode()})
