"""Counterfactuals reach a better class, are minimal, and use only what the business can change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from expectations.contracts.indicators import catalogue
from models.explanation.counterfactual import Counterfactuals, counterfactuals

BOUNDS = {"A": 700, "B": 500, "C": 300, "D": 0}
INDICATORS = {indicator.column: indicator for indicator in catalogue()}


@dataclass(frozen=True)
class Additive:
    """A linear model to compute by hand: the class is B below 1, C below 2, else D."""

    weights: dict[str, float]

    def parts(self, X: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(
            {name: X[name].fillna(0.0) * weight for name, weight in self.weights.items()} | {"base": 0.0 * X.iloc[:, 0]}
        )

    def classify(self, X: pd.DataFrame) -> np.ndarray:
        return np.array(["B", "C", "D"])[np.searchsorted([1.0, 2.0], self.parts(X).sum(axis=1), side="right")]


def found(model: Additive, X: pd.DataFrame, goals: dict[str, float]) -> Counterfactuals:
    usual = pd.DataFrame(goals, index=range(len(X)), columns=list(goals), dtype=float)
    return counterfactuals(X, model.parts(X), model.classify(X), usual, model.classify, indicators=INDICATORS, clip=20.0)


def changes(result: Counterfactuals) -> list[tuple[int, str, float, float]]:
    rows = result.changes.to_dict("records")
    return [(row["row"], row["indicator"], row["value"], round(row["wanted"], 2)) for row in rows]


def test_an_indicator_moves_only_as_far_as_necessary() -> None:
    model = Additive({"arrears_ratio": 4.0, "void_invoice_share": 1.0})
    result = found(model, pd.DataFrame({"arrears_ratio": [0.4], "void_invoice_share": [0.2]}), dict.fromkeys(model.weights, 0.0))
    # 1.6 + 0.2 is C; arrears of a little under 0.2 would be B.
    assert result.better.tolist() == ["B"]
    assert changes(result) == [(0, "arrears_ratio", 0.4, 0.2)]
    assert result.changes["wanted"][0] < 0.2


def test_an_unnecessary_change_is_dropped() -> None:
    # The largest contribution alone is not enough, the second is.
    model = Additive({"arrears_ratio": 1.0, "void_invoice_share": 1.0})
    result = found(
        model,
        pd.DataFrame({"arrears_ratio": [0.9], "void_invoice_share": [0.8]}),
        {"arrears_ratio": 0.8, "void_invoice_share": 0.0},
    )
    assert [name for _, name, *_ in changes(result)] == ["void_invoice_share"]


def test_only_changeable_indicators_are_changed() -> None:
    model = Additive({"complaints_12m": 1.0, "base_rate": 1.0})
    result = found(model, pd.DataFrame({"complaints_12m": [3.0], "base_rate": [1.0]}), dict.fromkeys(model.weights, 0.0))
    assert result.better.tolist() == [None]
    assert result.changes.empty


def test_at_most_three_changes_are_made() -> None:
    names = ["arrears_ratio", "late_filing_share", "refused_mediation_share", "void_invoice_share"]
    model = Additive(dict.fromkeys(names, 1.0))
    X = pd.DataFrame({name: [0.49] for name in names})
    assert len(changes(found(model, X, dict.fromkeys(names, 0.15)))) == 3
    # All four together would be enough.
    assert found(model, X, dict.fromkeys(names, 0.22)).better.tolist() == [None]


def test_whole_numbers_stay_whole() -> None:
    model = Additive({"unfiled_returns": 0.3})
    assert changes(found(model, pd.DataFrame({"unfiled_returns": [5.0]}), {"unfiled_returns": 0.0})) == [
        (0, "unfiled_returns", 5.0, 3.0)
    ]


def test_the_peer_form_moves_with_the_value() -> None:
    model = Additive({"arrears_ratio_vs_peers": 1.0})
    X = pd.DataFrame({"arrears_ratio": [0.5], "arrears_ratio_vs_peers": [1.6]})
    added = pd.DataFrame({"arrears_ratio": [1.6], "base": [0.0]})
    result = counterfactuals(
        X, added, ["C"], pd.DataFrame({"arrears_ratio": [0.1]}), model.classify, indicators=INDICATORS, clip=20.0
    )
    # The peers' spread is (0.5 - 0.1) / 1.6 = 0.25, so z is 1 at 0.1 + 0.25.
    assert changes(result) == [(0, "arrears_ratio", 0.5, 0.35)]


def test_a_clipped_peer_form_changes_only_at_the_median() -> None:
    seen = []

    def classify(X: pd.DataFrame) -> np.ndarray:
        seen.append(X["arrears_ratio_vs_peers"].tolist())
        return np.where(X["arrears_ratio_vs_peers"] < 20, "B", "C")

    X = pd.DataFrame({"arrears_ratio": [9.0], "arrears_ratio_vs_peers": [20.0]})
    added = pd.DataFrame({"arrears_ratio": [1.0], "base": [0.0]})
    result = counterfactuals(X, added, ["C"], pd.DataFrame({"arrears_ratio": [0.0]}), classify, indicators=INDICATORS, clip=20.0)
    assert result.changes["wanted"].tolist() == [0.0]
    assert {z for row in seen for z in row} == {0.0, 20.0}


@pytest.mark.parametrize("goal", [0.9, np.nan])
def test_a_worse_or_unknown_goal_gives_no_change(goal: float) -> None:
    model = Additive({"arrears_ratio": 2.0})
    assert found(model, pd.DataFrame({"arrears_ratio": [0.6]}), {"arrears_ratio": goal}).better.tolist() == [None]


def test_the_best_class_gets_no_changes() -> None:
    X = pd.DataFrame({"arrears_ratio": [0.6]})
    added = pd.DataFrame({"arrears_ratio": [1.0], "base": [0.0]})
    usual = pd.DataFrame({"arrears_ratio": [0.0]})
    best = counterfactuals(X, added, ["A"], usual, lambda rows: ["A"] * len(rows), indicators=INDICATORS, clip=20.0)
    assert best.better.tolist() == [None]


def test_rows_are_independent_and_every_change_reaches_its_class() -> None:
    random = np.random.default_rng(5)
    names = ["arrears_ratio", "late_filing_share", "refused_mediation_share", "unfiled_returns", "complaints_12m"]
    model = Additive(dict(zip(names, (1.0, 0.8, 1.5, 0.2, 0.5), strict=True)))
    X = pd.DataFrame({name: random.random(60) * (6 if name in names[3:] else 1) for name in names})
    X["unfiled_returns"] = X["unfiled_returns"].round()
    goals = dict.fromkeys(names, 0.05)
    together = found(model, X, goals)
    assert 5 < sum(letter is not None for letter in together.better) < 60
    for row in range(60):
        alone = found(model, X.iloc[[row]], goals)
        mine = together.changes[together.changes["row"] == row]
        assert alone.better[0] == together.better[row]
        assert alone.changes["wanted"].tolist() == mine["wanted"].tolist()
        changed = X.iloc[[row]].copy()
        for name, wanted in zip(mine["indicator"], mine["wanted"], strict=True):
            changed[name] = wanted
        if together.better[row] is not None:
            assert model.classify(changed)[0] == together.better[row] < model.classify(X.iloc[[row]])[0]
