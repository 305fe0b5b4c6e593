"""The orders that a model is always shown beside: what anybody could have done with the same past, or without one.

Each is fitted on labels that were known on the day, as the model is. Where the known past tells a baseline nothing, it holds all
visits equal, and its figures are those of a random order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from models.evaluation.ranking_metrics import auc, count, rank
from models.inputs import Floats, Inputs, matrix

PAST, BEST, BOOSTING = "past record", "best indicator", "plain boosting"
"""The names of the orders."""
PAST_RECORD = "violation_share"
FEWEST = 10
"""Of found and of clean visits a baseline needs at least so many to learn from."""


def past_record(features: pd.DataFrame) -> pd.Series:
    """The score of the past-record baseline: the share of earlier visits that found a violation, drawn towards the industry's.

    Whoever was never visited has the industry's share; an unknown one counts as least.
    """
    return features[PAST_RECORD].fillna(-1.0)


@dataclass(frozen=True)
class BestIndicator:
    """The one column that ordered the past best.

    Attributes:
        column: its name, empty where no past was known.
        direction: 1 when more of it is riskier, -1 when less is.
        ordinary: what an unknown value counts as: the median of the past.
    """

    column: str
    direction: int
    ordinary: float

    def score(self, features: pd.DataFrame) -> Floats:
        """Shape (n,), larger is riskier."""
        if not self.column:
            return np.zeros(len(features))
        return self.direction * _filled(matrix(features, (self.column,))[:, 0], self.ordinary)


def choose_indicator(features: pd.DataFrame, y: npt.ArrayLike, inputs: Inputs) -> BestIndicator:
    """The column of the largest ROC-AUC on past visits, in the direction of the catalogue or, where that has none, of the past.

    Equal ones are told apart by their names.

    Args:
        features: past visits' indicators as they were known before each, shape (n, k).
        y: 0 or 1, shape (n,).
        inputs: the columns to choose from.
    """
    found = np.asarray(y, dtype=np.float64)
    if not _suffices(found):
        return BestIndicator("", 1, 0.0)
    rows = matrix(features, inputs.columns)
    tried = []
    for at, (column, direction) in enumerate(zip(inputs.columns, inputs.directions, strict=True)):
        ordinary = _median(rows[:, at])
        upward = roc_auc(found, _filled(rows[:, at], ordinary))
        way = direction or (1 if upward >= 0.5 else -1)
        tried.append((-(upward if way == 1 else 1 - upward), column, way, ordinary))
    _, column, way, ordinary = min(tried)
    return BestIndicator(column, way, ordinary)


@dataclass(frozen=True)
class PlainBoosting:
    """Gradient boosting as it comes: scikit-learn's defaults, no directions, no calibration.

    Attributes:
        columns: those of which something was known.
        estimator: None where the known past did not suffice.
    """

    columns: tuple[str, ...]
    estimator: HistGradientBoostingClassifier | None

    def score(self, features: pd.DataFrame) -> Floats:
        """Log-odds, shape (n,)."""
        if self.estimator is None or not len(features):
            return np.zeros(len(features))
        with threadpool_limits(1, user_api="openmp"):
            return np.asarray(self.estimator.decision_function(matrix(features, self.columns)), dtype=np.float64)


def fit_boosting(features: pd.DataFrame, y: npt.ArrayLike, inputs: Inputs, *, seed: int) -> PlainBoosting:
    """Fit the plain boosting on past visits.

    Args:
        features: past visits' indicators as they were known before each, shape (n, k).
        y: 0 or 1, shape (n,).
        inputs: the columns to use.
        seed: of the rows that scikit-learn holds out from 10,001 rows on, to know when to stop.
    """
    found = np.asarray(y, dtype=np.float64)
    # scikit-learn fails on a column of which nothing is known; there is nothing to learn from one either.
    columns = tuple(column for column in inputs.columns if features[column].notna().any())
    if not _suffices(found) or not columns:
        return PlainBoosting(columns, None)
    with threadpool_limits(1, user_api="openmp"):
        estimator = HistGradientBoostingClassifier(random_state=seed).fit(matrix(features, columns), found)
    return PlainBoosting(columns, estimator)


@dataclass(frozen=True)
class Baselines:
    """The three orders of one day: the best indicator and the plain boosting fitted on its known past, and the past record."""

    best: BestIndicator
    boosting: PlainBoosting

    def scores(self, features: pd.DataFrame) -> dict[str, Floats]:
        """Each order's scores of the rows, by its name: shape (n,), larger is visited first."""
        past = past_record(features).to_numpy(dtype=np.float64)
        return {PAST: past, BEST: self.best.score(features), BOOSTING: self.boosting.score(features)}


def fit_baselines(features: pd.DataFrame, y: npt.ArrayLike, inputs: Inputs, *, seed: int) -> Baselines:
    """Fit them on past visits, as :func:`choose_indicator` and :func:`fit_boosting` have it."""
    return Baselines(choose_indicator(features, y, inputs), fit_boosting(features, y, inputs, seed=seed))


def roc_auc(found: Floats, score: Floats) -> float:
    """ROC-AUC of one order; NaN where all visits ended alike."""
    days = np.zeros(len(found), dtype="datetime64[D]")
    return float(auc(count(rank(found, score, days), np.ones((1, len(found)))))[0])


def _suffices(found: Floats) -> bool:
    return min(float(found.sum()), float((1 - found).sum())) >= FEWEST


def _median(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else 0.0


def _filled(values: Floats, ordinary: float) -> Floats:
    return np.where(np.isnan(values), ordinary, values)
