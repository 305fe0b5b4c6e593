"""Baseline orders: what could be done with the same past, or without one.

Like the model, each baseline is fitted on labels that were known on the day. With too little known past a baseline scores all
visits equal, which gives the metrics of a random order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from models.evaluation.ranking_metrics import filled, median, roc_auc
from models.foundation.inputs import Floats, Inputs, matrix

PAST, BEST, BOOSTING = "past record", "best indicator", "plain boosting"
"""The names of the orders."""
PAST_RECORD = "violation_share"
INDUSTRY = "industry_code"
"""The column of rows with the code of their industry, where an evaluation gives it to plain boosting as a category."""
MOST_CODES = 254
"""scikit-learn takes at most so many categories; the rarest are unknown."""
FEWEST = 10
"""A baseline is fitted only with at least so many visits of either outcome."""


def past_record(features: pd.DataFrame) -> pd.Series:
    """The score of the past record: the share of earlier visits that found a violation, shrunk towards the industry's.

    An entity that was never visited has the industry's share; an unknown share comes last.
    """
    return features[PAST_RECORD].fillna(-1.0)


@dataclass(frozen=True)
class BestIndicator:
    """The column that ordered the past best.

    Attributes:
        column: its name, empty where too little past was known.
        direction: 1 when more is riskier, -1 when less is.
        ordinary: the median of the past, which replaces unknown values.
    """

    column: str
    direction: int
    ordinary: float

    def score(self, features: pd.DataFrame) -> Floats:
        """Shape (n,), larger is riskier."""
        if not self.column:
            return np.zeros(len(features))
        return self.direction * filled(matrix(features, (self.column,))[:, 0], self.ordinary)


def choose_indicator(features: pd.DataFrame, y: npt.ArrayLike, inputs: Inputs) -> BestIndicator:
    """The column with the largest ROC-AUC on past visits, in the catalogue's direction or, without one, that of the past.

    The name breaks ties.

    Args:
        features: past visits' indicators as known before each, shape (n, k).
        y: 0 or 1, shape (n,).
    """
    outcome = np.asarray(y, dtype=np.float64)
    if not _suffices(outcome):
        return BestIndicator("", 1, 0.0)
    rows = matrix(features, inputs.columns)
    tried = []
    for at, (column, direction) in enumerate(zip(inputs.columns, inputs.directions, strict=True)):
        upward = roc_auc(outcome, rows[:, at])
        chosen = direction or (1 if upward >= 0.5 else -1)
        tried.append((-(upward if chosen == 1 else 1 - upward), column, chosen, median(rows[:, at])))
    _, column, chosen, ordinary = min(tried)
    return BestIndicator(column, chosen, ordinary)


@dataclass(frozen=True)
class PlainBoosting:
    """Gradient boosting with scikit-learn's defaults, without directions or calibration, with the industry as a category.

    Attributes:
        columns: those with any known value.
        codes: the industry codes that it knows; none where the rows have no column :data:`INDUSTRY`.
        estimator: None where too little past was known.
    """

    columns: tuple[str, ...]
    codes: tuple[str, ...]
    estimator: HistGradientBoostingClassifier | None

    def score(self, features: pd.DataFrame) -> Floats:
        """Log-odds, shape (n,)."""
        if self.estimator is None or not len(features):
            return np.zeros(len(features))
        with threadpool_limits(1, user_api="openmp"):
            return np.asarray(self.estimator.decision_function(_rows(features, self.columns, self.codes)), dtype=np.float64)


def fit_boosting(features: pd.DataFrame, y: npt.ArrayLike, inputs: Inputs, *, seed: int) -> PlainBoosting:
    """Fit plain boosting on past visits.

    Args:
        features: past visits' indicators as known before each, shape (n, k).
        y: 0 or 1, shape (n,).
        seed: of scikit-learn's early-stopping sample, used from 10,001 rows on.
    """
    outcome = np.asarray(y, dtype=np.float64)
    # scikit-learn fails on a column without any known value.
    columns = tuple(column for column in inputs.columns if features[column].notna().any())
    counts = features[INDUSTRY].value_counts() if INDUSTRY in features else pd.Series(dtype=int)
    codes = tuple(sorted(sorted(counts.index, key=lambda code: (-counts[code], code))[:MOST_CODES]))
    if not _suffices(outcome) or not columns:
        return PlainBoosting(columns, codes, None)
    with threadpool_limits(1, user_api="openmp"):
        estimator = HistGradientBoostingClassifier(random_state=seed, categorical_features=[len(columns)] if codes else None)
        estimator.fit(_rows(features, columns, codes), outcome)
    return PlainBoosting(columns, codes, estimator)


def _rows(features: pd.DataFrame, columns: tuple[str, ...], codes: tuple[str, ...]) -> Floats:
    """The columns, and the position of the industry in ``codes`` where there are any; NaN is unknown."""
    if not codes:
        return matrix(features, columns)
    place = features[INDUSTRY].map({code: float(at) for at, code in enumerate(codes)})
    return np.column_stack([matrix(features, columns), place.to_numpy(dtype=np.float64)])


@dataclass(frozen=True)
class Baselines:
    """The three baseline orders of one day."""

    best: BestIndicator
    boosting: PlainBoosting

    def scores(self, features: pd.DataFrame) -> dict[str, Floats]:
        """Each order's scores by its name, shape (n,), larger is visited first."""
        past = past_record(features).to_numpy(dtype=np.float64)
        return {PAST: past, BEST: self.best.score(features), BOOSTING: self.boosting.score(features)}


def fit_baselines(features: pd.DataFrame, y: npt.ArrayLike, inputs: Inputs, *, seed: int) -> Baselines:
    """Fit all baselines on past visits; arguments as for :func:`fit_boosting`."""
    return Baselines(choose_indicator(features, y, inputs), fit_boosting(features, y, inputs, seed=seed))


def _suffices(outcome: Floats) -> bool:
    return min(float(outcome.sum()), float((1 - outcome).sum())) >= FEWEST
