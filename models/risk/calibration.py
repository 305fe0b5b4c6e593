"""Calibration from a margin to a probability that keeps different margins different."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.foundation.inputs import Floats, Ints

SLOPE_FLOOR = 0.05
PENALTY = 1.0
STEPS = 100


@dataclass(frozen=True)
class Calibration:
    """``probability = 1 / (1 + exp(-(slope * margin + intercept)))`` with a positive slope, optionally with a background rate.

    With a background (Abbott 1925, "A method of computing the effectiveness of an insecticide"; Finney 1971, "Probit analysis",
    chapter 7) a visit finds a violation through the margin or through the background, independently:
    ``1 - (1 - the above) * (1 - 1 / (1 + exp(-(background + 0.05 * margin))))``. The small slope of the background keeps the
    probability strictly increasing.
    """

    slope: float
    intercept: float
    background: float | None = None

    def __call__(self, margin: Floats) -> Floats:
        """Probabilities of shape (n,), strictly increasing in ``margin``."""
        if self.background is None:
            return sigmoid(self.slope * margin + self.intercept)
        probability: Floats = -np.expm1(-self._hazard(margin, self.background))
        return probability

    def log_odds(self, margin: Floats) -> Floats:
        """Calibrated log-odds of shape (n,)."""
        if self.background is None:
            return self.slope * margin + self.intercept
        hazard = self._hazard(margin, self.background)
        log_odds: Floats = hazard + np.log(-np.expm1(-hazard))
        return log_odds

    def _hazard(self, margin: Floats, background: float) -> Floats:
        """The negative logarithm of the probability of no violation: the sum of the two causes' hazards."""
        own = np.logaddexp(0.0, self.slope * margin + self.intercept)
        hazard: Floats = own + np.logaddexp(0.0, background + SLOPE_FLOOR * margin)
        return hazard


def sigmoid(z: Floats) -> Floats:
    """The logistic function, without overflow."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def log_loss(log_odds: Floats, y: Floats) -> Floats:
    """The log loss of each row, shape (n,); ``y`` is 0 or 1, or a probability."""
    loss: Floats = np.logaddexp(0.0, log_odds) - y * log_odds
    return loss


def fit_calibration(margin: Floats, y: Floats, weight: Floats | None = None, offset: Floats | None = None) -> Calibration:
    """Platt scaling (Platt 1999) on held-out margins, with a penalty worth a few labels that shrinks the slope towards 1.

    Args:
        margin, y, weight: shape (n,); y is 0 or 1, or a probability.
        offset: log-odds, shape (n,), of effects outside the margin, such as the inspector; not part of the calibration.

    Returns:
        A calibration with a slope of at least 0.05, so uninformative margins give nearly equal probabilities in the same order.
    """
    weight = np.ones_like(margin) if weight is None else weight / weight.mean()
    offset = np.zeros_like(margin) if offset is None else offset
    design, centre, precision = np.column_stack([margin, np.ones_like(margin)]), np.array([1.0, 0.0]), PENALTY / np.array([1, 100])
    slope, intercept = fit_logistic(design, y, weight, offset, centre, precision)
    if slope < SLOPE_FLOOR:
        slope = SLOPE_FLOOR
        (intercept,) = fit_logistic(design[:, 1:], y, weight, offset + slope * margin, centre[1:], precision[1:])
    return Calibration(float(slope), float(intercept))


def fit_logistic(design: Floats, y: Floats, weight: Floats, offset: Floats, centre: Floats, precision: Floats) -> Floats:
    """Coefficients of a logistic regression with normal priors: the posterior mode, by Newton's method with halved steps.

    Args:
        design: shape (m, k).
        y, weight, offset: shape (m,); y is 0 or 1, or a probability; the offset is in log-odds.
        centre, precision: of the priors, shape (k,).
    """

    def loss(point: Floats) -> float:
        return float(weight @ log_loss(design @ point + offset, y) + 0.5 * precision @ (point - centre) ** 2)

    at = centre.copy()
    for _ in range(STEPS):
        p = sigmoid(design @ at + offset)
        gradient = design.T @ (weight * (p - y)) + precision * (at - centre)
        curvature = (design.T * (weight * p * (1 - p))) @ design + np.diag(precision)
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while size > 1e-8 and loss(at - size * step) > loss(at):
            size /= 2
        at = at - size * step
        if float(np.abs(size * step).max()) < 1e-10:
            break
    return at


def equal_groups(values: Floats, count: int) -> Ints:
    """Each row's group of about equal size, numbered from 0 in ascending order of the values, shape (n,).

    Equal values share the group of their middle row, so the order of rows does not matter and some groups may be empty.

    Args:
        values: finite, shape (n,).
        count: number of groups, 1 or more.
    """
    _, place, size = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(size) - size / 2
    of_value: Ints = np.minimum((middle * count / len(values)).astype(np.int64), count - 1)
    return of_value[place]
