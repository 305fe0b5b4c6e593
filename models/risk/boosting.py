"""Gradient-boosted trees with monotone directions: LightGBM, or scikit-learn's where LightGBM cannot be loaded.

LightGBM's wheel needs the system's ``libgomp.so.1``; without it, the import raises OSError. scikit-learn's booster uses one thread,
since on a busy machine its threads mostly wait for each other.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from models.foundation.inputs import Floats
from models.risk import tree_tables
from models.risk.calibration import sigmoid

ROWS_A_LEAF = 20
BINS = 127
LEVEL_STEPS = 100
MANY_ROWS = 10_000
"""From so many rows on, tables of LightGBM's trees are faster than following each row down the trees."""


@dataclass(frozen=True)
class Growth:
    """How trees grow.

    Attributes:
        learning_rate: step size.
        leaves: of a tree.
        column_share: the share of columns available to a tree.
        row_share: the share of rows that a tree is fitted on (Friedman 2002, "Stochastic gradient boosting").
        fewest_columns: columns available to a tree at least; a tree with two of six columns could not see their interactions.
        ridge: the penalty on squared leaf values, in units of a leaf's p (1 - p): where findings are rare, 5 is more than most
            leaves have.
    """

    learning_rate: float
    leaves: int
    column_share: float
    row_share: float = 1.0
    fewest_columns: int = 1
    ridge: float = 5.0

    def share_of(self, columns: int) -> float:
        """The share of this number of columns available to a tree."""
        return min(max(self.column_share, self.fewest_columns / columns), 1.0)


TREES = Growth(learning_rate=0.03, leaves=7, column_share=0.3, row_share=0.6, fewest_columns=8, ridge=1.0)
"""Small steps of varied trees: outcomes are mostly chance, and what one tree overfits others do not repeat."""
LARGE_TREES = Growth(learning_rate=0.05, leaves=31, column_share=0.5, row_share=0.8, fewest_columns=8, ridge=1.0)
"""Trees of scikit-learn's default size, for many labels with interactions of many columns."""
STUMPS = Growth(learning_rate=0.1, leaves=2, column_share=0.5)
"""A single split a tree: no interactions, so the trees add up to one step function a column."""


def load_lightgbm() -> ModuleType | None:
    """LightGBM, or None where it is not installed or its system library is missing."""
    try:
        return importlib.import_module("lightgbm")
    except (ImportError, OSError):
        return None


def fit_booster(
    rows: Floats,
    y: Floats,
    weight: Floats,
    directions: tuple[int, ...],
    *,
    offset: Floats | None = None,
    growth: Growth = TREES,
    rounds: int,
    seed: int,
    threads: int,
) -> Booster:
    """Fit on ``rows`` of shape (n, k), ``y`` and ``weight`` of shape (n,).

    Args:
        offset: log-odds, shape (n,), of effects outside the margin, such as the inspector. LightGBM starts from them. scikit-learn
            cannot, so rows with a violation weigh exp(-offset / 2) and others exp(offset / 2) times as much, which moves the
            log-odds by -offset (King and Zeng 2001, "Logistic regression in rare events data", prior correction by weighting).
        growth: how trees grow; scikit-learn's use all rows.
    """
    lightgbm = load_lightgbm()
    if lightgbm is None:
        balanced = weight if offset is None else weight * np.exp(offset * (0.5 - y))
        return _fit_histogram(rows, y, balanced, directions, growth, rounds=rounds, seed=seed)
    parameters = {
        "objective": "binary",
        "learning_rate": growth.learning_rate,
        "num_leaves": growth.leaves,
        "min_data_in_leaf": ROWS_A_LEAF,
        "lambda_l2": growth.ridge,
        "feature_fraction": growth.share_of(rows.shape[1]),
        "bagging_fraction": growth.row_share,
        "bagging_freq": 1 if growth.row_share < 1 else 0,
        "max_bin": BINS,
        "monotone_constraints": list(directions),
        "monotone_constraints_method": "basic",
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed,
        "num_threads": threads,
        "verbosity": -1,
    }
    # With initial scores LightGBM does not start at the labels' mean level, so add it.
    start = 0.0 if offset is None else level(y, weight, offset)
    data = lightgbm.Dataset(
        rows,
        label=y,
        weight=weight,
        init_score=None if offset is None else offset + start,
        params={"max_bin": BINS, "verbosity": -1},
        free_raw_data=True,
    )
    fitted = lightgbm.train(parameters, data, num_boost_round=rounds)
    # Convert through text, so that a fitted model scores like a stored one.
    return LightGBMBooster(fitted.model_to_string(), start)


def level(y: Floats, weight: Floats, offset: Floats) -> float:
    """The constant log-odds that, added to the offsets, predict as many violations as were found (Newton's method)."""
    at = 0.0
    for _ in range(LEVEL_STEPS):
        p = sigmoid(at + offset)
        step = float(weight @ (y - p) / (weight @ (p * (1 - p))))
        at += max(min(step, 1.0), -1.0)
        if abs(step) < 1e-12:
            break
    return at


class LightGBMBooster:
    """LightGBM's booster; contributions are exact Shapley values (Lundberg et al. 2020), from tables for small trees."""

    name = "LightGBM"

    def __init__(self, text: str, start: float = 0.0) -> None:
        """Read a booster from LightGBM's text form; ``start`` is the margin before the first tree.

        Raises:
            RuntimeError: when LightGBM cannot be loaded here.
        """
        lightgbm = load_lightgbm()
        if lightgbm is None:
            raise RuntimeError("this model needs LightGBM, which cannot be loaded: install lightgbm and the system's libgomp.so.1")
        self.text = text
        self.start = start
        self._booster: Any = lightgbm.Booster(model_str=text)

    @cached_property
    def _tables(self) -> tuple[tree_tables.PatternTree, ...] | None:
        """The trees as tables, built on first use for many rows."""
        return tree_tables.pattern_trees(self._booster.dump_model())

    @cached_property
    def _trees(self) -> tuple[tree_tables.ShapleyTree, ...] | None:
        """The trees' Shapley values as tables, built on first use."""
        return tree_tables.shapley_trees(self._booster.dump_model())

    def margin(self, rows: Floats, rounds: int | None = None) -> Floats:
        """Margins of shape (n,) after so many rounds (all of them by default)."""
        if not len(rows):
            return np.zeros(0)
        if rounds is None and len(rows) >= MANY_ROWS and self._tables is not None:
            return self.start + tree_tables.sum_of_answers(self._tables, rows)
        trees = self._booster.predict(rows, raw_score=True, num_iteration=rounds or -1, num_threads=1)
        return self.start + np.asarray(trees, dtype=np.float64)

    def explain(self, rows: Floats) -> tuple[Floats, Floats]:
        """The same margins bit for bit, and each column's contribution: shape (n, k + 1), the last the base."""
        if not len(rows):
            return np.zeros(0), np.zeros((0, rows.shape[1] + 1))
        if self._trees is None:
            margin, added = self.margin(rows), np.asarray(self._booster.predict(rows, pred_contrib=True, num_threads=1), np.float64)
        else:
            answer, added = tree_tables.shapley_values(self._trees, rows)
            margin = self.start + answer
        added[:, -1] += self.start
        return margin, added


@dataclass(frozen=True)
class HistogramBooster:
    """scikit-learn's booster; contributions are exact Shapley values from tables."""

    estimator: HistGradientBoostingClassifier
    name: str = "scikit-learn"

    def margin(self, rows: Floats, rounds: int | None = None) -> Floats:
        """Margins of shape (n,) after so many rounds (all of them by default)."""
        if not len(rows):
            return np.zeros(0)
        with threadpool_limits(1, user_api="openmp"):
            if rounds is None:
                return np.asarray(self.estimator.decision_function(rows), dtype=np.float64)
            for done, staged in enumerate(self.estimator.staged_decision_function(rows), start=1):
                if done == rounds:
                    return np.asarray(staged, dtype=np.float64).ravel()
        raise ValueError(f"the booster has fewer than {rounds} rounds")

    def explain(self, rows: Floats) -> tuple[Floats, Floats]:
        """The same margins bit for bit, and each column's contribution: shape (n, k + 1), the last the base."""
        return tree_tables.shapley_values(self._trees, rows, float(np.ravel(self.estimator._baseline_prediction)[0]))

    @cached_property
    def _trees(self) -> tuple[tree_tables.ShapleyTree, ...]:
        """The trees' Shapley values as tables.

        Raises:
            ValueError: when a tree has more splits than tables support.
        """
        trees = tree_tables.shapley_trees(
            {"tree_info": [tree_tables.as_dumped(predictors[0].nodes) for predictors in self.estimator._predictors]}
        )
        if trees is None:
            raise ValueError(
                f"a tree has more than {tree_tables.MOST_SPLITS} splits, or splits by category: reasons cannot be computed"
            )
        return trees


Booster = LightGBMBooster | HistogramBooster
"""A fitted booster; margins are log-odds."""


def _fit_histogram(
    rows: Floats, y: Floats, weight: Floats, directions: tuple[int, ...], growth: Growth, *, rounds: int, seed: int
) -> HistogramBooster:
    estimator = HistGradientBoostingClassifier(
        learning_rate=growth.learning_rate,
        max_iter=rounds,
        max_leaf_nodes=growth.leaves,
        min_samples_leaf=ROWS_A_LEAF,
        l2_regularization=growth.ridge,
        max_features=growth.share_of(rows.shape[1]),
        max_bins=BINS,
        monotonic_cst=list(directions),
        early_stopping=False,
        random_state=seed,
    )
    with threadpool_limits(1, user_api="openmp"):
        return HistogramBooster(estimator.fit(rows, y, sample_weight=weight))
