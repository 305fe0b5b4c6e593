"""Class stability: the class of each entity from its points, its class before, and the families of indicators that agree.

- *Enter and leave.* A class is entered at its bound, and left for a better one only beyond a second bound, so that nobody moves
  back and forth. After a visit that found no violation, a verified correction, it is left at its bound.
- *In doubt, the ordinary class.* A better class is given only if even the unfavourable end of the probability's interval is not
  worse than the ordinary one.
- *Families that agree.* A class worse than the ordinary one is entered only down to one class below the class without any single
  family of indicators. So one family alone moves nobody from a good class below the ordinary one, and a bad class needs two.
  What a visit to the entity itself found is verified: it belongs to no family.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import pandas as pd

from expectations.contracts.indicators import Indicator
from expectations.contracts.scoring import EVIDENCE, MARGIN, PROBABILITY, PROBABILITY_HIGH
from models.explanation.reasons import BASE
from models.foundation.inputs import Floats, Ints, Texts
from models.risk.credit import CLASSES, credit_points, ranks
from models.targeting.class_bounds import ClassBounds

Bools = npt.NDArray[np.bool_]
Rescored = Callable[[Floats, Floats], pd.DataFrame]
"""Scores for a margin and an evidence, as :meth:`models.risk_model.RiskModel.of_margin`."""
ContributionsOf = Callable[[Ints], pd.DataFrame]
"""Contributions of the rows at these positions, as :meth:`models.risk_model.RiskModel.contributions`."""


@dataclass(frozen=True)
class StableClasses:
    """Credit points and classes, row by row, each of shape (n,).

    Attributes:
        points: today's credit points.
        classes: the stable class.
        held: today's class where it differs from the stable one, else None.
        family: the one family that a held class depends on; None elsewhere, or where the family has no name.
    """

    points: Ints
    classes: Texts
    held: Texts
    family: Texts


def stabilise_class(
    scores: pd.DataFrame,
    contributions: ContributionsOf,
    X: pd.DataFrame,
    before: npt.ArrayLike,
    rescored: Rescored,
    *,
    indicators: Mapping[str, Indicator],
    bounds: ClassBounds | None,
    ordinary: str,
    is_frozen: Bools | None = None,
) -> StableClasses:
    """The classes of a day, each row independently.

    Args:
        scores: as :meth:`models.risk_model.RiskModel.score` returns them.
        contributions: called once, only for rows that enter a class worse than the ordinary one, since contributions cost more than
            scores.
        X: the features of the same rows.
        before: each row's class on the day before; the first class of a row without one is judged on its own.
        rescored: the scores of other margins.
        bounds: where the classes begin; None freezes all rows.
        ordinary: the class of a frozen row without a class before.
        is_frozen: the rows that stay in their class, shape (n,), as where a source has stopped; None for none.
    """
    points, then = _points(scores), ranks(before, otherwise=ordinary)
    held, family = (np.full(len(points), None, dtype=object) for _ in range(2))
    letters = np.array(CLASSES, dtype=object)
    if bounds is None:
        return StableClasses(points, letters[then], held, family)
    today = _entered(scores, points, X, before, then, bounds, indicators)
    if is_frozen is not None:
        today = np.where(is_frozen, then, today)
    entering = np.flatnonzero((today < then) & (today < bounds.ordinary))
    against, by = family_against(contributions(entering), X.iloc[entering], indicators)
    margin, evidence = (scores[name].to_numpy(dtype=np.float64)[entering] for name in (MARGIN, EVIDENCE))
    without = bounds.ranks(_points(rescored(margin - against, evidence)))
    stable = today.copy()
    # Ranks rise from the worst class.
    stable[entering] = np.clip(without - 1, today[entering], then[entering])
    is_held = stable != today
    held[is_held] = letters[today[is_held]]
    named = is_held[entering] & (by != "")
    family[entering[named]] = by[named]
    return StableClasses(points, letters[stable], held, family)


def _points(scores: pd.DataFrame, probability: str = PROBABILITY) -> Ints:
    margin, chance = (scores[name].to_numpy(dtype=np.float64) for name in (MARGIN, probability))
    return credit_points(margin, chance)


def _entered(
    scores: pd.DataFrame,
    points: Ints,
    X: pd.DataFrame,
    before: npt.ArrayLike,
    then: Ints,
    bounds: ClassBounds,
    indicators: Mapping[str, Indicator],
) -> Ints:
    """The rank of the class that each row enters or stays in, whatever its families say."""
    had_class = np.isin(np.asarray(before, dtype=object).astype(str), CLASSES)
    is_cleared = np.zeros(len(X), dtype=bool)
    for indicator in indicators.values():
        if indicator.clears and indicator.column in X:
            is_cleared |= X[indicator.column].to_numpy(dtype=np.float64, na_value=np.nan) == 0
    extra = np.where(had_class & ~is_cleared, bounds.policy.leave_points, 0)
    at_bound, beyond = bounds.ranks(points), bounds.ranks(points - extra)
    today = np.where(had_class, np.maximum(np.minimum(at_bound, then), beyond), at_bound)
    unfavourable = _points(scores, PROBABILITY_HIGH) + np.where(then > bounds.ordinary, extra, 0)
    in_doubt = (today > bounds.ordinary) & (bounds.ranks(unfavourable) < bounds.ordinary)
    return np.where(in_doubt, bounds.ordinary, today)


def family_against(contributions: pd.DataFrame, X: pd.DataFrame, indicators: Mapping[str, Indicator]) -> tuple[Floats, Texts]:
    """The family that adds most to each row's margin, and how much, 0 or more; an empty name where none adds.

    An indicator of several families counts for each of them. The outcome of a visit to the entity itself is verified and counts for
    none. Indicators missing from the catalogue form one family without a name.

    Args:
        contributions: each indicator's contribution to the margin, and the base.
        X: the features of the same rows.
    """
    names = [name for name in contributions.columns if name != BASE]
    known = [indicators.get(name) for name in names]
    added = contributions[names].to_numpy(dtype=np.float64, copy=True)
    values = X.reindex(columns=names).to_numpy(dtype=np.float64, na_value=np.nan)
    for at, indicator in enumerate(known):
        if indicator is not None and indicator.verified:
            # Where less is riskier, 0 is the riskiest: a violation found today is 0 days old.
            is_from_zero = indicator.clears or indicator.direction < 0
            is_verified = (values[:, at] >= 0) if is_from_zero else (values[:, at] > 0)
            added[is_verified, at] = 0.0
    families_of = [("",) if indicator is None else indicator.families for indicator in known]
    families = np.array(sorted({"", *chain.from_iterable(families_of)}), dtype=object)
    total = np.column_stack([added[:, [family in of for of in families_of]].sum(axis=1) for family in families])
    most = total.argmax(axis=1)
    against = np.maximum(total[np.arange(len(total)), most], 0.0)
    return against, np.where(against > 0, families[most], "")
