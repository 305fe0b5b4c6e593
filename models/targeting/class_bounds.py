"""Where each class begins, in credit points: at a multiple of the base rate, or at a share of the population.

A model stores the base rate and the credit points of its training population, so a policy may change without a new training, and a
day can be scored in parts: between two trainings the bounds stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from expectations.contracts.scoring import MARGIN, PROBABILITY
from models.foundation.inputs import Floats, Ints
from models.risk.credit import CLASSES, begins_at, credit_points
from models.risk.selection_bias import RANDOM, Texts, is_representative
from models.statistics.proportions import wilson

SHARES, MULTIPLES = "shares", "multiples"
QUANTILES = 1000


@dataclass(frozen=True)
class BaseRate:
    """The share of visits that find a violation.

    Attributes:
        rate, low, high: the weighted share with its 95 % interval.
        visits, found: the visits that it is estimated from.
        is_drawn: whether these were drawn at random; else they are all visits, and targeted ones find more.
    """

    rate: float
    low: float
    high: float
    visits: int
    found: int
    is_drawn: bool


@dataclass(frozen=True)
class ClassScale:
    """What a model knows of the scale of its scores.

    Attributes:
        base_rate: None without a visit.
        points: quantiles of the population's credit points, ascending, shape (1001,).
        has_probability: whether the points come from probabilities; else from a rule's margin.
    """

    base_rate: BaseRate | None
    points: tuple[int, ...]
    has_probability: bool


@dataclass(frozen=True)
class ClassPolicy:
    """Settings of the classes.

    Attributes:
        by: :data:`SHARES`: the riskiest share of the population in each class; or :data:`MULTIPLES`: each class begins at that many
            times the base rate.
        begins: for each class but the best, that share or multiple.
        leave_points: a class is left for a better one only by so many points more than its bound.
        ordinary: the class to prefer in doubt.
    """

    by: str
    begins: Mapping[str, float]
    leave_points: int
    ordinary: str


@dataclass(frozen=True)
class ClassBounds:
    """The bounds of a policy on a model's scale.

    Attributes:
        lowest: the lowest credit points of each class; 0 of the worst.
    """

    policy: ClassPolicy
    lowest: Mapping[str, int] = field(hash=False)

    @property
    def ordinary(self) -> int:
        """The rank of the ordinary class, 0 for the worst."""
        return CLASSES.index(self.policy.ordinary)

    def ranks(self, points: Ints) -> Ints:
        """The rank of the class of each number of points, shape (n,), 0 for the worst."""
        lowest = [self.lowest[name] for name in CLASSES]
        return np.searchsorted(lowest, np.asarray(points), side="right").astype(np.int64) - 1

    def facts(self) -> dict[str, Any]:
        """The policy, the bounds, and where each class starts in points and as a probability, for a run's manifest."""
        places = {name: begins_at(self.lowest, name) for name in CLASSES}
        starts = {name: {"points": points, "chance": chance} for name, (points, chance) in places.items()}
        return {**asdict(self.policy), "lowest": dict(self.lowest), "starts": starts}


def base_rate(y: Floats, weight: Floats, reason: Texts) -> BaseRate | None:
    """Estimate from random visits where enough of either outcome are known, so that probabilities are calibrated to them; else from
    all.

    Args:
        y, weight, reason: outcome, label weight and reason of each visit, shape (m,).
    """
    if not len(y):
        return None
    is_drawn = is_representative(y, reason)
    rows = reason == RANDOM if is_drawn else np.full(len(y), True)
    rate = float(np.average(y[rows], weights=weight[rows]))
    size = float(weight[rows].sum() ** 2 / (weight[rows] @ weight[rows]))
    return BaseRate(rate, *wilson(rate * size, size), int(rows.sum()), int(y[rows].sum()), is_drawn)


def class_scale(scores: pd.DataFrame, rate: BaseRate | None) -> ClassScale:
    """The scale from the scores of a population (:meth:`models.risk_model.RiskModel.score`)."""
    margin, probability = (scores[name].to_numpy(dtype=np.float64) for name in (MARGIN, PROBABILITY))
    points = credit_points(margin, probability)
    quantiles = np.quantile(points, np.arange(QUANTILES + 1) / QUANTILES, method="lower")
    return ClassScale(rate, tuple(quantiles.tolist()), not np.isnan(probability).any())


def class_bounds(policy: ClassPolicy, scale: ClassScale | None) -> ClassBounds | None:
    """The bounds of a policy; None for an earlier version's model, and for multiples without a probability."""
    if scale is None or (policy.by == MULTIPLES and not (scale.has_probability and scale.base_rate)):
        return None
    lowest, below = {CLASSES[0]: 0}, 0.0
    for worse, name in pairwise(CLASSES):
        begins = policy.begins[worse]
        if policy.by == SHARES:
            below += begins
            bound = scale.points[min(round(below * QUANTILES), QUANTILES)]
            # Of equal points on the bound, all are in the class that is nearer to the ordinary one.
            bound += CLASSES.index(worse) >= CLASSES.index(policy.ordinary)
        else:
            assert scale.base_rate is not None
            chance = begins * scale.base_rate.rate
            bound = int(credit_points(np.zeros(1), np.array([chance]))[0]) + 1 if chance < 1 else 0
        lowest[name] = max(bound, lowest[worse])
    return ClassBounds(policy, lowest)
