"""Checks for leakage in an evaluation: refuse certain leaks, report likely ones.

Dates prove a leak: an outcome known on the day of scoring, an indicator of another day than its row, a visit in both the training
and the test set. A leak is likely where an order, or a single column's values or presence, separates the outcomes better than is
believable.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from expectations.contracts.inspection import INSPECTED_ON
from expectations.contracts.lineage import AS_OF, ENTITY_ID, KNOWN_AT
from models.evaluation.baselines import FEWEST
from models.evaluation.bootstrap import Estimate, businesses, draw_weights, estimate, pool_windows
from models.evaluation.evaluate import DAY, ENTITY, FOUND, WINDOW, in_order
from models.evaluation.ranking_metrics import auc, count, filled, median, rank, roc_auc
from models.foundation.inputs import Floats, Inputs, matrix
from models.foundation.threads import single_threaded_blas
from models.labels.cohorts import LeakedLabelError

EVEN = 0.5


class LeakedFeatureError(ValueError):
    """Indicators are of another day than their row."""


def check_outcomes(outcomes: pd.DataFrame, *, as_of: date, label_days: int, known_from: datetime) -> None:
    """Refuse outcomes that were known on the day of scoring or lie outside the window.

    Args:
        outcomes: ``entity_id, inspected_on, known_at`` (UTC), one row for each visit of the test set.
        label_days: length of the window.
        known_from: the first instant (UTC, naive) after the day; no outcome may be known before it.

    Raises:
        LeakedLabelError: naming the first such outcome.
    """
    on = pd.to_datetime(outcomes[INSPECTED_ON])
    known = pd.to_datetime(outcomes[KNOWN_AT], utc=True).dt.tz_localize(None)
    last = pd.Timestamp(as_of + timedelta(days=label_days))
    for is_wrong, why in (
        (on <= pd.Timestamp(as_of), f"is not after {as_of}, the day of scoring"),
        (on > last, f"is after {last:%Y-%m-%d}, the end of the window"),
        (known < pd.Timestamp(known_from), f"has an outcome that was known on {as_of} already, before the visit"),
    ):
        if is_wrong.any():
            row = outcomes[is_wrong.to_numpy()].sort_values([ENTITY_ID, INSPECTED_ON]).iloc[0]
            raise LeakedLabelError(
                f"the visit of {row[ENTITY_ID]} on {pd.Timestamp(row[INSPECTED_ON]):%Y-%m-%d} (known at {row[KNOWN_AT]}) {why}: "
                "it must not evaluate a score"
            )


def check_features(features: pd.DataFrame, wanted: pd.Series) -> None:
    """Refuse indicators that are not of their row's day.

    Args:
        features: ``entity_id`` and ``as_of``, the day of the row's indicators.
        wanted: the day that they must be of, row by row.

    Raises:
        LeakedFeatureError: naming the first such row.
    """
    has, needs = pd.to_datetime(features[AS_OF]).to_numpy(), pd.to_datetime(wanted).to_numpy()
    wrong = np.flatnonzero(has != needs)
    if len(wrong):
        at = wrong[0]
        raise LeakedFeatureError(
            f"the indicators of {features[ENTITY_ID].iloc[at]} are of {pd.Timestamp(has[at]):%Y-%m-%d} where those of "
            f"{pd.Timestamp(needs[at]):%Y-%m-%d} are needed"
        )


def check_train_test_disjoint(train: pd.DataFrame, test: pd.DataFrame) -> None:
    """Refuse a visit that is in the training and in the test set, both with ``entity_id, inspected_on``.

    Raises:
        LeakedLabelError: naming the first such visit.
    """
    keys = [str(ENTITY_ID), str(INSPECTED_ON)]
    both = [frame[keys].assign(**{keys[1]: pd.to_datetime(frame[INSPECTED_ON])}) for frame in (train, test)]
    shared = both[0].merge(both[1], on=keys).sort_values(keys)
    if len(shared):
        row = shared.iloc[0]
        raise LeakedLabelError(
            f"the visit of {row[ENTITY_ID]} on {row[INSPECTED_ON]:%Y-%m-%d} is in the training set: it must not evaluate a score"
        )


@dataclass(frozen=True)
class Suspect:
    """A likely leak: it separates later outcomes better than is believable.

    Attributes:
        name: of an order or of a column.
        kind: ``order``, ``value`` (a column's values) or ``presence`` (whether a column has a value at all).
        auc: ROC-AUC in the better direction, mean over the windows weighted by their visits, with its interval.
    """

    name: str
    kind: str
    auc: Estimate


@single_threaded_blas
def likely_leaks(
    visits: pd.DataFrame, orders: Sequence[str], inputs: Inputs, *, bound: float, resamples: int, seed: int
) -> tuple[Suspect, ...]:
    """Orders and single columns whose ROC-AUC is above a bound, beyond chance.

    Beyond chance means: the lower end of the interval is nearer to the bound than to 0.5, and there are at least ten visits of
    either outcome.

    Args:
        visits: as for :func:`models.evaluation.evaluate.evaluate_orders`, with the input columns.
        orders: columns of scores.
        bound: the largest believable ROC-AUC, above 0.5.

    Returns:
        The strongest first; names break ties.
    """
    frame = in_order(visits)
    outcome, days = frame[FOUND].to_numpy(dtype=np.float64), pd.to_datetime(frame[DAY]).to_numpy()
    windows = [np.asarray(at) for at in frame.groupby(WINDOW, sort=True).indices.values()]
    windows = [at for at in windows if 0 < outcome[at].sum() < len(at)]
    if not windows or min(outcome.sum(), (1 - outcome).sum()) < FEWEST:
        return ()
    business, _ = businesses(frame[ENTITY])
    suspects = []
    for name, kind, value in _candidates(frame, orders, inputs):
        upward = float(np.average([roc_auc(outcome[at], value[at]) for at in windows], weights=[len(at) for at in windows]))
        if max(upward, 1 - upward) <= bound:
            continue
        turned = value if upward >= EVEN else -value
        ranked = [rank(outcome[at], turned[at], days[at]) for at in windows]
        drawn = [
            pool_windows(
                np.stack([auc(count(order, weights[:, at])) for order, at in zip(ranked, windows, strict=True)], axis=1),
                np.stack([weights[:, at].sum(axis=1) for at in windows], axis=1),
            )
            for weights in draw_weights(business, resamples=resamples, seed=seed)
        ]
        figure = estimate(max(upward, 1 - upward), np.concatenate(drawn))
        if figure.low > (bound + EVEN) / 2:
            suspects.append(Suspect(name, kind, figure))
    return tuple(sorted(suspects, key=lambda suspect: (-suspect.auc.value, suspect.kind, suspect.name)))


def _candidates(frame: pd.DataFrame, orders: Sequence[str], inputs: Inputs) -> Iterator[tuple[str, str, Floats]]:
    """All orders, values and presences as scores without gaps; an unknown value becomes the median."""
    for order in orders:
        yield order, "order", frame[order].to_numpy(dtype=np.float64)
    rows = matrix(frame, inputs.columns)
    for at, column in enumerate(inputs.columns):
        is_unknown = np.isnan(rows[:, at])
        if is_unknown.all():
            continue
        yield column, "value", filled(rows[:, at], median(rows[:, at]))
        if is_unknown.any():
            yield column, "presence", (~is_unknown).astype(np.float64)
