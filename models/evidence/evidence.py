"""How much recent information there is on an entity, relative to the median entity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from expectations.contracts.indicators import catalogue
from models.foundation.inputs import Floats, Inputs, indicator_of, matrix

DAYS_A_UNIT = {"days": 1.0, "months": 365.25 / 12}
LEAST = 1 / 16
NOTHING_STALE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True)
class Evidence:
    """Known indicators over those of the median entity, halved for each half-life that the newest record is past fresh.

    Attributes:
        indicators: one column an indicator, counted when it has a value.
        typical: number of them known for the median entity, 1 or more.
        ages: columns with the age of an entity's newest record of a source, each with the days of its unit.
        fresh_days: age up to which the newest record counts fully.
        half_life_days: the evidence halves with each further so many days.
    """

    indicators: tuple[str, ...]
    typical: int
    ages: Mapping[str, float]
    fresh_days: float
    half_life_days: float

    def __call__(self, X: pd.DataFrame, stale_days: Mapping[str, int] = NOTHING_STALE) -> Floats:
        """The share of each row, shape (n,), from 1/16 to 1, independent of the other rows.

        A row without any known age has no freshness. Where the inputs hold no age column, every row counts as fresh.

        Args:
            stale_days: for how many days each stopped source has delivered nothing. An indicator that depends on it counts half
                after so many half-lives, and its newest record is so much older.
        """
        sources = {one.column: one.delivered_by for one in catalogue()} if stale_days else {}
        stale = [
            max((stale_days.get(source, 0) for source in sources.get(indicator_of(name), ())), default=0)
            for name in self.indicators
        ]
        is_known = ~np.isnan(matrix(X, self.indicators))
        # Whole numbers are summed, so that a row's share does not depend on the rows beside it.
        known = np.zeros(len(X))
        for days in sorted(set(stale)):
            known += is_known[:, np.array(stale) == days].sum(axis=1) * np.exp2(-days / self.half_life_days)
        share = np.minimum(known / self.typical, 1.0) * self.freshness(X, stale_days)
        evidence: Floats = np.clip(share, LEAST, 1.0)
        return evidence

    def freshness(self, X: pd.DataFrame, stale_days: Mapping[str, int] = NOTHING_STALE) -> Floats:
        """The factor for the age of the newest record: shape (n,), 0 to 1."""
        if not self.ages:
            return np.ones(len(X))
        # Months count back from the last month that was delivered, days from the day itself.
        source = {one.column: one.age_of for one in catalogue() if one.unit == "months"}
        older = [stale_days.get(source.get(name, ""), 0) for name in self.ages]
        days = matrix(X, tuple(self.ages)) * np.array(list(self.ages.values())) + np.array(older)
        newest = np.where(np.isnan(days), np.inf, days).min(axis=1)
        fresh: Floats = np.exp2(-np.maximum(newest - self.fresh_days, 0.0) / self.half_life_days)
        return fresh


def fit_evidence(population: pd.DataFrame, inputs: Inputs, *, fresh_days: float, half_life_days: float) -> Evidence:
    """The rule with the median of a population."""
    columns = dict(zip(inputs.indicators, inputs.columns, strict=True))
    # Prefer the value over the peer form, which is unknown with few peers although the value is known.
    indicators = tuple(name if name in inputs.columns else column for name, column in columns.items())
    ages = {
        indicator.column: DAYS_A_UNIT[indicator.unit]
        for indicator in catalogue()
        if indicator.age_of and indicator.column in inputs.columns
    }
    known = (~np.isnan(matrix(population, indicators))).sum(axis=1)
    return Evidence(indicators, max(int(np.median(known)), 1), ages, float(fresh_days), float(half_life_days))
