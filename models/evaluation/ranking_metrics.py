"""How good an order of visits is, reckoned for many weightings of the same visits at once.

``first_half_share`` and ``days_earlier`` follow Chicago's evaluation of its food inspection forecast (2015): the calendar
stays, each day keeps its number of visits, and the visits are put into the order of their scores.

A weighting says how many times each visit counts: once each gives the plain figure, the counts of a bootstrap draw give that
draw's. Visits of equal score are one group, and every figure is the expectation over the ways to break ties, or, of average
precision, takes a group as one threshold; so none depends on the order of rows, however often a tied visit counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from models.inputs import Floats, Ints

Days = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Ranked:
    """The visits of one window in the descending order of one score.

    Attributes:
        row: the visits' rows in that order, shape (n,).
        start: where in ``row`` each group of equal scores begins, shape (g,).
        found: 0 or 1 by row, shape (n,).
        day: the day of the visit by row, counted from the first, shape (n,).
        promised: the probability by row, shape (n,); NaN where there is none.
    """

    row: Ints
    start: Ints
    found: Floats
    day: Floats
    promised: Floats


def rank(found: npt.ArrayLike, score: npt.ArrayLike, days: npt.ArrayLike, promised: npt.ArrayLike | None = None) -> Ranked:
    """Put visits into the order of their scores, the largest first.

    Args:
        found: 0 or 1, shape (n,).
        score: shape (n,).
        days: the day of each visit.
        promised: probabilities, for what was found against what was expected.

    Raises:
        ValueError: when there is no visit, lengths differ, an outcome is neither 0 nor 1, or a score is not finite.
    """
    y, value = np.asarray(found, dtype=np.float64), np.asarray(score, dtype=np.float64)
    on = np.asarray(days, dtype="datetime64[D]").astype(np.int64)
    day = (on - on.min(initial=np.iinfo(np.int64).max)).astype(np.float64)
    p = np.full(len(y), np.nan) if promised is None else np.asarray(promised, dtype=np.float64)
    if not len(y) or not len(y) == len(value) == len(day) == len(p):
        raise ValueError("there must be visits, and y, days and scores must be of one length")
    if not np.isin(y, (0.0, 1.0)).all():
        raise ValueError("an outcome is neither 0 nor 1")
    if not np.isfinite(value).all():
        raise ValueError("a score is not finite")
    row = np.argsort(-value, kind="stable")
    ordered = value[row]
    start = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    return Ranked(row, start, y, day, p)


@dataclass(frozen=True)
class CumulativeCounts:
    """An order's groups as each of d weightings counts them.

    Attributes:
        visits, found, promised: sums by group, shape (d, g); ``promised`` is NaN where there is no probability.
        day: the distinct days of the visits in ascending order, shape (k,).
        day_visits, day_found: sums by day, shape (d, k).
    """

    visits: Floats
    found: Floats
    promised: Floats
    day: Floats
    day_visits: Floats
    day_found: Floats

    @cached_property
    def all_visits(self) -> Floats:
        """Shape (d,)."""
        return np.asarray(self.visits_until[:, -1])

    @cached_property
    def all_found(self) -> Floats:
        """Shape (d,)."""
        return np.asarray(self.found_until[:, -1])

    @cached_property
    def visits_until(self) -> Floats:
        """Visits before the first group and until the end of each, shape (d, g + 1)."""
        return running_sum(self.visits)

    @cached_property
    def found_until(self) -> Floats:
        """The same of what was found."""
        return running_sum(self.found)


def count(ranked: Ranked, weights: Floats) -> CumulativeCounts:
    """Sum an order's groups and days under each weighting.

    Args:
        ranked: n visits.
        weights: how many times each visit counts, zero or more, shape (d, n).
    """
    ordered = weights[:, ranked.row]
    day, place = np.unique(ranked.day, return_inverse=True)
    is_of_day = (place[:, None] == np.arange(len(day))).astype(np.float64)

    def by_group(value: Floats) -> Floats:
        return np.add.reduceat(ordered * value[ranked.row], ranked.start, axis=1)

    return CumulativeCounts(
        visits=np.add.reduceat(ordered, ranked.start, axis=1),
        found=by_group(ranked.found),
        promised=by_group(ranked.promised),
        day=day,
        day_visits=weights @ is_of_day,
        day_found=(weights * ranked.found) @ is_of_day,
    )


Measure = Callable[[CumulativeCounts], Floats]
"""From d weightings to d figures, NaN where a figure has no meaning."""


def pairs_in_order(counted: CumulativeCounts) -> tuple[Floats, Floats]:
    """Of all pairs of a visit that found something and one that did not: those whose first came first, ties half, and all."""
    clean = counted.visits - counted.found
    all_clean = clean.sum(axis=1)
    after = all_clean[:, None] - np.cumsum(clean, axis=1)
    return (counted.found * (after + clean / 2)).sum(axis=1), counted.all_found * all_clean


def auc(counted: CumulativeCounts) -> Floats:
    """ROC-AUC: the chance that a visit that found something came before one that did not, ties counting half (Mann & Whitney 1947).

    NaN where all visits ended alike.
    """
    return ratio(*pairs_in_order(counted))


def average_precision(counted: CumulativeCounts) -> Floats:
    """The precision at each visit that found something, averaged; a group of ties is one threshold. NaN where nothing was found."""
    until, found = counted.visits_until[:, 1:], counted.found_until[:, 1:]
    precision = np.divide(found, until, out=np.zeros_like(found), where=until > 0)
    return ratio((counted.found * precision).sum(axis=1), counted.all_found)


def within(counted: CumulativeCounts, until: Floats, shares: Sequence[float]) -> Floats:
    """What is expected within the first shares of the visits.

    Args:
        counted: an order under d weightings.
        until: running sums by group of what is counted, from :func:`running_sum`, shape (d, g + 1).
        shares: s of them, each in [0, 1].

    Returns:
        Shape (d, s). Within a group of ties the expectation grows evenly, so it is linear between the groups' ends.
    """
    places = np.multiply.outer(counted.all_visits, np.asarray(shares))
    return np.stack([np.interp(at, ends, sums) for at, ends, sums in zip(places, counted.visits_until, until, strict=True)])


def gain(counted: CumulativeCounts, shares: Sequence[float]) -> Floats:
    """The share of all violations that the first shares of the visits find, shape (d, s); NaN where nothing was found."""
    found = within(counted, counted.found_until, shares)
    share: Floats = np.divide(
        found, counted.all_found[:, None], out=np.full(found.shape, np.nan), where=counted.all_found[:, None] > 0
    )
    return share


def recall_at(counted: CumulativeCounts, share: float) -> Floats:
    """The share of all violations that the first ``share`` of the visits finds; NaN where nothing was found."""
    return np.asarray(gain(counted, (share,))[:, 0])


def first_half_share(counted: CumulativeCounts) -> Floats:
    """The share of all violations that the first half of the visits finds; NaN where nothing was found."""
    return recall_at(counted, 0.5)


def days_earlier(counted: CumulativeCounts) -> Floats:
    """Mean days by which violations are found earlier than they were; NaN where nothing was found."""
    visits_until, days_until = running_sum(counted.day_visits), running_sum(counted.day_visits * counted.day)
    # Of the first so many places the sum of days is linear between the ends of the days, each of which keeps its number of visits.
    until = np.stack(
        [np.interp(at, ends, sums) for at, ends, sums in zip(counted.visits_until, visits_until, days_until, strict=True)]
    )
    of_group = np.diff(until, axis=1)
    mean_day = np.divide(of_group, counted.visits, out=np.zeros_like(of_group), where=counted.visits > 0)
    was = counted.day_found @ counted.day
    return ratio(was - (counted.found * mean_day).sum(axis=1), counted.all_found)


def precision_at(counted: CumulativeCounts, share: float) -> Floats:
    """Of the first ``share`` of the visits, the part that finds something."""
    found = within(counted, counted.found_until, (share,))[:, 0]
    return ratio(found, share * counted.all_visits)


def lift_at(counted: CumulativeCounts, share: float) -> Floats:
    """``precision_at`` over that of a random order; NaN where nothing was found."""
    return ratio(precision_at(counted, share) * counted.all_visits, counted.all_found)


def ranking_metrics(share: float) -> Mapping[str, Measure]:
    """Every measure of an order, by name, where capacity suffices for ``share`` of the visits.

    Raises:
        ValueError: when the share is not in (0, 1].
    """
    if not 0 < share <= 1:
        raise ValueError(f"the share of visits within capacity must be above 0 and at most 1, not {share}")
    return {
        "auc": auc,
        "average_precision": average_precision,
        "first_half_share": first_half_share,
        "days_earlier": days_earlier,
        "precision": lambda counted: precision_at(counted, share),
        "recall": lambda counted: recall_at(counted, share),
        "lift": lambda counted: lift_at(counted, share),
    }


def running_sum(values: Floats) -> Floats:
    """Sums along the second axis, from 0 on: of shape (d, g) those of shape (d, g + 1)."""
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


def ratio(over: Floats, under: Floats) -> Floats:
    """``over / under``; NaN where that is no number above zero."""
    result: Floats = np.divide(over, under, out=np.full(len(over), np.nan), where=under > 0)
    return result
