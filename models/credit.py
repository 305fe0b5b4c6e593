"""Credit points and classes, on the scale that credit scorecards use: equal points for equal ratios of odds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from models.columns import Floats, Ints

EVEN_ODDS_POINTS = 400
POINTS_TO_DOUBLE_ODDS = 100
BEST = 1000


def credit_points(margin: Floats, probability: Floats | None = None) -> Ints:
    """``400 + 100 log2(odds of a clean visit)``, rounded, within 0 and 1000 (1000 best).

    The points-to-double-the-odds scale (Siddiqi 2006, "Credit Risk Scorecards", chapter 6). 400 is an even chance of a
    violation, 500 one in three, 700 one in nine; 100 points more double the odds of a clean visit.

    Args:
        margin: log-odds of a violation, shape (n,); used where no probability is known.
        probability: calibrated probabilities, shape (n,), NaN where unknown.
    """
    log_odds = np.asarray(margin, dtype=np.float64)
    if probability is not None:
        p = np.clip(np.asarray(probability, dtype=np.float64), 1e-15, 1 - 1e-15)
        log_odds = np.where(np.isnan(p), log_odds, np.log(p) - np.log1p(-p))
    points = EVEN_ODDS_POINTS - POINTS_TO_DOUBLE_ODDS * log_odds / np.log(2.0)
    whole: Ints = np.clip(np.rint(points), 0, BEST).astype(np.int64)
    return whole


def risk_class(points: Ints, bounds: Mapping[str, int]) -> npt.NDArray[np.str_]:
    """The class of each number of points, given each class's lower bound.

    Raises:
        ValueError: when there is no class, two have one bound, or none begins at 0.
    """
    ordered = sorted(bounds.items(), key=lambda item: item[1])
    lower = np.array([bound for _, bound in ordered])
    if not ordered or len(set(lower.tolist())) != len(lower) or lower[0] != 0:
        raise ValueError(f"class bounds must differ and the lowest must be 0, not {dict(ordered)}")
    names = np.array([name for name, _ in ordered])
    found: npt.NDArray[np.str_] = names[np.searchsorted(lower, np.asarray(points), side="right") - 1]
    return found
