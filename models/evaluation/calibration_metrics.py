"""Whether probabilities keep what they promise, reckoned for many weightings of the same visits at once.

A weighting says how many times each visit counts (:mod:`models.evaluation.ranking_metrics`). Slope and intercept are Cox's
(1958): the log-odds of what was found, regressed on the log-odds of what was promised. The intercept is the one with the slope
held at 1, calibration in the large (Van Calster et al. 2019): the first says whether probabilities are spread too far (below 1)
or too little, the second whether they are too high (below 0) or too low on the whole.

Whether a probability means what it says: of visits promised alike, the share that did find a violation.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.inputs import Floats
from models.risk.calibration import equal_groups, sigmoid

STEPS = 50
SMALLEST = 1e-9
FARTHEST = 30.0
"""A slope or an intercept beyond it belongs to outcomes that the probabilities part without overlap: it has no finite value."""


def calibration_metrics(promised: Floats, found: Floats, weights: Floats) -> Mapping[str, Floats]:
    """Brier's score (1950), slope, intercept, and what was found over what was expected.

    Args:
        promised: probabilities, shape (n,).
        found: 0 or 1, or the chance that a visit finds something, shape (n,); of chances Brier's score is that of no outcome.
        weights: how many times each visit counts, shape (d, n).

    Returns:
        ``brier, calibration_slope, calibration_intercept, observed_over_expected``, each of shape (d,); NaN where it has no
        meaning: slope and intercept where all visits ended alike, and the slope where all probabilities are equal.

    Raises:
        ValueError: when a probability is not in [0, 1].
    """
    if not ((promised >= 0) & (promised <= 1)).all():
        raise ValueError("a probability is not in [0, 1]")
    p = np.clip(promised, SMALLEST, 1 - SMALLEST)
    log_odds = np.log(p) - np.log1p(-p)
    visits, hits = weights.sum(axis=1), weights @ found
    has_both = (hits > 0) & (hits < visits)
    nan = np.full(len(weights), np.nan)
    slope, intercept = nan.copy(), nan.copy()
    if has_both.any():
        drawn = weights[has_both]
        intercept[has_both] = _fit(log_odds, found, drawn, slope_free=False)[:, 0]
        if np.ptp(log_odds) > 0:
            slope[has_both] = _fit(log_odds, found, drawn, slope_free=True)[:, 1]
    expected = weights @ promised
    return {
        "brier": np.divide(weights @ (promised - found) ** 2, visits, out=nan.copy(), where=visits > 0),
        "calibration_slope": slope,
        "calibration_intercept": intercept,
        "observed_over_expected": np.divide(hits, expected, out=nan.copy(), where=expected > 0),
    }


def _fit(x: Floats, y: Floats, weights: Floats, *, slope_free: bool) -> Floats:
    """Newton's method for ``log-odds = a + b x`` under each weighting, shape (d, 2); NaN where it finds no finite answer."""
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
            step = (
                np.stack([vxx * first - vx * second, v * second - vx * first], axis=1) / np.where(whole > 0, whole, np.nan)[:, None]
            )
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


_Z = 1.959964
"""The normal quantile of a 95 % interval."""


def reliability(
    probability: npt.ArrayLike, found: npt.ArrayLike, *, entity: npt.ArrayLike | None = None, bins: int = 10
) -> pd.DataFrame:
    """Visits in bins of about equal number by their probability, each bin's promise beside what came of it.

    Equal probabilities share a bin, so the order of rows changes nothing and there may be fewer bins than asked for.

    Args:
        probability: shape (n,).
        found: 0 or 1, shape (n,).
        entity: each visit's business, shape (n,); None where no two visits are of one.
        bins: how many bins to cut, 1 or more.

    Returns:
        ``predicted`` (mean probability), ``observed`` (share found), ``low`` and ``high`` (Wilson's 95 % interval of that share,
        1927, of as many visits as the bin has businesses: those of one business are alike, and a visit that judges two days is
        one) and ``visits``, in ascending order of probability.

    Raises:
        ValueError: when lengths differ, there is no visit, a probability is not in [0, 1], or ``bins`` is below 1.
    """
    p, y = np.asarray(probability, dtype=np.float64), np.asarray(found, dtype=np.float64)
    who = np.arange(y.size) if entity is None else np.asarray(entity, dtype=object).astype(str)
    if not p.shape == y.shape == who.shape or p.ndim != 1 or not len(p) or bins < 1:
        raise ValueError("there must be visits, as many probabilities as outcomes, and at least one bin")
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("a probability is not in [0, 1]")
    frame = pd.DataFrame({"bin": equal_groups(p, bins), "predicted": p, "observed": y, "entity": who})
    grouped = frame.groupby("bin", sort=True)
    table = grouped[["predicted", "observed"]].mean()
    worth, share = grouped["entity"].nunique().to_numpy(dtype=np.float64), table["observed"].to_numpy()
    centre = (share + _Z**2 / (2 * worth)) / (1 + _Z**2 / worth)
    reach = _Z * np.sqrt(share * (1 - share) / worth + _Z**2 / (4 * worth**2)) / (1 + _Z**2 / worth)
    return table.assign(
        low=np.clip(centre - reach, 0.0, 1.0), high=np.clip(centre + reach, 0.0, 1.0), visits=grouped.size().to_numpy()
    ).reset_index(drop=True)
