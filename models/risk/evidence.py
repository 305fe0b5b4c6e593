"""How much is known of an entity, and how fresh it is, as a share of what is known of most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from expectations.contracts.indicators import catalogue
from models.inputs import Floats, Inputs, matrix

DAYS_A_UNIT = {"days": 1.0, "months": 365.25 / 12}
LEAST = 1 / 16


@dataclass(frozen=True)
class Evidence:
    """The rule: known indicators ÷ those that are known of most, halved for each half-life that the newest record is older.

    Attributes:
        indicators: one column an indicator, counted when it has a value.
        typical: how many of them are known of the median entity, 1 or more.
        ages: columns that tell the age of an entity's newest record of a source, each with the days of its unit.
        fresh_days: a newest record of at most this age is fresh.
        half_life_days: what is older counts half after so many days more, a quarter after twice as many.
    """

    indicators: tuple[str, ...]
    typical: int
    ages: Mapping[str, float]
    fresh_days: float
    half_life_days: float

    def __call__(self, X: pd.DataFrame) -> Floats:
        """The share of each row, shape (n,), from 1/16 to 1; of a row alone, whatever rows are beside it.

        A row none of whose ages is known is as stale as can be. Where the inputs hold no age at all, freshness cannot be told,
        and every row counts as fresh.
        """
        known = (~np.isnan(matrix(X, self.indicators))).sum(axis=1)
        share = np.minimum(known / self.typical, 1.0) * self.freshness(X)
        held: Floats = np.clip(share, LEAST, 1.0)
        return held

    def freshness(self, X: pd.DataFrame) -> Floats:
        """The share that is left of what was known, by the age of the newest record: shape (n,), 0 to 1."""
        if not self.ages:
            return np.ones(len(X))
        days = matrix(X, tuple(self.ages)) * np.array(list(self.ages.values()))
        newest = np.where(np.isnan(days), np.inf, days).min(axis=1)
        fresh: Floats = np.exp2(-np.maximum(newest - self.fresh_days, 0.0) / self.half_life_days)
        return fresh


def fit_evidence(population: pd.DataFrame, inputs: Inputs, *, fresh_days: float, half_life_days: float) -> Evidence:
    """The rule, with what is known of the median entity of a population."""
    columns = dict(zip(inputs.indicators, inputs.columns, strict=True))
    # The value itself where it is an input: beside few peers the peer form is unknown though the value is known.
    indicators = tuple(name if name in inputs.columns else column for name, column in columns.items())
    ages = {
        indicator.column: DAYS_A_UNIT[indicator.unit]
        for indicator in catalogue()
        if indicator.age_of and indicator.column in inputs.columns
    }
    known = (~np.isnan(matrix(population, indicators))).sum(axis=1)
    return Evidence(indicators, max(int(np.median(known)), 1), ages, float(fresh_days), float(half_life_days))
