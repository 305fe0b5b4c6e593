"""Logistic regression with a prior for each coefficient: its middle, how firmly it is held, and what it may not be below."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.columns import Floats

STEPS = 100
CLOSE = 1e-10


def fit_logistic(
    design: Floats, y: Floats, weight: Floats, offset: Floats, *, centre: Floats, precision: Floats, least: Floats
) -> Floats:
    """The mode of the coefficients, each normal around its centre, by Newton's method with halved steps.

    A coefficient that would fall below its bound is put there, and the others are found again beside it.

    Args:
        design: shape (n, k).
        y: 0, 1 or a probability, shape (n,).
        weight: what each row counts, shape (n,).
        offset: log-odds that each outcome owes to something else, shape (n,).
        centre, precision: of each coefficient's prior, shape (k,); a precision is one over the variance, above 0.
        least: each coefficient's bound, shape (k,); -inf for none.

    Returns:
        The coefficients, shape (k,).
    """
    at, free = np.maximum(centre, least), np.ones(len(centre), dtype=bool)
    while True:
        at = _newton(design, y, weight, offset, centre, precision, at, free)
        below = free & (at < least)
        if not below.any():
            return at
        at, free = np.where(below, least, at), free & ~below


def _newton(
    design: Floats,
    y: Floats,
    weight: Floats,
    offset: Floats,
    centre: Floats,
    precision: Floats,
    at: Floats,
    free: npt.NDArray[np.bool_],
) -> Floats:
    """Minimise the penalised log loss over the free coefficients."""

    def loss(point: Floats) -> float:
        z = design @ point + offset
        return float(weight @ (np.logaddexp(0.0, z) - y * z) + 0.5 * precision @ (point - centre) ** 2)

    for _ in range(STEPS):
        z = design @ at + offset
        p = np.exp(-np.logaddexp(0.0, -z))
        gradient = (design.T @ (weight * (p - y)) + precision * (at - centre))[free]
        curvature = ((design.T * (weight * p * (1 - p))) @ design + np.diag(precision))[np.ix_(free, free)]
        step = np.zeros(len(at))
        step[free] = np.linalg.solve(curvature, gradient)
        size = 1.0
        while size > 1e-8 and loss(at - size * step) > loss(at):
            size /= 2
        at = at - size * step
        if float(np.abs(size * step).max()) < CLOSE:
            break
    return at
