"""Intervals of probabilities: Venn–Abers predictions over bootstrap samples of the held-out businesses.

A Venn–Abers predictor (Vovk & Petej 2014, "Venn-Abers predictors") adds the entity to the held-out visits, once without and once
with a violation, and fits isotonic regression each time. Both predictions are computed on bootstrap samples of businesses (Efron &
Tibshirani 1993); the interval spans from a low quantile of the lower ones to a high quantile of the upper ones. An entity with less
evidence (:mod:`models.evidence.evidence`) gets proportionally smaller samples. Where weights are estimated
(:mod:`models.risk.selection_bias`), each sample draws new ones, so the interval includes their uncertainty.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.foundation.inputs import Floats, Ints
from models.risk.calibration import equal_groups

RESAMPLES = 200
GROUPS = 50
VISITS_A_GROUP = 10
EVIDENCE = (1.0, 1 / 2, 1 / 4, 1 / 8, 1 / 16)
"""The shares of evidence with a stored interval, each half of the one before."""


@dataclass(frozen=True)
class IntervalPolicy:
    """Settings of the interval.

    Attributes:
        level: the share of margins whose violation rate the interval should cover.
        fresh_days: age up to which an entity's newest record counts fully.
        half_life_days: the evidence halves with each further so many days.
    """

    level: float = 0.9
    fresh_days: float = 92.0
    half_life_days: float = 365.0

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise ValueError(f"level is {self.level!r} and must be above 0 and below 1")
        if not (self.fresh_days >= 0 and self.half_life_days > 0):
            raise ValueError(
                f"fresh_days must be 0 or more and half_life_days above 0, not {self.fresh_days} and {self.half_life_days}"
            )


USUAL = IntervalPolicy()


@dataclass(frozen=True)
class Interval:
    """The interval of each margin.

    Attributes:
        level: the share of margins whose violation rate the interval should cover.
        margin: knots, strictly increasing, shape (k,).
        low, high: shape (5, k), one row for each of :data:`EVIDENCE`. A row never falls from one knot to the next, and with less
            evidence ``low`` never rises and ``high`` never falls.
    """

    level: float
    margin: Floats
    low: Floats
    high: Floats

    def __call__(self, margin: Floats, probability: Floats, evidence: Floats) -> tuple[Floats, Floats]:
        """The lower and the upper end for each row, each of shape (n,), on either side of the probability.

        Ends are interpolated linearly between knots and in the logarithm of the evidence, and constant beyond the last knots. For
        equal evidence both never fall as the margin rises.
        """
        halvings = np.clip(-np.log2(np.asarray(evidence, dtype=np.float64)), 0.0, len(EVIDENCE) - 1.0)
        below = np.minimum(halvings.astype(np.int64), len(EVIDENCE) - 2)
        part = halvings - below
        ends = []
        for table in (self.low, self.high):
            at_knots = np.array([np.interp(margin, self.margin, row) for row in table])
            rows = np.arange(len(margin))
            ends.append((1.0 - part) * at_knots[below, rows] + part * at_knots[below + 1, rows])
        low, high = ends
        return np.minimum(low, probability), np.maximum(high, probability)


def fit_interval(
    margin: Floats,
    y: Floats,
    entity: npt.ArrayLike,
    *,
    level: float,
    seed: int,
    weight: Floats | None = None,
    redraw: Callable[[np.random.Generator], Floats] | None = None,
    resamples: int = RESAMPLES,
) -> Interval:
    """Fit on held-out visits; their order does not matter.

    Args:
        margin, y, weight: shape (n,); y is 0 or 1, weights are positive, up to a common factor. No visits give the interval from
            0 to 1.
        entity: each visit's business; visits of one business are resampled together.
        level: above 0 and below 1.
        redraw: draws new estimated weights, shape (n,), once for each resample.
    """
    names = np.asarray(entity, dtype=object).astype(str)
    weights = np.ones(len(margin)) if weight is None else np.asarray(weight, dtype=np.float64)
    order = np.lexsort((weights, y, names, margin))
    margin, y, names, weights = margin[order], y[order], names[order], weights[order]
    if len(margin):
        weights = weights / weights.mean()
    group, knots = _groups(margin)
    _, business = np.unique(names, return_inverse=True)
    random = np.random.default_rng([seed, len(margin)])

    def draw_weights() -> Floats:
        if redraw is None:
            return weights
        drawn: Floats = redraw(random)[order]
        return drawn / float(drawn.mean())

    ends = [_ends(y, draw_weights, group, business, len(knots), share, level, resamples, random) for share in EVIDENCE]
    # Quantiles of non-decreasing rows are non-decreasing, but for rounding.
    rising = [np.maximum.accumulate(np.array(tables), axis=1) for tables in zip(*ends, strict=True)]
    low, high = np.minimum.accumulate(rising[0], axis=0), np.maximum.accumulate(rising[1], axis=0)
    return Interval(level, knots, low, high)


def venn_abers(found: Floats, visits: Floats) -> tuple[Floats, Floats]:
    """The two predictions for one more visit in each group, added without and with a violation.

    Uses the min-max form of isotonic regression (Robertson, Wright & Dykstra 1988): the prediction at a group is the maximum over
    starts at or before it of the minimum over ends at or after it of the run's share.

    Args:
        found, visits: shape (resamples, k), the weighted violations and visits of each group in ascending order of margin.

    Returns:
        The lower and the upper prediction, each of shape (resamples, k), non-decreasing along the groups.
    """
    resamples, k = found.shape
    sums = np.zeros((resamples, k + 1)), np.zeros((resamples, k + 1))
    for total, part in zip(sums, (found, visits), strict=True):
        np.cumsum(part, axis=1, out=total[:, 1:])
    low, high = np.empty((resamples, k)), np.empty((resamples, k))
    for at in range(k):
        run_found, run_visits = (total[:, None, at + 1 :] - total[:, : at + 1, None] for total in sums)
        for added, prediction in ((0.0, low), (1.0, high)):
            prediction[:, at] = ((run_found + added) / (run_visits + 1.0)).min(axis=2).max(axis=1)
    # Rounding may put a share slightly outside [0, 1].
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)


def _groups(margin: Floats) -> tuple[Ints, Floats]:
    """Each visit's group of about equal size, equal margins together, and each group's median margin; margins ascend."""
    if not len(margin):
        return np.zeros(0, dtype=np.int64), np.zeros(1)
    count = max(min(GROUPS, len(margin) // VISITS_A_GROUP), 1)
    _, group = np.unique(equal_groups(margin, count), return_inverse=True)
    counts = np.bincount(group)
    # Use an existing margin, not a mean: means of nearly equal margins may coincide.
    return group.astype(np.int64), margin[np.cumsum(counts) - counts + (counts - 1) // 2]


def _ends(
    y: Floats,
    draw_weights: Callable[[], Floats],
    group: Ints,
    business: Ints,
    k: int,
    share: float,
    level: float,
    resamples: int,
    random: np.random.Generator,
) -> tuple[Floats, Floats]:
    """The interval's ends at each knot, from samples of that share of the businesses."""
    businesses = int(business.max(initial=-1)) + 1
    found, visits = np.zeros((resamples, k)), np.zeros((resamples, k))
    sample_size = max(round(businesses * share), 1) if businesses else 0
    for draw in range(resamples if businesses else 0):
        times = np.bincount(random.integers(0, businesses, sample_size), minlength=businesses)[business] * draw_weights()
        visits[draw] = np.bincount(group, weights=times, minlength=k)
        found[draw] = np.bincount(group, weights=times * y, minlength=k)
    low, high = venn_abers(found, visits)
    tail = (1 - level) / 2
    return np.quantile(low, tail, axis=0), np.quantile(high, 1 - tail, axis=0)
