"""Gradient-boosted trees that keep to the monotone directions: LightGBM, or scikit-learn's where LightGBM cannot load.

LightGBM's wheel needs the system's ``libgomp.so.1``; where it is missing, importing it raises OSError. scikit-learn's
booster is held to one thread: on a busy machine its threads wait for one another far longer than they work.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from models.columns import Floats
from models.tree_shapley import shapley_trees, shapley_values
from models.trees import Tree, expected_values, path_contributions

LEARNING_RATE = 0.05
LEAVES = 7
ROWS_A_LEAF = 20
RIDGE = 5.0
COLUMN_SHARE = 0.5
BINS = 127


class Booster(Protocol):
    """A fitted booster; margins are log-odds."""

    @property
    def name(self) -> str:
        """The library that fitted it."""

    def margin(self, rows: Floats, rounds: int | None = None) -> Floats:
        """Margins of shape (n,) after so many rounds (all of them by default)."""

    def contributions(self, rows: Floats) -> Floats:
        """Shape (n, k + 1), the last the base; rows sum to the margin."""


def load_lightgbm() -> ModuleType | None:
    """LightGBM, or None where it is not installed or its system library is missing."""
    try:
        return importlib.import_module("lightgbm")
    except (ImportError, OSError):
        return None


def fit_booster(
    rows: Floats, y: Floats, weight: Floats, directions: tuple[int, ...], *, rounds: int, seed: int, threads: int
) -> Booster:
    """Fit on ``rows`` of shape (n, k), ``y`` and ``weight`` of shape (n,)."""
    lightgbm = load_lightgbm()
    if lightgbm is None:
        return _fit_histogram(rows, y, weight, directions, rounds=rounds, seed=seed)
    parameters = {
        "objective": "binary",
        "learning_rate": LEARNING_RATE,
        "num_leaves": LEAVES,
        "min_data_in_leaf": ROWS_A_LEAF,
        "lambda_l2": RIDGE,
        "feature_fraction": COLUMN_SHARE,
        "max_bin": BINS,
        "monotone_constraints": list(directions),
        "monotone_constraints_method": "basic",
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed,
        "num_threads": threads,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(rows, label=y, weight=weight, params={"max_bin": BINS, "verbosity": -1}, free_raw_data=True)
    fitted = lightgbm.train(parameters, data, num_boost_round=rounds)
    # Through text and back at once: what scores today is what is stored.
    return LightGBMBooster(fitted.model_to_string())


class LightGBMBooster:
    """LightGBM's booster; ``contributions`` are exact Shapley values (Lundberg et al. 2020), of small trees by tables."""

    name = "LightGBM"

    def __init__(self, text: str) -> None:
        """Read a booster from LightGBM's text form.

        Raises:
            RuntimeError: when LightGBM cannot be loaded here.
        """
        lightgbm = load_lightgbm()
        if lightgbm is None:
            raise RuntimeError("this model needs LightGBM, which cannot be loaded: install lightgbm and the system's libgomp.so.1")
        self.text = text
        self._booster: Any = lightgbm.Booster(model_str=text)
        self._trees = shapley_trees(self._booster.dump_model())

    def margin(self, rows: Floats, rounds: int | None = None) -> Floats:
        """Margins of shape (n,) after so many rounds (all of them by default)."""
        if not len(rows):
            return np.zeros(0)
        return np.asarray(self._booster.predict(rows, raw_score=True, num_iteration=rounds or -1, num_threads=1), dtype=np.float64)

    def contributions(self, rows: Floats) -> Floats:
        """Shape (n, k + 1), the last the base; rows sum to the margin."""
        if not len(rows):
            return np.zeros((0, rows.shape[1] + 1))
        if self._trees is not None:
            return shapley_values(self._trees, rows)
        return np.asarray(self._booster.predict(rows, pred_contrib=True, num_threads=1), dtype=np.float64)


@dataclass(frozen=True)
class HistogramBooster:
    """scikit-learn's booster; ``contributions`` follow each row's path (see :func:`models.trees.path_contributions`)."""

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

    def contributions(self, rows: Floats) -> Floats:
        """Shape (n, k + 1), the last the base; rows sum to the margin."""
        if not len(rows):
            return np.zeros((0, rows.shape[1] + 1))
        trees = [_as_tree(predictors[0].nodes) for predictors in self.estimator._predictors]
        out = path_contributions(trees, rows)
        out[:, -1] += float(np.ravel(self.estimator._baseline_prediction)[0])
        return out


def _fit_histogram(
    rows: Floats, y: Floats, weight: Floats, directions: tuple[int, ...], *, rounds: int, seed: int
) -> HistogramBooster:
    estimator = HistGradientBoostingClassifier(
        learning_rate=LEARNING_RATE,
        max_iter=rounds,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=ROWS_A_LEAF,
        l2_regularization=RIDGE,
        max_features=COLUMN_SHARE,
        max_bins=BINS,
        monotonic_cst=list(directions),
        early_stopping=False,
        random_state=seed,
    )
    with threadpool_limits(1, user_api="openmp"):
        return HistogramBooster(estimator.fit(rows, y, sample_weight=weight))


def _as_tree(nodes: Any) -> Tree:
    is_leaf = nodes["is_leaf"].astype(bool)
    left = np.where(is_leaf, -1, nodes["left"].astype(np.int64))
    right = np.where(is_leaf, -1, nodes["right"].astype(np.int64))
    value = expected_values(left, right, nodes["count"].astype(np.float64), nodes["value"].astype(np.float64))
    return Tree(
        left,
        right,
        nodes["feature_idx"].astype(np.int64),
        nodes["num_threshold"].astype(np.float64),
        nodes["missing_go_to_left"].astype(bool),
        value,
    )
