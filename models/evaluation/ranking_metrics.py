"""Metrics of an order of visits, computed for many weightings of the same visits at once.

``first_half_share`` and ``days_earlier`` follow Chicago's evaluation of its food inspection forecast (2015): the calendar stays,
each day keeps its number of visits, and the visits are put into the order of their scores.

A weighting says how many times each visit counts: ones give the plain metric, the counts of a bootstrap resample give that
resample's. Visits with equal scores form one group. Each metric is the expectation over random tie-breaking, except average
precision, which uses each group as one threshold. So no metric depends on the order of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from models.foundation.inputs import Floats, Ints


@dataclass(frozen=True)
class Ranked:
    """The visits of one window in descending order of one score.

    Attributes:
        row: the visits' rows in that order, shape (n,).
        start: where in ``row`` each group of equal scores begins, shape (g,).
        outcome: 1 where a visit found a violation, else 0, by row, shape (n,).
        day: the day of the visit by row, counted from the first, shape (n,).
        predicted: the probability by row, shape (n,); NaN where there is none.
    """

    row: Ints
    start: Ints
    outcome: Floats
    day: Floats
    predicted: Floats


def rank(outcome: npt.ArrayLike, score: npt.ArrayLike, days: npt.ArrayLike, predicted: npt.ArrayLike | None = None) -> Ranked:
    """Order visits by score, the largest first.

    Args:
        outcome: 0 or 1, shape (n,).
        score: shape (n,).
        days: the day of each visit.
        predicted: probabilities, to compare found with expected violations.

    Raises:
        ValueError: when there is no visit, lengths differ, an outcome is neither 0 nor 1, or a score is not finite.
    """
    y, value = np.asarray(outcome, dtype=np.float64), np.asarray(score, dtype=np.float64)
    on = np.asarray(days, dtype="datetime64[D]").astype(np.int64)
    day = (on - on.min(initial=np.iinfo(np.int64).max)).astype(np.float64)
    p = np.full(len(y), np.nan) if predicted is None else np.asarray(predicted, dtype=np.float64)
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
    """The groups of an order under each of d weightings.

    Attributes:
        visits, found, predicted: sums by group, shape (d, g); ``predicted`` is NaN where there is no probability.
        day: the distinct days of the visits in ascending order, shape (k,).
        day_visits, day_found: sums by day, shape (d, k).
    """

    visits: Floats
    found: Floats
    predicted: Floats
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
        """Visits before the first group and until the end of each group, shape (d, g + 1)."""
        return running_sum(self.visits)

    @cached_property
    def found_until(self) -> Floats:
        """Violations found before the first group and until the end of each group, shape (d, g + 1)."""
        return running_sum(self.found)


def count(ranked: Ranked, weights: Floats) -> CumulativeCounts:
    """Sum an order's groups and days under each weighting, ``weights`` of shape (d, n), zero or more."""
    ordered = weights[:, ranked.row]
    day, place = np.unique(ranked.day, return_inverse=True)
    is_of_day = (place[:, None] == np.arange(len(day))).astype(np.float64)

    def by_group(value: Floats) -> Floats:
        return np.add.reduceat(ordered * value[ranked.row], ranked.start, axis=1)

    return CumulativeCounts(
        visits=np.add.reduceat(ordered, ranked.start, axis=1),
        found=by_group(ranked.outcome),
        predicted=by_group(ranked.predicted),
        day=day,
        day_visits=weights @ is_of_day,
        day_found=(weights * ranked.outcome) @ is_of_day,
    )


Metric = Callable[[CumulativeCounts], Floats]
"""From counts under d weightings to d values, NaN where a metric is undefined."""


def pairs_in_order(counts: CumulativeCounts) -> tuple[Floats, Floats]:
    """The correctly ordered pairs of a visit with and one without a violation, ties counting half; and all such pairs."""
    clean = counts.visits - counts.found
    all_clean = clean.sum(axis=1)
    after = all_clean[:, None] - np.cumsum(clean, axis=1)
    return (counts.found * (after + clean / 2)).sum(axis=1), counts.all_found * all_clean


def auc(counts: CumulativeCounts) -> Floats:
    """ROC-AUC: the probability that a visit with a violation precedes one without, ties counting half (Mann & Whitney 1947).

    NaN where all outcomes are equal.
    """
    return ratio(*pairs_in_order(counts))


def roc_auc(outcome: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """ROC-AUC of one score, both of shape (n,); an unknown score counts as the median. NaN where all outcomes are equal."""
    is_found, values = np.asarray(outcome, dtype=bool), np.asarray(score, dtype=np.float64)
    ranks, found = rankdata(filled(values, median(values))), int(is_found.sum())
    pairs = found * (len(values) - found)
    return float((ranks[is_found].sum() - found * (found + 1) / 2) / pairs) if pairs else float("nan")


def average_precision(counts: CumulativeCounts) -> Floats:
    """The mean precision at each visit with a violation; a group of ties is one threshold. NaN where nothing was found."""
    until, found = counts.visits_until[:, 1:], counts.found_until[:, 1:]
    precision = np.divide(found, until, out=np.zeros_like(found), where=until > 0)
    return ratio((counts.found * precision).sum(axis=1), counts.all_found)


def within(counts: CumulativeCounts, until: Floats, shares: Sequence[float]) -> Floats:
    """The expected sum within the first shares of the visits.

    Args:
        counts: an order under d weightings.
        until: running sums by group, from :func:`running_sum`, shape (d, g + 1).
        shares: s of them, each in [0, 1].

    Returns:
        Shape (d, s). Within a group of ties the expectation is linear.
    """
    places = np.multiply.outer(counts.all_visits, np.asarray(shares))
    return np.stack([np.interp(at, ends, sums) for at, ends, sums in zip(places, counts.visits_until, until, strict=True)])


def gain(counts: CumulativeCounts, shares: Sequence[float]) -> Floats:
    """The share of all violations found within the first shares of the visits, shape (d, s); NaN where nothing was found."""
    found = within(counts, counts.found_until, shares)
    total = counts.all_found[:, None]
    share: Floats = np.divide(found, total, out=np.full(found.shape, np.nan), where=total > 0)
    return share


def recall_at(counts: CumulativeCounts, share: float) -> Floats:
    """The share of all violations found within the first ``share`` of the visits; NaN where nothing was found."""
    return np.asarray(gain(counts, (share,))[:, 0])


def first_half_share(counts: CumulativeCounts) -> Floats:
    """The share of all violations found within the first half of the visits; NaN where nothing was found."""
    return recall_at(counts, 0.5)


def days_earlier(counts: CumulativeCounts) -> Floats:
    """Mean days by which violations are found earlier than they were; NaN where nothing was found."""
    visits_until, days_until = running_sum(counts.day_visits), running_sum(counts.day_visits * counts.day)
    # The sum of days over the first places is linear between the ends of the days, since each day keeps its number of visits.
    until = np.stack(
        [np.interp(at, ends, sums) for at, ends, sums in zip(counts.visits_until, visits_until, days_until, strict=True)]
    )
    of_group = np.diff(until, axis=1)
    mean_day = np.divide(of_group, counts.visits, out=np.zeros_like(of_group), where=counts.visits > 0)
    actual = counts.day_found @ counts.day
    return ratio(actual - (counts.found * mean_day).sum(axis=1), counts.all_found)


def precision_at(counts: CumulativeCounts, share: float) -> Floats:
    """The share of the first ``share`` of the visits that find a violation."""
    return ratio(within(counts, counts.found_until, (share,))[:, 0], share * counts.all_visits)


def lift_at(counts: CumulativeCounts, share: float) -> Floats:
    """``precision_at`` over that of a random order; NaN where nothing was found."""
    return ratio(precision_at(counts, share) * counts.all_visits, counts.all_found)


def ranking_metrics(share: float) -> Mapping[str, Metric]:
    """All metrics of an order by name, with a capacity of ``share`` of the visits.

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
        "precision": lambda counts: precision_at(counts, share),
        "recall": lambda counts: recall_at(counts, share),
        "lift": lambda counts: lift_at(counts, share),
    }


def running_sum(values: Floats) -> Floats:
    """Cumulative sums along the second axis, starting with 0: from shape (d, g) to (d, g + 1)."""
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """The quotient; NaN where the denominator is not above zero."""
    result: Floats = np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator > 0)
    return result


def median(values: Floats) -> float:
    """The median of the known values; 0 where none is known."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else 0.0


def filled(values: Floats, replacement: float) -> Floats:
    """``values`` with NaN replaced."""
    return np.where(np.isnan(values), replacement, values)
