"""Calibration for selection bias: visits drawn at random represent everybody, targeted visits followed what somebody noticed.

All visits shape the margin, and the few random ones correct its level (Kallus, Puli and Shalit 2018, "Removing hidden confounding
by experimental grounding"; Steyerberg et al. 2004, "Validation and updating of predictive regression models"). This is one
regression over both, with two competing causes (noisy or; Pearl 1988):

- the background: small faults that any visit may find and that the margin hardly predicts;
- the signal, which the margin predicts. Targeted visits sample by outcome, which adds a constant to the log-odds for each reason of
  a visit (Prentice and Pyke 1979, "Logistic disease incidence models and case-control studies").

The effects of reasons are normal around 0 (partial pooling; Gelman and Hill 2007, "Data Analysis Using Regression and
Multilevel/Hierarchical Models", chapter 12): the fewer random visits, the more the targeted ones count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from models.foundation.inputs import Floats
from models.risk.calibration import SLOPE_FLOOR, Calibration, sigmoid

RANDOM = "random"
"""The reason of a visit drawn with a known probability."""
FEWEST = 5
"""Random visits are used only with at least so many of either outcome."""
SENT_SPREAD, BACKGROUND_SPREAD = 1.5, 0.3
"""Prior standard deviations, in log-odds, of the reasons' effects on the signal and on the background."""
SLOPE_SPREAD = 1.0
"""Prior standard deviation of the slope around 1."""
LEVEL_SPREAD = 10.0
"""Prior standard deviation of both levels: nearly uninformative."""
START = -3.0

Texts = npt.NDArray[np.str_]


@dataclass(frozen=True)
class SelectionReasons:
    """Design matrices of the regression; coefficients are in the order background, signal.

    Attributes:
        background, signal: columns of each cause, shapes (m, 1 + k) and (m, 2 + k): a level, or a slope and a level, and an
            indicator for each of k reasons of targeted visits.
        rising: the background's fixed slope times the margin, shape (m,).
        offset: inspector effects in log-odds, shape (m,).
    """

    background: Floats
    signal: Floats
    rising: Floats
    offset: Floats

    def log_odds(self, coefficients: Floats, *, as_drawn: bool = False) -> tuple[Floats, Floats]:
        """The log-odds of each cause, each of shape (m,); with ``as_drawn`` as if all visits were random."""
        split = self.background.shape[1]
        background, signal = coefficients[:split].copy(), coefficients[split:].copy()
        if as_drawn:
            background[1:], signal[2:] = 0.0, 0.0
        return self.background @ background + self.rising + self.offset, self.signal @ signal + self.offset

    def hazard(self, coefficients: Floats, *, as_drawn: bool = False) -> Floats:
        """The negative logarithm of the probability that a visit finds nothing, shape (m,)."""
        background, signal = self.log_odds(coefficients, as_drawn=as_drawn)
        hazard: Floats = np.logaddexp(0.0, background) + np.logaddexp(0.0, signal)
        return hazard

    def slopes(self, coefficients: Floats) -> Floats:
        """The hazard's derivative by each coefficient, shape (m, 3 + 2k)."""
        background, signal = self.log_odds(coefficients)
        return np.hstack([self.background * sigmoid(background)[:, None], self.signal * sigmoid(signal)[:, None]])


@dataclass(frozen=True)
class Tilt:
    """Weights with which all visits, at each margin, find what random visits find.

    A targeted visit weighs the probability of its outcome as a random visit over that as a targeted one (an exponential tilt;
    Robins, Rotnitzky and Scharfstein 2000, "Sensitivity analysis for selection bias and unmeasured confounding").

    Attributes:
        count: weights before the tilt, shape (m,).
        y: outcomes, shape (m,).
        causes: the regression.
        coefficients: shape (3 + 2k,).
        root: a square root of their covariance, shape (3 + 2k, 3 + 2k).
    """

    count: Floats
    y: Floats
    causes: SelectionReasons
    coefficients: Floats
    root: Floats

    def weight(self) -> Floats:
        """The weight of each visit, shape (m,)."""
        return self._at(self.coefficients)

    def drawn(self, random: np.random.Generator) -> Floats:
        """The weights under one draw of the coefficients from their distribution, shape (m,)."""
        return self._at(self.coefficients + self.root @ random.standard_normal(len(self.coefficients)))

    def _at(self, coefficients: Floats) -> Floats:
        as_drawn, as_sent = self.causes.hazard(coefficients, as_drawn=True), self.causes.hazard(coefficients)
        weight: Floats = self.count * np.where(self.y > 0, np.expm1(-as_drawn) / np.expm1(-as_sent), np.exp(as_sent - as_drawn))
        return weight


@dataclass(frozen=True)
class SelectionBiasCalibration:
    """A calibration for all entities, as far as random visits allow.

    Attributes:
        calibration: from margins to the outcome of a random visit.
        weight: of each visit, shape (m,): as in :class:`Tilt`, where there are random visits.
        tilt: None where there are too few random visits.
        odds: for each reason of targeted visits, the odds ratio of the signal to that of a random visit.
    """

    calibration: Calibration
    weight: Floats
    tilt: Tilt | None = None
    odds: Mapping[str, float] = field(default_factory=dict)


def is_representative(y: Floats, reason: Texts) -> bool:
    """Whether there are enough random visits of either outcome."""
    drawn = y[reason == RANDOM]
    return min(float(drawn.sum()), float((1 - drawn).sum())) >= FEWEST


def calibrate_selection_bias(margin: Floats, y: Floats, weight: Floats, reason: Texts, offset: Floats) -> SelectionBiasCalibration:
    """Fit on held-out rows.

    Args:
        margin, y: shape (m,); y is 0 or 1, or a probability where all reasons are :data:`RANDOM`.
        weight: shape (m,); used only for random visits, whose probabilities are known. The others' are modelled from the margin and
            the reason; weighting by them would add noise and remove no bias.
        reason: why each was visited, shape (m,), :data:`RANDOM` among them.
        offset: inspector effects in log-odds, shape (m,).
    """
    drawn = reason == RANDOM
    count = np.where(drawn, weight / weight[drawn].mean(), 1.0)
    sent = np.unique(reason[~drawn])
    is_sent = (reason[:, None] == sent[None, :]).astype(np.float64)
    # Centre the margin, so that the prior of the slope says nothing about the level.
    middle = float(np.average(margin[drawn], weights=count[drawn]))
    ones, k = np.ones(len(margin)), len(sent)
    causes = SelectionReasons(
        np.column_stack([ones, is_sent]), np.column_stack([margin - middle, ones, is_sent]), SLOPE_FLOOR * margin, offset
    )
    centre = np.concatenate([np.zeros(1 + k), [1.0], np.zeros(1 + k)])
    spread = np.concatenate([[LEVEL_SPREAD], np.full(k, BACKGROUND_SPREAD), [SLOPE_SPREAD, LEVEL_SPREAD], np.full(k, SENT_SPREAD)])
    coefficients = _mode(causes, y, count, centre, spread)
    slope, level = float(coefficients[1 + k]), float(coefficients[2 + k])
    tilt = Tilt(count, y, causes, coefficients, _root(causes, count, coefficients, spread))
    odds = dict(zip(sent.tolist(), np.exp(coefficients[3 + k :]).tolist(), strict=True))
    calibration = Calibration(slope, level - slope * middle, float(coefficients[0]))
    return SelectionBiasCalibration(calibration, tilt.weight(), tilt, odds)


def _mode(causes: SelectionReasons, y: Floats, count: Floats, centre: Floats, spread: Floats) -> Floats:
    """The posterior mode of the coefficients, the slope at least 0.05."""
    slope_at = causes.background.shape[1]

    def loss(coefficients: Floats) -> tuple[float, Floats]:
        hazard, away = causes.hazard(coefficients), (coefficients - centre) / spread
        something = np.maximum(-np.expm1(-hazard), np.finfo(np.float64).tiny)
        value = count @ (hazard * (1 - y) - y * np.log(something)) + 0.5 * away @ away
        by_hazard = count * (1 - y / something)
        return float(value), causes.slopes(coefficients).T @ by_hazard + away / spread

    start = centre.copy()
    start[[0, slope_at + 1]] = START
    bounds = [(SLOPE_FLOOR if at == slope_at else None, None) for at in range(len(centre))]
    options = {"maxiter": 5000, "maxfun": 10_000, "ftol": 1e-13, "gtol": 1e-8}
    mode: Floats = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    return mode


def _root(causes: SelectionReasons, count: Floats, coefficients: Floats, spread: Floats) -> Floats:
    """A square root of the coefficients' covariance, from the expected information at the mode plus that of the priors."""
    slopes, hazard = causes.slopes(coefficients), causes.hazard(coefficients)
    # The information of one visit is (dp)² / p(1 - p) with p = 1 - exp(-hazard).
    expected = count / np.expm1(hazard)
    information = (slopes.T * expected) @ slopes + np.diag(spread**-2.0)
    root: Floats = np.linalg.cholesky(np.linalg.inv(information))
    return root
