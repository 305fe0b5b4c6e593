"""Credit points and classes, on the scale that credit scorecards use: equal points for equal ratios of odds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from expectations.contracts.scoring import MARGIN, PROBABILITY, PROBABILITY_HIGH, PROBABILITY_LOW
from models.inputs import Floats, Ints

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


def class_of_interval(at_best: Ints, at_worst: Ints, bounds: Mapping[str, int], ordinary: str) -> npt.NDArray[np.str_]:
    """The class where points are known between two ends: of the classes between, the one nearest to the ordinary one.

    Doubt speaks for the ordinary class. A worse one is given only where even the end that is favourable to the business is of a
    worse one, a better one only where even the other end is of a better one.

    Args:
        at_best, at_worst: points at the two ends, ``at_best`` the larger, shape (n,).
        bounds: each class's lower bound.
        ordinary: the class that doubt speaks for.

    Raises:
        ValueError: when the bounds break their rules, or the ordinary class is none of them.
    """
    names = worst_first(bounds)
    if ordinary not in names:
        raise ValueError(f"the ordinary class {ordinary!r} is none of {', '.join(names)}")
    best, worst = (ranks(risk_class(points, bounds), bounds) for points in (at_best, at_worst))
    chosen: npt.NDArray[np.str_] = np.array(names)[np.clip(names.index(ordinary), worst, best)]
    return chosen


def points_and_class(scores: pd.DataFrame, bounds: Mapping[str, int], ordinary: str) -> tuple[Ints, npt.NDArray[np.str_]]:
    """Credit points, and the class by the interval, of scored rows; where no probability is known, the class is the ordinary one.

    The margin of a rule is on no scale of odds: it orders, and its points with it, but tells no class.

    Args:
        scores: as :meth:`models.risk_model.RiskModel.score` gives them.
        bounds: each class's lower bound.
        ordinary: the class that doubt speaks for.
    """
    margin, *ends = (scores[name].to_numpy(dtype=np.float64) for name in (MARGIN, PROBABILITY, PROBABILITY_LOW, PROBABILITY_HIGH))
    points, at_best, at_worst = (credit_points(margin, end) for end in ends)
    by_interval = class_of_interval(at_best, at_worst, bounds, ordinary)
    return points, np.where(np.isnan(ends[0]), ordinary, by_interval)


def worst_first(bounds: Mapping[str, int]) -> tuple[str, ...]:
    """The classes by their bounds, the worst first."""
    return tuple(sorted(bounds, key=bounds.__getitem__))


def ranks(letters: npt.ArrayLike, bounds: Mapping[str, int], *, otherwise: str | None = None) -> Ints:
    """Each class's place from the worst, which is 0; the shape of ``letters``, which is (n,).

    Args:
        letters: classes.
        bounds: each class's lower bound.
        otherwise: the class that stands in for what is none.

    Raises:
        KeyError: when one is no class and nothing stands in for it.
    """
    place = {name: at for at, name in enumerate(worst_first(bounds))}
    names = np.asarray(letters, dtype=object)
    if otherwise is not None:
        return np.array([place.get(name, place[otherwise]) for name in names], dtype=np.int64)
    return np.array([place[name] for name in names], dtype=np.int64)


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
