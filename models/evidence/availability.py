"""Availability: which sources a day lacks, and what that does to scores.

*Absent*: no entity has a value of the source, although the model has learned from it. To the model, an unknown value means what it
meant in the past, for example a business too young for a return; with a whole source absent it means nothing. So the margin of
everybody is shifted, by the source, to the mean probability that the reference population has with it. The order then comes from
the other sources.

*Stale*: the last good values of a source that has stopped carry on. They are worth less evidence, so intervals widen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from expectations.contracts.indicators import catalogue
from models.foundation.inputs import Floats, Inputs, indicator_of, matrix

VISIT_AGE = "days_since_visit"
"""The indicator of the days since an entity's last visit."""
WIDEST, HALVINGS = 20.0, 60
"""A shift is searched within so many log-odds, in so many halvings."""


@dataclass(frozen=True)
class Availability:
    """What a day lacks.

    Attributes:
        absent: sources without any value.
        stale_days: for how many days each stopped source has delivered nothing that may be used.
    """

    absent: tuple[str, ...] = ()
    stale_days: Mapping[str, int] = field(default_factory=dict)

    def shift(self, shifts: Mapping[str, float]) -> float:
        """What is added to the margin, from the result of :func:`fit_absence`."""
        return sum(shifts.get(source, 0.0) for source in self.absent)

    def freezes(self, X: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """The rows that stay in their class, shape (n,): all while a source is lacking, but those visited since it has stopped."""
        if not self.absent and not self.stale_days:
            return np.zeros(len(X), dtype=bool)
        days = max(self.stale_days.values(), default=0)
        since_visit = X[VISIT_AGE].to_numpy(dtype=np.float64, na_value=np.nan)
        frozen: npt.NDArray[np.bool_] = ~(since_visit < days)
        return frozen


WHOLE = Availability()
"""Nothing is lacking."""


def columns_by_source(inputs: Inputs) -> dict[str, tuple[str, ...]]:
    """The input columns that depend on each source; a column may depend on several."""
    sources = {indicator.column: indicator.delivered_by for indicator in catalogue()}
    found: dict[str, list[str]] = {}
    for column in inputs.columns:
        for source in sources.get(indicator_of(column), ()):
            found.setdefault(source, []).append(column)
    return {source: tuple(columns) for source, columns in sorted(found.items())}


def absent_sources(parts: Iterable[pd.DataFrame], inputs: Inputs) -> tuple[str, ...]:
    """The sources without a value in any row of any part.

    Args:
        parts: the features of all entities of a day. No more are read than needed.
    """
    absent = columns_by_source(inputs)
    for part in parts:
        absent = {source: columns for source, columns in absent.items() if not part[list(columns)].notna().to_numpy().any()}
        if not absent:
            break
    return tuple(absent)


def fit_absence(
    population: pd.DataFrame, inputs: Inputs, margin: Callable[[pd.DataFrame], Floats], probability: Callable[[Floats], Floats]
) -> dict[str, float]:
    """What is added to the margin where a source is absent, by source, in log-odds.

    Args:
        population: features of the reference population.
        margin: the margin of rows.
        probability: the probability of a margin; it never falls as the margin rises.
    """
    known = pd.DataFrame(matrix(population, inputs.columns), columns=list(inputs.columns))
    usual, shifts = float(probability(margin(known)).mean()), {}
    for source, columns in columns_by_source(inputs).items():
        without = margin(known.assign(**dict.fromkeys(columns, float("nan"))))
        low, high = -WIDEST, WIDEST
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if float(probability(without + middle).mean()) < usual else (low, middle)
        shifts[source] = (low + high) / 2
    return shifts
