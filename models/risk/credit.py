"""Credit points on the scale of credit scorecards, equal points for equal ratios of odds; and the classes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from models.foundation.inputs import Floats, Ints

EVEN_ODDS_POINTS = 400
POINTS_TO_DOUBLE_ODDS = 100
BEST = 1000
CLASSES = ("D", "C", "B", "A")
"""The worst first."""


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


def begins_at(lowest: Mapping[str, int], name: str) -> tuple[int, float]:
    """The credit points with which a class begins, its highest, and their probability of a violation.

    Args:
        lowest: the lowest credit points of each class.
    """
    points = min((lowest[better] for better in CLASSES[CLASSES.index(name) + 1 :]), default=BEST + 1) - 1
    return points, 1 / (1 + 2 ** ((points - EVEN_ODDS_POINTS) / POINTS_TO_DOUBLE_ODDS))


def ranks(letters: npt.ArrayLike, *, otherwise: str | None = None) -> Ints:
    """Each class's rank, 0 for the worst; shape (n,) like ``letters``.

    Args:
        letters: classes.
        otherwise: the class to use for unknown letters.

    Raises:
        KeyError: when a letter is no class and ``otherwise`` is None.
    """
    place = {name: at for at, name in enumerate(CLASSES)}
    names = np.asarray(letters, dtype=object)
    return np.array([place[name if otherwise is None or name in place else otherwise] for name in names], dtype=np.int64)
