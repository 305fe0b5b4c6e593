"""Metrics of calibration, for many weightings of the same visits at once, and the reliability curve.

A weighting says how many times each visit counts (see :mod:`models.evaluation.ranking_metrics`). Slope and intercept are Cox's
(1958): the log-odds of the outcome regressed on the log-odds of the prediction. The intercept is the one with the slope held at 1,
calibration in the large (Van Calster et al. 2019). A slope below 1 means probabilities spread too far, an intercept below 0 that
they are too high overall.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.foundation.inputs import Floats
from models.risk.calibration import equal_groups, sigmoid
from models.statistics.proportions import wilson

STEPS = 50
SMALLEST = 1e-9
FARTHEST = 30.0
"""A slope or intercept beyond it is infinite: the probabilities separate the outcomes without overlap."""


def calibration_metrics(predicted: Floats, outcome: Floats, weights: Floats) -> Mapping[str, Floats]:
    """Brier score (1950), slope, intercept, and observed over expected violations.

    Args:
        predicted: probabilities, shape (n,).
        outcome: 0 or 1, or the true probability of a violation, shape (n,); with probabilities the Brier score is that of no
            outcome.
        weights: how many times each visit counts, shape (d, n).

    Returns:
        ``brier, calibration_slope, calibration_intercept, observed_over_expected``, each of shape (d,); NaN where undefined: slope
        and intercept where all outcomes are equal, the slope where all probabilities are.

    Raises:
        ValueError: when a probability is not in [0, 1].
    """
    if not ((predicted >= 0) & (predicted <= 1)).all():
        raise ValueError("a probability is not in [0, 1]")
    p = np.clip(predicted, SMALLEST, 1 - SMALLEST)
    log_odds = np.log(p) - np.log1p(-p)
    visits, found = weights.sum(axis=1), weights @ outcome
    has_both = (found > 0) & (found < visits)
    nan = np.full(len(weights), np.nan)
    slope, intercept = nan.copy(), nan.copy()
    if has_both.any():
        drawn = weights[has_both]
        intercept[has_both] = _fit(log_odds, outcome, drawn, slope_free=False)[:, 0]
        if np.ptp(log_odds) > 0:
            slope[has_both] = _fit(log_odds, outcome, drawn, slope_free=True)[:, 1]
    expected = weights @ predicted
    return {
        "brier": np.divide(weights @ (predicted - outcome) ** 2, visits, out=nan.copy(), where=visits > 0),
        "calibration_slope": slope,
        "calibration_intercept": intercept,
        "observed_over_expected": np.divide(found, expected, out=nan.copy(), where=expected > 0),
    }


def _fit(x: Floats, y: Floats, weights: Floats, *, slope_free: bool) -> Floats:
    """Newton's method for ``log-odds = a + b x`` under each weighting, shape (d, 2); NaN where no finite solution exists."""
    at = np.tile([0.0, 1.0], (len(weights), 1))
    going = np.arange(len(weights))
    for _ in range(STEPS):
        w, a, b = weights[going], at[going, :1], at[going, 1:]
        p = sigmoid(a + b * x)
        miss, spread = w * (y - p), w * p * (1 - p)
        first, second = miss.sum(axis=1), miss @ x
        v, vx, vxx = spread.sum(axis=1), spread @ x, spread @ x**2
        if slope_free:
            whole = v * vxx - vx**2
            across = np.stack([vxx * first - vx * second, v * second - vx * first], axis=1)
            step = across / np.where(whole > 0, whole, np.nan)[:, None]
        else:
            step = np.stack([first / np.where(v > 0, v, np.nan), np.zeros(len(going))], axis=1)
        at[going] += np.clip(step, -2.0, 2.0)
        size = np.abs(step).max(axis=1)
        is_lost = ~np.isfinite(size) | (np.abs(at[going]).max(axis=1) > FARTHEST)
        at[going[is_lost]] = np.nan
        going = going[~is_lost & (size > 1e-9)]
        if not len(going):
            break
    at[going] = np.nan
    return at


def reliability(
    probability: npt.ArrayLike, outcome: npt.ArrayLike, *, entity: npt.ArrayLike | None = None, bins: int = 10
) -> pd.DataFrame:
    """The reliability curve: predicted and observed shares in bins of about equal numbers of visits.

    Equal probabilities share a bin, so the order of rows does not matter and there may be fewer bins.

    Args:
        probability: shape (n,).
        outcome: 0 or 1, shape (n,).
        entity: each visit's business, shape (n,); None where each visit is of another business.
        bins: number of bins, 1 or more.

    Returns:
        ``predicted`` (mean probability), ``observed`` (share with a violation), ``low`` and ``high`` (Wilson's 95 % interval with
        the number of businesses as the sample size, since visits of one business are alike) and ``visits``, ascending by
        probability.

    Raises:
        ValueError: when lengths differ, there is no visit, a probability is not in [0, 1], or ``bins`` is below 1.
    """
    p, y = np.asarray(probability, dtype=np.float64), np.asarray(outcome, dtype=np.float64)
    who = np.arange(y.size) if entity is None else np.asarray(entity, dtype=object).astype(str)
    if not p.shape == y.shape == who.shape or p.ndim != 1 or not len(p) or bins < 1:
        raise ValueError("there must be visits, as many probabilities as outcomes, and at least one bin")
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("a probability is not in [0, 1]")
    grouped = pd.DataFrame({"bin": equal_groups(p, bins), "predicted": p, "observed": y, "entity": who}).groupby("bin", sort=True)
    table = grouped[["predicted", "observed"]].mean()
    businesses = grouped["entity"].nunique()
    low, high = zip(*(wilson(share * n, n) for share, n in zip(table["observed"], businesses, strict=True)), strict=True)
    return table.assign(low=low, high=high, visits=grouped.size().to_numpy()).reset_index(drop=True)
