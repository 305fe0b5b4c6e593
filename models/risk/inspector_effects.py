"""Inspector effects: inspectors differ in how often they find violations, which says nothing about the business.

Each inspector has an effect in log-odds from a normal distribution around 0 (a random intercept; Gelman and Hill 2007, "Data
Analysis Using Regression and Multilevel/Hierarchical Models", chapter 14). The margin is fitted with the effects as an offset, so
it is free of them; a probability is the mean over inspectors. No score depends on the inspector.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.foundation.inputs import Floats
from models.risk.calibration import sigmoid

ROUNDS = 50
STEPS = 20
LEAST_SPREAD = 1e-3
NOBODY = ""
"""An unknown inspector, with effect 0."""


@dataclass(frozen=True)
class InspectorEffects:
    """Effects by inspector; ``names`` ascending, ``effect`` in log-odds and ``share`` of the visits parallel to them.

    Attributes:
        spread: the standard deviation of effects among inspectors.
    """

    names: npt.NDArray[np.str_]
    effect: Floats
    share: Floats
    spread: float

    def offset(self, inspector: npt.NDArray[np.str_]) -> Floats:
        """The effect of each visit's inspector, shape (n,); 0 for an inspector not in ``names``."""
        if not len(self.names):
            return np.zeros(len(inspector))
        at = np.minimum(np.searchsorted(self.names, inspector), len(self.names) - 1)
        return np.where(self.names[at] == inspector, self.effect[at], 0.0)

    def averaged(self, margin: Floats) -> Floats:
        """Probabilities of shape (n,), each the mean over inspectors by their share of the visits."""
        total = np.zeros(len(margin))
        for effect, share in zip(self.effect, self.share, strict=True):
            total += share * sigmoid(margin + effect)
        return total + (1.0 - float(self.share.sum())) * sigmoid(margin)


def fit_effects(y: Floats, weight: Floats, inspector: npt.NDArray[np.str_], margin: Floats) -> InspectorEffects:
    """Estimate the effects for a given margin.

    Effects and spread alternate: each effect is the mode given the spread (Newton's method), the spread is the root mean of effect²
    plus its variance (expectation-maximisation with Laplace's approximation).

    Args:
        y, weight, margin: shape (n,); the margin is in log-odds, without the effects. The mean weight should be 1.
        inspector: of each visit, shape (n,); the empty text where unknown.
    """
    known = inspector != NOBODY
    names, group = np.unique(inspector[known], return_inverse=True)
    share = np.bincount(group, weight[known], minlength=len(names)) / weight.sum()
    if len(names) < 2:
        return InspectorEffects(names, np.zeros(len(names)), share, 0.0)
    y, weight, margin = y[known], weight[known], margin[known]
    effect, variance = np.zeros(len(names)), 1.0
    for _ in range(ROUNDS):
        for _ in range(STEPS):
            p = sigmoid(margin + effect[group])
            slope = np.bincount(group, weight * (y - p), minlength=len(names)) - effect / variance
            curve = np.bincount(group, weight * p * (1 - p), minlength=len(names)) + 1 / variance
            step = np.clip(slope / curve, -1.0, 1.0)
            effect = effect + step
            if float(np.abs(step).max()) < 1e-9:
                break
        before, variance = variance, max(float(np.mean(effect**2 + 1 / curve)), LEAST_SPREAD**2)
        if abs(variance - before) < 1e-6 * before:
            break
    return InspectorEffects(names, effect, share, float(np.sqrt(variance)))
