"""Class stability: no class changes because of one unverified source, except back to the ordinary class from a worse one.

The class is computed twice more, without the source that adds most to the margin and without the one that takes most away.
Whichever single source is left out, the class stays between those two, since it never improves with a larger margin. The previous
class stays if it lies between them; otherwise it moves only as far as necessary. An entity returns from a worse class to the
ordinary one as soon as today's class says so, so a correction counts at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import pandas as pd

from expectations.contracts.indicators import Indicator
from expectations.contracts.scoring import EVIDENCE, MARGIN
from models.explanation.reasons import BASE
from models.foundation.inputs import Floats, Ints, Texts
from models.risk.credit import points_and_class, ranks, worst_first

Rescored = Callable[[Floats, Floats], pd.DataFrame]
"""Scores for a margin and an evidence, as :meth:`models.risk_model.RiskModel.of_margin`."""
ContributionsOf = Callable[[Ints], pd.DataFrame]
"""Contributions of the rows at these positions, as :meth:`models.risk_model.RiskModel.contributions`."""


@dataclass(frozen=True)
class SourceContributions:
    """The largest contribution of one source on either side, from all indicators that depend on it; arrays of shape (n,).

    Attributes:
        against: of the source that adds most to the margin, 0 or more.
        against_by: that source, empty where none adds.
        in_favour: of the source that takes most away, 0 or less.
        in_favour_by: that source, empty where none takes away.
    """

    against: Floats
    against_by: Texts
    in_favour: Floats
    in_favour_by: Texts


@dataclass(frozen=True)
class StableClasses:
    """Credit points and classes, row by row, each of shape (n,).

    Attributes:
        points: today's credit points.
        classes: the stable class.
        held: today's class where it differs from the stable one, else None.
        source: the one source that a held class depends on; None elsewhere, or where the source has no name.
    """

    points: Ints
    classes: Texts
    held: Texts
    source: Texts


def stabilise_class(
    scores: pd.DataFrame,
    contributions: ContributionsOf,
    X: pd.DataFrame,
    before: npt.ArrayLike,
    rescored: Rescored,
    *,
    indicators: Mapping[str, Indicator],
    bounds: Mapping[str, int],
    ordinary: str,
    is_frozen: npt.NDArray[np.bool_] | None = None,
) -> StableClasses:
    """Stabilise classes, each row independently.

    Args:
        scores: as :meth:`models.risk_model.RiskModel.score` returns them.
        contributions: called once, only for rows whose class changed, since contributions cost more than scores.
        X: the features of the same rows.
        before: each row's class on the day before; an unknown or missing class counts as the ordinary one.
        rescored: the scores of other margins.
        ordinary: the class that uncertainty favours.
        is_frozen: the rows that stay in their class, shape (n,), as where a source has stopped; None for none.
    """
    names = worst_first(bounds)
    points, letters = points_and_class(scores, bounds, ordinary)
    today, then = ranks(letters, bounds), ranks(before, bounds, otherwise=ordinary)
    stable, source = today.copy(), np.full(len(today), None, dtype=object)
    moved = np.flatnonzero(today != then)
    of_sources = source_contributions(contributions(moved), X.iloc[moved], indicators)
    margin, evidence = (scores[name].to_numpy(dtype=np.float64)[moved] for name in (MARGIN, EVIDENCE))

    def rank_without(contribution: Floats) -> Ints:
        return ranks(points_and_class(rescored(margin - contribution, evidence), bounds, ordinary)[1], bounds)

    # Ranks rise from the worst class: without the source in favour, no class is better than today's.
    back = np.minimum(today[moved], names.index(ordinary))
    stable[moved] = np.clip(np.maximum(then[moved], back), rank_without(of_sources.in_favour), rank_without(of_sources.against))
    source[moved] = np.where(today[moved] < then[moved], of_sources.against_by, of_sources.in_favour_by)
    if is_frozen is not None:
        stable[is_frozen], source[is_frozen] = then[is_frozen], None
    is_held = stable != today
    letter = np.array(names, dtype=object)
    source[~is_held | (source == "")] = None
    held = np.full(len(today), None, dtype=object)
    held[is_held] = letter[today[is_held]]
    return StableClasses(points, letter[stable], held, source)


def source_contributions(contributions: pd.DataFrame, X: pd.DataFrame, indicators: Mapping[str, Indicator]) -> SourceContributions:
    """The largest contributions of one source to each row.

    An indicator that depends on several sources counts for each of them, since any could be wrong. The outcome of a visit to the
    entity itself is verified and counts for no source. Indicators missing from the catalogue form one source without a name.

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
    sources_of = [("",) if indicator is None else indicator.delivered_by for indicator in known]
    sources = np.array(sorted({"", *chain.from_iterable(sources_of)}), dtype=object)
    total = np.column_stack([added[:, [source in of for of in sources_of]].sum(axis=1) for source in sources])
    most, least = total.argmax(axis=1), total.argmin(axis=1)
    rows = np.arange(len(total))
    against, in_favour = np.maximum(total[rows, most], 0.0), np.minimum(total[rows, least], 0.0)
    return SourceContributions(
        against, np.where(against > 0, sources[most], ""), in_favour, np.where(in_favour < 0, sources[least], "")
    )
