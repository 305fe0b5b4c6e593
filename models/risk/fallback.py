"""A rule that replaces the learnt probability while too few visits are labelled.

Each indicator with a direction is put on a robust scale against the population. A dimension's mean over its known indicators is
shrunk towards 0 by two average indicators, and the dimensions are added.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.foundation.inputs import Floats, Inputs, matrix
from models.statistics.robust_scale import RobustScale

ORDINARY_INDICATORS = 2
PRIOR_FOUND = 1
PRIOR_CLEAN = 9


@dataclass(frozen=True)
class FallbackModel:
    """The fitted rule; its margin is on the scale of log-odds but not calibrated, so it gives no probability.

    Attributes:
        inputs: all input columns; the rule uses one column of each indicator with a direction.
        scale: the robust scale of those columns.
        intercept: the margin of an entity that is average in every indicator.
    """

    inputs: Inputs
    scale: RobustScale
    intercept: float

    @property
    def used(self) -> tuple[int, ...]:
        """Positions of the columns that the rule uses."""
        return directed(self.inputs)

    def margin(self, X: pd.DataFrame) -> Floats:
        """Shape (n,)."""
        return self.explain(X)[0]

    def explain(self, X: pd.DataFrame) -> tuple[Floats, Floats]:
        """:meth:`margin` and :meth:`contributions` in one pass."""
        contributions = self.contributions(X)
        margin = np.zeros(len(contributions))
        for column in range(contributions.shape[1]):
            margin += contributions[:, column]
        return margin, contributions

    def contributions(self, X: pd.DataFrame) -> Floats:
        """Each input column's contribution to the margin: shape (n, k + 1), the last the intercept."""
        out = np.zeros((len(X), len(self.inputs.columns) + 1))
        out[:, -1] = self.intercept
        if not self.used or not len(X):
            return out
        values = matrix(X, tuple(self.inputs.columns[at] for at in self.used))
        towards_risk = self.scale.transform(values) * np.array([self.inputs.directions[at] for at in self.used])
        dimension_of = np.array([self.inputs.dimensions[at] for at in self.used])
        for dimension in np.unique(dimension_of):
            inside = np.flatnonzero(dimension_of == dimension)
            known = (~np.isnan(values[:, inside])).sum(axis=1)
            out[:, np.array(self.used)[inside]] = towards_risk[:, inside] / (known + ORDINARY_INDICATORS)[:, None]
        return out


def fit_fallback(population: pd.DataFrame, inputs: Inputs, *, found: int, visits: int) -> FallbackModel:
    """Fit the rule on a population; the intercept is the log-odds of ``(found + 1) / (visits + 10)``."""
    used = directed(inputs)
    scale = RobustScale()
    if used:
        scale.fit(matrix(population, tuple(inputs.columns[at] for at in used)))
    odds = (found + PRIOR_FOUND) / (visits - found + PRIOR_CLEAN)
    return FallbackModel(inputs, scale, float(np.log(odds)))


def directed(inputs: Inputs) -> tuple[int, ...]:
    """Positions of one column of each indicator that has a direction."""
    return tuple(at for at in inputs.one_per_indicator() if inputs.directions[at] != 0)
