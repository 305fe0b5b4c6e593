"""An invented population with labels, and the settings that the model tests fit with."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from models.foundation.inputs import Inputs
from models.risk_model import RiskModel, fit_risk_model

INPUTS = Inputs(
    columns=("late", "late_vs_peers", "age", "age_vs_peers", "complaints", "capital", "capital_vs_peers", "noise"),
    directions=(1, 1, -1, -1, 1, 0, 0, 0),
    dimensions=("tax", "tax", "basic", "basic", "complaint", "basic", "basic", "association"),
)


@dataclass(frozen=True)
class Labelled:
    """Labelled rows: features, outcome, cohort, entity."""

    X: pd.DataFrame
    y: np.ndarray
    time: np.ndarray
    entity: np.ndarray


def invent(rows: int, seed: int) -> Labelled:
    """Features with 10 % unknown values; violations rise with late filings and complaints, fall with age."""
    random = np.random.default_rng(seed)
    values = random.standard_t(4, size=(rows, len(INPUTS.columns)))
    values[:, 4] = random.poisson(0.3, rows)
    X = pd.DataFrame(values, columns=list(INPUTS.columns))
    log_odds = -2.0 + 0.9 * X["late"] - 0.6 * X["age_vs_peers"] + 0.7 * X["complaints"]
    y = (random.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(float)
    X = X.mask(random.random(X.shape) < 0.1)
    cohorts = np.array([f"2025-{month:02d}-28" for month in range(1, 9)], dtype="datetime64[D]")
    time = np.sort(cohorts[random.integers(0, len(cohorts), rows)])
    return Labelled(X, y, time, np.array([f"E{number:05d}" for number in range(rows)]))


def fit(labelled: Labelled, **changes: object) -> RiskModel:
    """The whole model with the tests' settings; the labelled rows are the population too."""
    settings = {"anomaly_weight": 0.5, "minimum_labels": 300, "minimum_positives": 30, "seed": 7} | changes
    return fit_risk_model(labelled.X, labelled.X, labelled.y, labelled.time, labelled.entity, INPUTS, **settings)


def shuffled(labelled: Labelled, seed: int) -> Labelled:
    """The same rows in another order."""
    order = np.random.default_rng(seed).permutation(len(labelled.y))
    return replace(
        labelled, X=labelled.X.iloc[order], y=labelled.y[order], time=labelled.time[order], entity=labelled.entity[order]
    )


def as_inputs(columns: list[str], direction: int = 0) -> Inputs:
    """Inputs of one direction and dimension."""
    return Inputs(tuple(columns), (direction,) * len(columns), ("basic",) * len(columns))
