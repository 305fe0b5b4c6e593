"""Credit points and classes on the scale of credit scorecards: equal points for equal ratios of odds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from expectations.contracts.scoring import MARGIN, PROBABILITY, PROBABILITY_HIGH, PROBABILITY_LOW
from models.foundation.inputs import Floats, Ints

EVEN_ODDS_POINTS = 400
POINTS_TO_DOUBLE_ODDS = 100
BEST = 1000


def credit_points(margin: Floats, probability: Floats | None = None) -> Ints:
    """``400 + 100 log2(odds of a clean visit)``, rounded, within 0 and 1000 (best), shape (n,).

    The points-to-double-the-odds scale (Siddiqi 2006, "Credit Risk Scorecards", chapter 6): 400 is an even chance of a violation,
    500 one in three, 700 one in nine.

    Args:
        margin: log-odds of a violation, shape (n,); used where the probability is unknown.
        probability: calibrated probabilities, shape (n,), NaN where unknown.
    """
    log_odds = np.asarray(margin, dtype=np.float64)
    if probability is not None:
        p = np.clip(np.asarray(probability, dtype=np.float64), 1e-15, 1 - 1e-15)
        log_odds = np.where(np.isnan(p), log_odds, np.log(p) - np.log1p(-p))
    points = EVEN_ODDS_POINTS - POINTS_TO_DOUBLE_ODDS * log_odds / np.log(2.0)
    whole: Ints = np.clip(np.rint(points), 0, BEST).astype(np.int64)
    return whole


def class_of_interval(at_best: Ints, at_worst: Ints, bounds: Mapping[str, int], ordinary: str) -> npt.NDArray[np.str_]:
    """The class for an interval of points: of the classes it covers, the one nearest to the ordinary class.

    Uncertainty favours the ordinary class: a worse class needs even the better end of the interval in it, a better class even the
    worse end.

    Args:
        at_best, at_worst: points at the two ends, ``at_best`` the larger, shape (n,).
        ordinary: the class that uncertainty favours.

    Raises:
        ValueError: when the bounds are invalid, or the ordinary class is not among them.
    """
    names = worst_first(bounds)
    if ordinary not in names:
        raise ValueError(f"the ordinary class {ordinary!r} is none of {', '.join(names)}")
    best, worst = (ranks(risk_class(points, bounds), bounds) for points in (at_best, at_worst))
    chosen: npt.NDArray[np.str_] = np.array(names)[np.clip(names.index(ordinary), worst, best)]
    return chosen


def points_and_class(scores: pd.DataFrame, bounds: Mapping[str, int], ordinary: str) -> tuple[Ints, npt.NDArray[np.str_]]:
    """Credit points and the class by interval of scored rows; without a probability the class is the ordinary one.

    A rule's margin is not on a scale of odds: its points order entities but support no class.

    Args:
        scores: as :meth:`models.risk_model.RiskModel.score` returns them.
        ordinary: the class that uncertainty favours.
    """
    margin, *ends = (scores[name].to_numpy(dtype=np.float64) for name in (MARGIN, PROBABILITY, PROBABILITY_LOW, PROBABILITY_HIGH))
    points, at_best, at_worst = (credit_points(margin, end) for end in ends)
    by_interval = class_of_interval(at_best, at_worst, bounds, ordinary)
    return points, np.where(np.isnan(ends[0]), ordinary, by_interval)


def worst_first(bounds: Mapping[str, int]) -> tuple[str, ...]:
    """The classes by their bounds, the worst first."""
    return tuple(sorted(bounds, key=bounds.__getitem__))


def ranks(letters: npt.ArrayLike, bounds: Mapping[str, int], *, otherwise: str | None = None) -> Ints:
    """Each class's rank, 0 for the worst; shape (n,) like ``letters``.

    Args:
        letters: classes.
        otherwise: the class to use for unknown letters.

    Raises:
        KeyError: when a letter is no class and ``otherwise`` is None.
    """
    place = {name: at for at, name in enumerate(worst_first(bounds))}
    names = np.asarray(letters, dtype=object)
    return np.array([place[name if otherwise is None or name in place else otherwise] for name in names], dtype=np.int64)


def risk_class(points: Ints, bounds: Mapping[str, int]) -> npt.NDArray[np.str_]:
    """The class of each number of points, given each class's lower bound.

    Raises:
        ValueError: when there is no class, two share a bound, or no bound is 0.
    """
    ordered = sorted(bounds.items(), key=lambda item: item[1])
    lower = np.array([bound for _, bound in ordered])
    if not ordered or len(set(lower.tolist())) != len(lower) or lower[0] != 0:
        raise ValueError(f"class bounds must differ and the lowest must be 0, not {dict(ordered)}")
    names = np.array([name for name, _ in ordered])
    classes: npt.NDArray[np.str_] = names[np.searchsorted(lower, np.asarray(points), side="right") - 1]
    return classes
