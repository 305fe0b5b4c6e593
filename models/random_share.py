"""What a visit to anybody would find, where some were drawn at random and the others sent for reasons that no indicator shows.

Visits that were drawn at random speak of everybody, and they are few; the others are many, and speak of those that somebody had
noticed. So the many give the shape of what is learnt, and the few put right its level and slope (Kallus, Puli and Shalit 2018,
"Removing hidden confounding by experimental grounding"; Steyerberg et al. 2004, "Validation and updating of predictive regression
models: a study on sample size and shrinkage"). That is one regression over both: the log-odds of every visit are those of a visit
drawn at random, a function of two slopes of the margin, and what is added by why somebody was sent, a level and a slope a reason.
The added is normal around 0 (partial pooling; Gelman and Hill 2007, "Data Analysis Using Regression and Multilevel/Hierarchical
Models", chapter 12), so that the fewer were drawn at random, the more is believed of the others.

One slope would not do. Most of what is found are small faults, which anybody may have and the margin hardly tells; at its upper end
it tells those who are at it. Two slopes are beta calibration (Kull, Silva Filho and Flach 2017, "Beta calibration: a well-founded
and easily implemented improvement on logistic calibration for binary classifiers") about a point of the margin's own, not about 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.calibration import Calibration, prior, sigmoid, slopes, stated
from models.columns import Floats
from models.logistic import fit_logistic

RANDOM = "random"
"""Why somebody was visited whom a draw of known probability named."""
FEWEST = 5
"""With fewer than so many found, or clean, visits drawn at random, they are not asked."""
BENDS_AT = 0.9
"""The slope changes where this share of those drawn at random lies below."""
LEVEL_SPREAD, SLOPE_SPREAD = 1.5, 1.0
"""How far, in log-odds, reasons to be sent are held to differ from chance in level and in slope: standard deviations."""

OWN = 3
"""So many coefficients are those of a visit drawn at random."""

Texts = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Tilt:
    """What each visit counts so that, at each margin, all of them find what those drawn at random do.

    A visit that somebody was sent for counts the chance of its outcome at random over its chance as sent (an exponential tilt;
    Robins, Rotnitzky and Scharfstein 2000, "Sensitivity analysis for selection bias and unmeasured confounding").

    Attributes:
        count: what each counts before, shape (m,).
        sign: 1 where something was found, else -1, shape (m,).
        design: the regression's columns, those of a visit drawn at random first, shape (m, 3 + k).
        offset: log-odds, shape (m,).
        found: the coefficients, shape (3 + k,).
        root: a square root of their covariance, about their mode, shape (3 + k, 3 + k).
    """

    count: Floats
    sign: Floats
    design: Floats
    offset: Floats
    found: Floats
    root: Floats

    def weight(self) -> Floats:
        """What each visit counts, shape (m,)."""
        return self._at(self.found)

    def drawn(self, random: np.random.Generator) -> Floats:
        """What each would count had the coefficients come out otherwise: one draw of what is as likely, shape (m,)."""
        return self._at(self.found + self.root @ random.standard_normal(len(self.found)))

    def _at(self, found: Floats) -> Floats:
        as_drawn = self.sign * (self.design[:, :OWN] @ found[:OWN] + self.offset)
        as_sent = as_drawn + self.sign * (self.design[:, OWN:] @ found[OWN:])
        weight: Floats = self.count * np.exp(np.logaddexp(0.0, -as_sent) - np.logaddexp(0.0, -as_drawn))
        return weight


@dataclass(frozen=True)
class Grounded:
    """A calibration that speaks of everybody as far as it can.

    Attributes:
        calibration: from margins to what a visit drawn at random would find.
        weight: what each visit counts, shape (m,): as :class:`Tilt` has it, where something was drawn.
        tilt: where that comes from; None where nothing was drawn.
        odds: of each reason to be sent, times how much its visits' odds of finding something are those of a visit drawn at random,
            at the mean margin of those drawn; empty where nothing was drawn.
    """

    calibration: Calibration
    weight: Floats
    tilt: Tilt | None = None
    odds: Mapping[str, float] = field(default_factory=dict)


def speaks_of_all(y: Floats, reason: Texts) -> bool:
    """Whether enough visits of either outcome were drawn at random to be asked."""
    drawn = y[reason == RANDOM]
    return min(float(drawn.sum()), float((1 - drawn).sum())) >= FEWEST


def ground(margin: Floats, y: Floats, weight: Floats, reason: Texts, offset: Floats) -> Grounded:
    """Fit on rows that the margin's model had not seen.

    Args:
        margin, y: shape (m,); y is 0 or 1.
        weight: what each visit counts, shape (m,), read of those drawn at random alone: their probabilities are known. The others'
            are modelled, and of the margin and the reason; weighing by them would add noise and take no bias away.
        reason: why each was visited, shape (m,), :data:`RANDOM` among them.
        offset: log-odds that each outcome owes to who inspected, shape (m,).
    """
    drawn = reason == RANDOM
    count = np.where(drawn, weight / weight[drawn].mean(), 1.0)
    at, middle = float(np.quantile(margin[drawn], BENDS_AT)), float(np.average(margin[drawn], weights=count[drawn]))
    sent = np.unique(reason[~drawn])
    is_sent = (reason[:, None] == sent[None, :]).astype(np.float64)
    added = np.column_stack([is_sent, is_sent * (margin - middle)[:, None]])
    # Slopes turn about the middle, so that the prior of a slope says nothing of the level.
    base = slopes(margin, at) - np.array([0.0, middle, 0.0])
    centre, precision, least = prior(at)
    several = len(sent)
    design = np.column_stack([base, added])
    precision = np.concatenate([precision, np.repeat([1 / LEVEL_SPREAD**2, 1 / SLOPE_SPREAD**2], several)])
    found = fit_logistic(
        design, y, count, offset,
        centre=np.concatenate([centre, np.zeros(2 * several)]),
        precision=precision,
        least=np.concatenate([least, np.full(2 * several, -np.inf)]),
    )  # fmt: skip
    p = sigmoid(design @ found + offset)
    curvature = (design.T * (count * p * (1 - p))) @ design + np.diag(precision)
    tilt = Tilt(count, 2 * y - 1, design, offset, found, np.linalg.cholesky(np.linalg.inv(curvature)))
    calibration = stated(found[:OWN] - np.array([found[1] * middle, 0.0, 0.0]), at)
    odds = dict(zip(sent.tolist(), np.exp(found[OWN : OWN + several]).tolist(), strict=True))
    return Grounded(calibration, tilt.weight(), tilt, odds)
