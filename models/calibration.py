"""From a margin to a probability, without ever making two different margins equal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.columns import Floats
from models.logistic import fit_logistic

SLOPE_FLOOR = 0.05
PENALTY = 1.0
BEND_SPREAD = 3.0
"""The slope above a bend is held to be 1, as the slope below is, but less firmly: a standard deviation of 3."""
WIDTH = 0.25
"""Over about so many log-odds of margin on either side one slope passes into the other."""


@dataclass(frozen=True)
class Calibration:
    """``probability = 1 / (1 + exp(-(slope * margin + bend * beyond + intercept)))``, strictly increasing.

    :func:`beyond` is by how much the margin is above ``at``, rounded off. The slope, which is the one far below ``at``, and the sum
    of slope and bend, the one far above, are positive.
    """

    slope: float
    intercept: float
    bend: float = 0.0
    at: float = 0.0

    def __call__(self, margin: Floats) -> Floats:
        """Probabilities of shape (n,), strictly increasing in ``margin``."""
        return sigmoid(self.log_odds(margin))

    def log_odds(self, margin: Floats) -> Floats:
        """Calibrated log-odds of shape (n,)."""
        if not self.bend:
            return self.slope * margin + self.intercept
        # A sum of two rising parts: a difference of large numbers could fall in its last digit.
        below, above = self.at - beyond(self.at, margin), beyond(margin, self.at)
        return self.slope * below + (self.slope + self.bend) * above + self.intercept


def beyond(margin: Floats | float, at: Floats | float) -> Floats:
    """How far a margin is above a point, and nothing below it, rounded off around it."""
    far: Floats = WIDTH * np.logaddexp(0.0, (margin - at) / WIDTH)
    return far


def sigmoid(z: Floats) -> Floats:
    """The logistic function, without overflow."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def fit_calibration(
    margin: Floats, y: Floats, weight: Floats | None = None, offset: Floats | None = None, at: float | None = None
) -> Calibration:
    """Platt scaling (Platt 1999) on held-out margins, drawn towards slope 1 by a penalty worth a few labels.

    Args:
        margin, y, weight: shape (n,); y is 0 or 1, or a probability.
        offset: log-odds, shape (n,), that outcomes owe to something else; no part of the calibration.
        at: a margin at which the slope may change; None for one slope.

    Returns:
        A calibration whose slopes are at least 0.05: where margins tell nothing the probabilities are nearly, but not
        quite, equal, so that the order stays.
    """
    weight = np.ones_like(margin) if weight is None else weight / weight.mean()
    nothing = np.zeros_like(margin) if offset is None else offset
    centre, precision, least = prior(at)
    found = fit_logistic(slopes(margin, at), y, weight, nothing, centre=centre, precision=precision, least=least)
    return stated(found, at)


def slopes(margin: Floats, at: float | None) -> Floats:
    """What a calibration's coefficients stand before: ones, and the margin, or its part below and its part above ``at``."""
    if at is None:
        return np.column_stack([np.ones_like(margin), margin])
    above = beyond(margin, at)
    return np.column_stack([np.ones_like(margin), margin - above, above])


def prior(at: float | None) -> tuple[Floats, Floats, Floats]:
    """The middle, the precision and the bound of each coefficient of :func:`slopes`."""
    several = 2 if at is None else 3
    return (
        np.array([0.0, 1.0, 1.0])[:several],
        np.array([PENALTY / 100.0, PENALTY, 1 / BEND_SPREAD**2])[:several],
        np.array([-np.inf, SLOPE_FLOOR, SLOPE_FLOOR])[:several],
    )


def stated(found: Floats, at: float | None) -> Calibration:
    """The calibration of such coefficients."""
    intercept, *rising = (float(one) for one in found)
    return Calibration(rising[0], intercept) if at is None else Calibration(rising[0], intercept, rising[1] - rising[0], at)
