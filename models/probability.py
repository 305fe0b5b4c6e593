"""The probability that a visit would find a violation, learnt from the visits that were made.

The number of boosting rounds and the calibration come from forward chaining over the cohorts (fit on the past, judged
on what followed); the model in use is then fitted on all labels with that number of rounds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.boosting import Booster, fit_booster
from models.calibration import Calibration, fit_calibration
from models.columns import Floats, Ints, matrix
from models.folds import entity_folds, time_folds

ROUNDS = (10, 20, 40, 80, 160, 320)


@dataclass(frozen=True)
class HeldOut:
    """Margins of labelled rows that the margin's model had not seen.

    Attributes:
        rows: positions in the labelled rows given, shape (m,).
        margin: shape (m,).
        split: ``time`` or, where all labels are of one cohort, ``entity``; ``none`` where neither could be held out.
    """

    rows: Ints
    margin: Floats
    split: str


@dataclass(frozen=True)
class ProbabilityModel:
    """A fitted probability; ``held_out`` lives with the fit and is not stored."""

    columns: tuple[str, ...]
    booster: Booster
    calibration: Calibration
    rounds: int
    held_out: HeldOut | None = field(default=None, compare=False)

    def margin(self, X: pd.DataFrame) -> Floats:
        """Log-odds before calibration, shape (n,)."""
        return self.booster.margin(matrix(X, self.columns))

    def probability(self, X: pd.DataFrame) -> Floats:
        """Calibrated probabilities, shape (n,), strictly increasing in the margin."""
        return self.calibration(self.margin(X))

    def contributions(self, X: pd.DataFrame) -> Floats:
        """What each column adds to the margin: shape (n, k + 1), the last the base; rows sum to the margin."""
        return self.booster.contributions(matrix(X, self.columns))


def fit_probability(
    X: pd.DataFrame,
    y: npt.ArrayLike,
    time: npt.ArrayLike,
    entity: npt.ArrayLike,
    directions: tuple[int, ...],
    *,
    weight: npt.ArrayLike | None = None,
    seed: int,
    threads: int = 1,
) -> ProbabilityModel:
    """Fit on labelled rows; the order they come in changes nothing.

    Args:
        X: shape (n, k); NaN is unknown.
        y: 0 or 1, shape (n,).
        time: each row's cohort date.
        entity: each row's entity; an entity has at most one row a cohort.
        directions: one a column of ``X``: 1, -1 or 0.
        weight: inverse inclusion probabilities, positive, up to a common factor.
        seed: for the booster's column sampling.
        threads: threads of LightGBM; their number changes no result.

    Raises:
        ValueError: when y is not 0/1 with both present, lengths differ, a weight is not positive, or an entity has two
            rows in one cohort.
    """
    columns = tuple(str(column) for column in X.columns)
    rows, found = matrix(X, columns), np.asarray(y, dtype=np.float64)
    dates = np.asarray(time, dtype="datetime64[D]")
    names = np.asarray(entity, dtype=object).astype(str)
    weights = np.ones(len(rows)) if weight is None else np.asarray(weight, dtype=np.float64)
    _check(rows, found, dates, names, weights, directions)
    order = np.lexsort((names, dates))
    rows, found, dates, names, weights = rows[order], found[order], dates[order], names[order], weights[order]
    weights = weights / weights.mean()

    def fit(part: Ints, rounds: int) -> Booster:
        return fit_booster(rows[part], found[part], weights[part], directions, rounds=rounds, seed=seed, threads=threads)

    split, folds = "time", time_folds(dates, found)
    if not folds:
        split, folds = "entity", entity_folds(names, found)
    staged: list[Floats] = []
    for fitted_on, judged_on in folds:
        booster = fit(fitted_on, ROUNDS[-1])
        staged.append(np.column_stack([booster.margin(rows[judged_on], rounds) for rounds in ROUNDS]))
    if not staged:
        booster = fit(np.arange(len(rows)), ROUNDS[1])
        return ProbabilityModel(columns, booster, Calibration(1.0, 0.0), ROUNDS[1], HeldOut(order[:0], np.zeros(0), "none"))
    held = np.concatenate([judged_on for _, judged_on in folds])
    margins = np.concatenate(staged)
    losses = [np.average(np.logaddexp(0.0, z) - found[held] * z, weights=weights[held]) for z in margins.T]
    best = int(np.argmin(losses))
    calibration = fit_calibration(margins[:, best], found[held], weights[held])
    booster = fit(np.arange(len(rows)), ROUNDS[best])
    return ProbabilityModel(columns, booster, calibration, ROUNDS[best], HeldOut(order[held], margins[:, best], split))


def _check(
    rows: Floats,
    y: Floats,
    time: npt.NDArray[np.datetime64],
    entity: npt.NDArray[np.str_],
    weight: Floats,
    directions: tuple[int, ...],
) -> None:
    if not len(rows) == len(y) == len(time) == len(entity) == len(weight):
        raise ValueError("X, y, time, entity and weight differ in length")
    if len(directions) != rows.shape[1]:
        raise ValueError(f"{len(directions)} directions were given for {rows.shape[1]} columns")
    if set(np.unique(y)) != {0.0, 1.0}:
        raise ValueError("y must hold 0 and 1, both of them")
    if not (np.isfinite(weight).all() and (weight > 0).all()):
        raise ValueError("weights must be positive")
    keys = pd.DataFrame({"entity": entity, "time": time})
    if keys.duplicated().any():
        twice = keys[keys.duplicated()].iloc[0]
        raise ValueError(f"entity {twice['entity']} has two rows in the cohort of {twice['time']:%Y-%m-%d}")
