"""No class moves, to the worse or beyond the ordinary one to the better, on the word of one unverified source.

A day's class is asked twice more, with one source disbelieved: once without the one that speaks loudest against the entity, once
without the one that speaks loudest for it. What a disbelieved source adds to the margin is taken away, so that the entity is
ordinary in all that the source tells. As the class never gets better with a larger margin, whichever one source were wrong, the
right class lies between those two. The class before stays where it lies between them too; else it moves as far as it must.

Doubt speaks for the ordinary class: back to it from a worse one an entity comes as soon as its class of the day says so, without
anybody asking who speaks for it. So nobody is kept down by disbelief, and what was repaired counts at once.
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
from models.inputs import Floats, Ints, Texts
from models.risk.credit import points_and_class, ranks, worst_first

Rescored = Callable[[Floats, Floats], pd.DataFrame]
"""What scores of that margin and evidence are, as :meth:`models.risk_model.RiskModel.of_margin` tells."""
Told = Callable[[Ints], pd.DataFrame]
"""What each indicator adds to the margins of the rows at these positions (:meth:`models.risk_model.RiskModel.contributions`)."""


@dataclass(frozen=True)
class Voices:
    """What the loudest source on either side adds to each row's margin, with all indicators that rest on it; arrays of shape (n,).

    Attributes:
        against: by the one that adds most, 0 or more.
        against_by: that source, empty where none adds.
        speaking_for: by the one that takes most away, 0 or less.
        for_by: that source, empty where none takes away.
    """

    against: Floats
    against_by: Texts
    speaking_for: Floats
    for_by: Texts


@dataclass(frozen=True)
class StableClasses:
    """Credit points and classes, row by row, each of shape (n,).

    Attributes:
        points: today's credit points.
        stands: the class that stands.
        held: today's class where it is another than the one that stands, else None.
        source: the one source that today's class rests on where it is held back; None elsewhere, or where it has no name.
    """

    points: Ints
    stands: Texts
    held: Texts
    source: Texts


def stabilise_class(
    scores: pd.DataFrame,
    contributions: Told,
    X: pd.DataFrame,
    before: npt.ArrayLike,
    rescored: Rescored,
    *,
    indicators: Mapping[str, Indicator],
    bounds: Mapping[str, int],
    ordinary: str,
) -> StableClasses:
    """The classes that stand, and those that are held back; of each row alone, whatever rows are beside it.

    Args:
        scores: as :meth:`models.risk_model.RiskModel.score` gives them.
        contributions: asked once, of those rows alone whose class of today is not that of the day before: to reckon them takes
            longer than to score, and on most days hardly anybody moves.
        X: the features of the same rows.
        before: each row's class on the day before. One that had none, or one that there is no longer, was ordinary.
        rescored: the scores of other margins.
        indicators: the catalogue by column.
        bounds: each class's lower bound.
        ordinary: the class that doubt speaks for.
    """
    names = worst_first(bounds)
    points, letters = points_and_class(scores, bounds, ordinary)
    today, then = ranks(letters, bounds), ranks(before, bounds, otherwise=ordinary)
    stands, source = today.copy(), np.full(len(today), None, dtype=object)
    moved = np.flatnonzero(today != then)
    heard = source_contributions(contributions(moved), X.iloc[moved], indicators)
    margin, evidence = (scores[name].to_numpy(dtype=np.float64)[moved] for name in (MARGIN, EVIDENCE))

    def without(voice: Floats) -> Ints:
        return ranks(points_and_class(rescored(margin - voice, evidence), bounds, ordinary)[1], bounds)

    # Ranks rise from the worst class: without the voice for it, no class is better than today's.
    back = np.minimum(today[moved], names.index(ordinary))
    stands[moved] = np.clip(np.maximum(then[moved], back), without(heard.speaking_for), without(heard.against))
    source[moved] = np.where(today[moved] < then[moved], heard.against_by, heard.for_by)
    is_held = stands != today
    letter = np.array(names, dtype=object)
    source[~is_held | (source == "")] = None
    held = np.full(len(today), None, dtype=object)
    held[is_held] = letter[today[is_held]]
    return StableClasses(points, letter[stands], held, source)


def source_contributions(contributions: pd.DataFrame, X: pd.DataFrame, indicators: Mapping[str, Indicator]) -> Voices:
    """What each row's loudest source on either side adds.

    An indicator that rests on several sources is part of what each of them says, since any of them could be wrong; only one is
    disbelieved at a time, so it makes no second voice of the other. What a visit to the entity itself found, a violation or that
    there was none, is verified and no source's word. Indicators that the catalogue lacks are together one source without a name.

    Args:
        contributions: what each indicator adds to the margin, and the base.
        X: the features of the same rows.
        indicators: the catalogue by column.
    """
    names = [name for name in contributions.columns if name != BASE]
    known = [indicators.get(name) for name in names]
    word = contributions[names].to_numpy(dtype=np.float64, copy=True)
    values = X.reindex(columns=names).to_numpy(dtype=np.float64, na_value=np.nan)
    for at, indicator in enumerate(known):
        if indicator is not None and indicator.verified:
            # Where less is riskier, 0 is the most: a violation found today is 0 days old.
            is_from_zero = indicator.clears or indicator.direction < 0
            is_found = (values[:, at] >= 0) if is_from_zero else (values[:, at] > 0)
            word[is_found, at] = 0.0
    rests_on = [("",) if indicator is None else indicator.delivered_by for indicator in known]
    sources = np.array(sorted({"", *chain.from_iterable(rests_on)}), dtype=object)
    said = np.column_stack([word[:, [source in of for of in rests_on]].sum(axis=1) for source in sources])
    most, least = said.argmax(axis=1), said.argmin(axis=1)
    rows = np.arange(len(said))
    against, speaking_for = np.maximum(said[rows, most], 0.0), np.minimum(said[rows, least], 0.0)
    return Voices(against, np.where(against > 0, sources[most], ""), speaking_for, np.where(speaking_for < 0, sources[least], ""))
