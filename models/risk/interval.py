"""Between which probabilities a margin's lies: Venn–Abers predictions over bootstrap samples of the held-out businesses.

A Venn–Abers predictor (Vovk & Petej 2014, "Venn-Abers predictors") adds the entity to the held-out visits, once as a clean one and
once as one that finds a violation, and fits isotonic regression each time: the two answers lie on either side of the share of
violations that belongs to the margin. One sample's answers do not tell how far another sample's would be from them, so they
are taken over samples of businesses drawn with replacement (Efron & Tibshirani 1993), and the interval reaches from a low quantile
of the lower answers to a high one of the upper. For an entity of which less is known (:mod:`models.risk.evidence`), samples have as
many fewer businesses: a quarter of the evidence, the interval that a quarter of the visits gives. Where weights are estimated
(:mod:`models.risk.selection_bias`), each sample has a draw of them, so that their doubt is in the interval.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.inputs import Floats, Ints
from models.risk.calibration import equal_groups

DRAWS = 200
GROUPS = 50
VISITS_A_GROUP = 10
EVIDENCE = (1.0, 1 / 2, 1 / 4, 1 / 8, 1 / 16)
"""The shares of evidence that intervals are made for, each half of the one before."""


@dataclass(frozen=True)
class IntervalPolicy:
    """How intervals are made.

    Attributes:
        level: the share of margins whose rate of violations the interval is to hold.
        fresh_days: an entity's newest record of at most this age is fresh.
        half_life_days: what is older counts half after so many days more.
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
        level: the share of margins whose rate of violations the interval is to hold, such as 0.9.
        margin: knots, strictly increasing, shape (k,).
        low, high: shape (5, k), a row a share of :data:`EVIDENCE`; rows never fall along the knots, and with less evidence ``low``
            never rises and ``high`` never falls.
    """

    level: float
    margin: Floats
    low: Floats
    high: Floats

    def __call__(self, margin: Floats, probability: Floats, evidence: Floats) -> tuple[Floats, Floats]:
        """The lower and upper end for each row, each of shape (n,), on either side of the probability.

        Between knots, and between shares of evidence on the scale of their logarithm, the ends are drawn straight; beyond the last
        knots they stay. For a given share of evidence both never fall as the margin rises.
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
    draws: int = DRAWS,
) -> Interval:
    """Fit on held-out visits; the order they come in changes nothing.

    Args:
        margin, y, weight: shape (n,); y is 0 or 1, weights are positive, up to a common factor. No visits give the interval from
            0 to 1.
        entity: each visit's business; visits of one are drawn together, since they are alike.
        level: above 0 and below 1.
        seed: of the draws.
        redraw: weights of shape (n,) as they could have come out too, where they are themselves estimated; drawn for each sample.
        draws: how many samples.
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

    def counted() -> Floats:
        if redraw is None:
            return weights
        drawn: Floats = redraw(random)[order]
        return drawn / float(drawn.mean())

    ends = [_ends(y, counted, group, business, len(knots), share, level, draws, random) for share in EVIDENCE]
    # Quantiles of what never falls never fall either, but for rounding.
    rising = [np.maximum.accumulate(np.array(tables), axis=1) for tables in zip(*ends, strict=True)]
    low, high = np.minimum.accumulate(rising[0], axis=0), np.maximum.accumulate(rising[1], axis=0)
    return Interval(level, knots, low, high)


def venn_abers(found: Floats, visits: Floats) -> tuple[Floats, Floats]:
    """The two answers for one more visit in each group, added as a clean one and as one that finds a violation.

    By the min-max form of isotonic regression (Robertson, Wright & Dykstra 1988): the answer at a group is the largest, over where
    a run of groups begins at or before it, of the smallest, over where it ends at or after it, of the run's share.

    Args:
        found, visits: shape (draws, k), the weighted violations and visits of each group, groups in order of their margin.

    Returns:
        The lower and the upper answer, each of shape (draws, k), never falling along the groups.
    """
    draws, k = found.shape
    sums = np.zeros((draws, k + 1)), np.zeros((draws, k + 1))
    for total, part in zip(sums, (found, visits), strict=True):
        np.cumsum(part, axis=1, out=total[:, 1:])
    low, high = np.empty((draws, k)), np.empty((draws, k))
    for at in range(k):
        run_found, run_visits = (total[:, None, at + 1 :] - total[:, : at + 1, None] for total in sums)
        for added, answer in ((0.0, low), (1.0, high)):
            answer[:, at] = ((run_found + added) / (run_visits + 1.0)).min(axis=2).max(axis=1)
    # Sums of rounded numbers: a visit's share may be a last digit beyond what it can be.
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)


def _groups(margin: Floats) -> tuple[Ints, Floats]:
    """Each visit's group, of about equal size in order of the margin, equal margins together; and each group's middle margin.

    The margins are in rising order.
    """
    if not len(margin):
        return np.zeros(0, dtype=np.int64), np.zeros(1)
    count = max(min(GROUPS, len(margin) // VISITS_A_GROUP), 1)
    _, group = np.unique(equal_groups(margin, count), return_inverse=True)
    counts = np.bincount(group)
    # A margin that is there, not a mean: of margins a last digit apart two means may be equal.
    return group.astype(np.int64), margin[np.cumsum(counts) - counts + (counts - 1) // 2]


def _ends(
    y: Floats,
    counted: Callable[[], Floats],
    group: Ints,
    business: Ints,
    k: int,
    share: float,
    level: float,
    draws: int,
    random: np.random.Generator,
) -> tuple[Floats, Floats]:
    """The interval's ends at each knot, from samples of that share of the businesses."""
    businesses = int(business.max(initial=-1)) + 1
    found, visits = np.zeros((draws, k)), np.zeros((draws, k))
    drawn_each = max(round(businesses * share), 1) if businesses else 0
    for draw in range(draws if businesses else 0):
        times = np.bincount(random.integers(0, businesses, drawn_each), minlength=businesses)[business] * counted()
        visits[draw] = np.bincount(group, weights=times, minlength=k)
        found[draw] = np.bincount(group, weights=times * y, minlength=k)
    low, high = venn_abers(found, visits)
    tail = (1 - level) / 2
    return np.quantile(low, tail, axis=0), np.quantile(high, 1 - tail, axis=0)
