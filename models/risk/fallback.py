"""A rule in place of a learnt probability, for as long as too few visits have been labelled.

Each indicator with a direction is put on a robust scale against the population; a dimension's mean over its known
indicators is drawn towards 0 as if two further indicators were ordinary; the dimensions are added.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from expectations.contracts.indicators import DIMENSIONS
from models.inputs import Floats, Inputs, matrix
from models.statistics.robust_scale import RobustScale

ORDINARY_INDICATORS = 2
PRIOR_FOUND = 1
PRIOR_CLEAN = 9


@dataclass(frozen=True)
class FallbackModel:
    """The fitted rule; its margin looks like log-odds, but nothing has calibrated it, so it gives no probability.

    Attributes:
        inputs: all input columns; the rule reads one an indicator that has a direction.
        squash: the scale of those columns.
        intercept: the margin of an entity that is ordinary everywhere.
    """

    inputs: Inputs
    squash: RobustScale
    intercept: float

    @property
    def used(self) -> tuple[int, ...]:
        """Positions of the columns that the rule reads."""
        return directed(self.inputs)

    def margin(self, X: pd.DataFrame) -> Floats:
        """Shape (n,)."""
        return self.explain(X)[0]

    def explain(self, X: pd.DataFrame) -> tuple[Floats, Floats]:
        """:meth:`margin` and :meth:`contributions`, in one go."""
        contributions = self.contributions(X)
        margin = np.zeros(len(contributions))
        for column in range(contributions.shape[1]):
            margin += contributions[:, column]
        return margin, contributions

    def contributions(self, X: pd.DataFrame) -> Floats:
        """What each input column adds to the margin: shape (n, k + 1), the last the intercept."""
        out = np.zeros((len(X), len(self.inputs.columns) + 1))
        out[:, -1] = self.intercept
        if not self.used or not len(X):
            return out
        values = matrix(X, tuple(self.inputs.columns[at] for at in self.used))
        towards_risk = self.squash.transform(values) * np.array([self.inputs.directions[at] for at in self.used])
        dimension_of = np.array([self.inputs.dimensions[at] for at in self.used])
        for dimension in sorted(set(dimension_of), key=_place):
            inside = np.flatnonzero(dimension_of == dimension)
            known = (~np.isnan(values[:, inside])).sum(axis=1)
            out[:, np.array(self.used)[inside]] = towards_risk[:, inside] / (known + ORDINARY_INDICATORS)[:, None]
        return out


def fit_fallback(population: pd.DataFrame, inputs: Inputs, *, found: int, visits: int) -> FallbackModel:
    """Fit the rule's scale on a population; the few labels there are set the level.

    The level is the log-odds of ``(found + 1) / (visits + 10)``: without a visit, one in ten.
    """
    used = directed(inputs)
    squash = RobustScale()
    if used:
        squash.fit(matrix(population, tuple(inputs.columns[at] for at in used)))
    odds = (found + PRIOR_FOUND) / (visits - found + PRIOR_CLEAN)
    return FallbackModel(inputs, squash, float(np.log(odds)))


def directed(inputs: Inputs) -> tuple[int, ...]:
    """Positions of one column an indicator, of the indicators that have a direction."""
    return tuple(at for at in inputs.one_per_indicator() if inputs.directions[at] != 0)


def _place(dimension: str) -> tuple[int, str]:
    return (DIMENSIONS.index(dimension) if dimension in DIMENSIONS else len(DIMENSIONS), dimension)
