"""What a visit to anybody would find, where some were drawn at random and the others sent for reasons that no indicator shows.

Visits that were drawn at random speak of everybody, and they are few; the others are many, and speak of those that somebody had
noticed. So the many give the shape of what is learnt, and the few put right its level (Kallus, Puli and Shalit 2018, "Removing
hidden confounding by experimental grounding"; Steyerberg et al. 2004, "Validation and updating of predictive regression models: a
study on sample size and shrinkage"). That is one regression over both, of two causes that compete (noisy or; Pearl 1988):

- the background, what visits find anywhere: small faults that anybody may have and the margin hardly tells;
- what the margin tells. Who is sent because something was noticed is sent to those who are at it, whatever their indicators say:
  draws by outcome, which add a constant to the log-odds (Prentice and Pyke 1979, "Logistic disease incidence models and
  case-control studies"). Each reason to be sent has its own.

One logistic function would not do: straight in log-odds over the many small faults, it promises too little of those at it.
What a reason adds is normal around 0 (partial pooling; Gelman and Hill 2007, "Data Analysis Using Regression and
Multilevel/Hierarchical Models", chapter 12): the fewer were drawn at random, the more is believed of the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from models.inputs import Floats
from models.risk.calibration import SLOPE_FLOOR, Calibration, sigmoid

RANDOM = "random"
"""Why somebody was visited whom a draw of known probability named."""
FEWEST = 5
"""With fewer than so many found, or clean, visits drawn at random, they are not asked."""
SENT_SPREAD, BACKGROUND_SPREAD = 1.5, 0.3
"""How far, in log-odds, reasons to be sent are held to differ from chance in what the margin tells and in the background: standard
deviations."""
SLOPE_SPREAD = 1.0
"""And how far the slope from 1."""
LEVEL_SPREAD = 10.0
"""Of the two levels next to nothing is held before."""
START = -3.0

Texts = npt.NDArray[np.str_]


@dataclass(frozen=True)
class SelectionReasons:
    """The regression's columns and coefficients, in the order of :func:`calibrate_selection_bias`'s two causes.

    Attributes:
        background, told: the columns of either cause, shapes (m, 1 + k) and (m, 2 + k): a level, or a slope and a level, and an
            indicator of each reason to be sent.
        rising: what else the background has in log-odds, shape (m,).
        offset: log-odds that each outcome owes to who inspected, shape (m,).
    """

    background: Floats
    told: Floats
    rising: Floats
    offset: Floats

    def log_odds(self, found: Floats, *, as_drawn: bool = False) -> tuple[Floats, Floats]:
        """The log-odds of either cause, each of shape (m,); all as if drawn at random, if asked."""
        background, told = found[: self.background.shape[1]].copy(), found[self.background.shape[1] :].copy()
        if as_drawn:
            background[1:], told[2:] = 0.0, 0.0
        return self.background @ background + self.rising + self.offset, self.told @ told + self.offset

    def hazard(self, found: Floats, *, as_drawn: bool = False) -> Floats:
        """The negative logarithm of the probability that a visit finds nothing, shape (m,)."""
        background, told = self.log_odds(found, as_drawn=as_drawn)
        hazard: Floats = np.logaddexp(0.0, background) + np.logaddexp(0.0, told)
        return hazard

    def slopes(self, found: Floats) -> Floats:
        """How the hazard moves with each coefficient, shape (m, 3 + 2k)."""
        background, told = self.log_odds(found)
        return np.hstack([self.background * sigmoid(background)[:, None], self.told * sigmoid(told)[:, None]])


@dataclass(frozen=True)
class Tilt:
    """What each visit counts so that, at each margin, all of them find what those drawn at random do.

    A visit that somebody was sent for counts the chance of its outcome at random over its chance as sent (an exponential tilt;
    Robins, Rotnitzky and Scharfstein 2000, "Sensitivity analysis for selection bias and unmeasured confounding").

    Attributes:
        count: what each counts before, shape (m,).
        y: whether each found something, shape (m,).
        causes: what its chances are made of.
        found: the coefficients, shape (3 + 2k,).
        root: a square root of their covariance, shape (3 + 2k, 3 + 2k).
    """

    count: Floats
    y: Floats
    causes: SelectionReasons
    found: Floats
    root: Floats

    def weight(self) -> Floats:
        """What each visit counts, shape (m,)."""
        return self._at(self.found)

    def drawn(self, random: np.random.Generator) -> Floats:
        """What each would count had the coefficients come out otherwise: one draw of what is as likely, shape (m,)."""
        return self._at(self.found + self.root @ random.standard_normal(len(self.found)))

    def _at(self, found: Floats) -> Floats:
        as_drawn, as_sent = self.causes.hazard(found, as_drawn=True), self.causes.hazard(found)
        weight: Floats = self.count * np.where(self.y > 0, np.expm1(-as_drawn) / np.expm1(-as_sent), np.exp(as_sent - as_drawn))
        return weight


@dataclass(frozen=True)
class SelectionBiasCalibration:
    """A calibration that speaks of everybody as far as it can.

    Attributes:
        calibration: from margins to what a visit drawn at random would find.
        weight: what each visit counts, shape (m,): as :class:`Tilt` has it, where something was drawn.
        tilt: where that comes from; None where nothing was drawn.
        odds: of each reason to be sent, how many times as high as of a visit drawn at random the odds of what the margin tells are;
            empty where nothing was drawn.
    """

    calibration: Calibration
    weight: Floats
    tilt: Tilt | None = None
    odds: Mapping[str, float] = field(default_factory=dict)


def is_representative(y: Floats, reason: Texts) -> bool:
    """Whether enough visits of either outcome were drawn at random to be asked."""
    drawn = y[reason == RANDOM]
    return min(float(drawn.sum()), float((1 - drawn).sum())) >= FEWEST


def calibrate_selection_bias(margin: Floats, y: Floats, weight: Floats, reason: Texts, offset: Floats) -> SelectionBiasCalibration:
    """Fit on rows that the margin's model had not seen.

    Args:
        margin, y: shape (m,); y is 0 or 1, or where all are :data:`RANDOM` a probability.
        weight: what each visit counts, shape (m,), read of those drawn at random alone: their probabilities are known. The others'
            are modelled, and of the margin and the reason; weighing by them would add noise and take no bias away.
        reason: why each was visited, shape (m,), :data:`RANDOM` among them.
        offset: log-odds that each outcome owes to who inspected, shape (m,).
    """
    drawn = reason == RANDOM
    count = np.where(drawn, weight / weight[drawn].mean(), 1.0)
    sent = np.unique(reason[~drawn])
    is_sent = (reason[:, None] == sent[None, :]).astype(np.float64)
    # The slope turns about a margin that is there, so that its prior says nothing of the level.
    middle = float(np.average(margin[drawn], weights=count[drawn]))
    ones, k = np.ones(len(margin)), len(sent)
    causes = SelectionReasons(
        np.column_stack([ones, is_sent]), np.column_stack([margin - middle, ones, is_sent]), SLOPE_FLOOR * margin, offset
    )
    centre = np.concatenate([np.zeros(1 + k), [1.0], np.zeros(1 + k)])
    spread = np.concatenate([[LEVEL_SPREAD], np.full(k, BACKGROUND_SPREAD), [SLOPE_SPREAD, LEVEL_SPREAD], np.full(k, SENT_SPREAD)])
    found = _mode(causes, y, count, centre, spread)
    slope, level = float(found[1 + k]), float(found[2 + k])
    tilt = Tilt(count, y, causes, found, _root(causes, count, found, spread))
    odds = dict(zip(sent.tolist(), np.exp(found[3 + k :]).tolist(), strict=True))
    return SelectionBiasCalibration(Calibration(slope, level - slope * middle, float(found[0])), tilt.weight(), tilt, odds)


def _mode(causes: SelectionReasons, y: Floats, count: Floats, centre: Floats, spread: Floats) -> Floats:
    """The likeliest coefficients, the slope at least 0.05."""
    slope_at = causes.background.shape[1]

    def loss(found: Floats) -> tuple[float, Floats]:
        hazard, away = causes.hazard(found), (found - centre) / spread
        something = np.maximum(-np.expm1(-hazard), np.finfo(np.float64).tiny)
        value = count @ (hazard * (1 - y) - y * np.log(something)) + 0.5 * away @ away
        by_hazard = count * (1 - y / something)
        return float(value), causes.slopes(found).T @ by_hazard + away / spread

    start = centre.copy()
    start[[0, slope_at + 1]] = START
    bounds = [(SLOPE_FLOOR if at == slope_at else None, None) for at in range(len(centre))]
    options = {"maxiter": 5000, "maxfun": 10_000, "ftol": 1e-13, "gtol": 1e-8}
    found: Floats = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    return found


def _root(causes: SelectionReasons, count: Floats, found: Floats, spread: Floats) -> Floats:
    """A square root of the coefficients' covariance, by the information expected at the mode and that of the priors."""
    slopes, hazard = causes.slopes(found), causes.hazard(found)
    # Of one visit (dp)² / p(1 - p), and p = 1 - exp(-hazard).
    expected = count / np.expm1(hazard)
    information = (slopes.T * expected) @ slopes + np.diag(spread**-2.0)
    root: Floats = np.linalg.cholesky(np.linalg.inv(information))
    return root
