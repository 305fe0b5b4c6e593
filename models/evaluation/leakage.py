"""Whether an evaluation could have seen what it is judged by: refused where that is certain, named where it is likely.

Certain is what dates say: an outcome that was known on the day of scoring, an indicator of another day than its row's, a visit
that was both learnt from and judged by. Likely is what looks too good: an order, or a single column's values or mere presence,
that parts what was found from what was not better than anybody can.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from expectations.contracts.inspection import INSPECTED_ON
from expectations.contracts.lineage import AS_OF, ENTITY_ID, KNOWN_AT
from models.evaluation.baselines import FEWEST, roc_auc
from models.evaluation.bootstrap import Estimate, businesses, draw_weights, estimate, mean_known
from models.evaluation.evaluate import DAY, ENTITY, FOUND, WINDOW, in_order
from models.evaluation.ranking_metrics import auc, count, rank
from models.inputs import Floats, Inputs, matrix
from models.labels.cohorts import LeakedLabelError
from models.threads import single_threaded_blas

EVEN = 0.5


class LeakedFeatureError(ValueError):
    """Indicators that are of another day than the row that they stand in."""


def check_outcomes(outcomes: pd.DataFrame, *, as_of: date, label_days: int, known_from: datetime) -> None:
    """Refuse outcomes that a score of the day could have known.

    Args:
        outcomes: ``entity_id, inspected_on, known_at`` (UTC), one row a visit that judges.
        as_of: the day of scoring.
        label_days: for how long after it visits judge.
        known_from: the first instant (UTC, naive) after the day; no outcome may have been known before.

    Raises:
        LeakedLabelError: naming the first outcome that breaks this.
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
                "it must not judge a score"
            )


def check_features(features: pd.DataFrame, wanted: pd.Series) -> None:
    """Refuse indicators that are not of the day that their row is for.

    Args:
        features: ``entity_id`` and ``as_of``, the day that the row's indicators speak of.
        wanted: the day that they must speak of, row by row.

    Raises:
        LeakedFeatureError: naming the first row that breaks this.
    """
    has, needs = pd.to_datetime(features[AS_OF]).to_numpy(), pd.to_datetime(wanted).to_numpy()
    wrong = np.flatnonzero(has != needs)
    if len(wrong):
        at = wrong[0]
        raise LeakedFeatureError(
            f"the indicators of {features[ENTITY_ID].iloc[at]} are of {pd.Timestamp(has[at]):%Y-%m-%d} where those of "
            f"{pd.Timestamp(needs[at]):%Y-%m-%d} are due"
        )


def check_train_test_disjoint(learnt: pd.DataFrame, outcomes: pd.DataFrame) -> None:
    """Refuse a visit that was both learnt from and judged by.

    Args:
        learnt: ``entity_id, inspected_on`` of the labels.
        outcomes: the same of the visits that judge.

    Raises:
        LeakedLabelError: naming the first such visit.
    """
    keys = [str(ENTITY_ID), str(INSPECTED_ON)]
    both = [frame[keys].assign(**{keys[1]: pd.to_datetime(frame[INSPECTED_ON])}) for frame in (learnt, outcomes)]
    shared = both[0].merge(both[1], on=keys).sort_values(keys)
    if len(shared):
        row = shared.iloc[0]
        raise LeakedLabelError(
            f"the visit of {row[ENTITY_ID]} on {row[INSPECTED_ON]:%Y-%m-%d} was learnt from: it must not judge a score"
        )


@dataclass(frozen=True)
class Suspect:
    """What parts later outcomes better than is believable.

    Attributes:
        name: of an order or of a column.
        kind: ``order``, ``value`` (a column's values) or ``presence`` (whether a column has a value at all).
        auc: ROC-AUC, whichever way round is larger, mean over the windows, with its interval.
    """

    name: str
    kind: str
    auc: Estimate


@single_threaded_blas
def likely_leaks(
    visits: pd.DataFrame, orders: Sequence[str], inputs: Inputs, *, bound: float, draws: int, seed: int
) -> tuple[Suspect, ...]:
    """Orders and single columns whose ROC-AUC is above a bound, and not by the chance of few visits.

    That chance is ruled out where even the lower end of the interval is nearer to the bound than to an even 0.5, and at least ten
    visits found something and ten did not: of fewer an interval tells little.

    Args:
        visits: as for :func:`models.evaluation.evaluate.evaluate_orders`, with the input columns.
        orders: columns of scores.
        inputs: the columns of indicators.
        bound: what nobody can believe, above 0.5.
        draws: bootstrap draws.
        seed: of the draws.

    Returns:
        The strongest first, equal ones by name.
    """
    frame = in_order(visits)
    found, days = frame[FOUND].to_numpy(dtype=np.float64), pd.to_datetime(frame[DAY]).to_numpy()
    windows = [np.asarray(at) for at in frame.groupby(WINDOW, sort=True).indices.values()]
    windows = [at for at in windows if 0 < found[at].sum() < len(at)]
    if not windows or min(found.sum(), (1 - found).sum()) < FEWEST:
        return ()
    business, _ = businesses(frame[ENTITY])
    named = []
    for name, kind, value in _candidates(frame, orders, inputs):
        upward = float(np.mean([roc_auc(found[at], value[at]) for at in windows]))
        if max(upward, 1 - upward) <= bound:
            continue
        turned = value if upward >= EVEN else -value
        ranked = [rank(found[at], turned[at], days[at]) for at in windows]
        drawn = [
            mean_known(np.stack([auc(count(order, weights[:, at])) for order, at in zip(ranked, windows, strict=True)]), 0)
            for weights in draw_weights(business, draws=draws, seed=seed)
        ]
        figure = estimate(max(upward, 1 - upward), np.concatenate(drawn))
        if figure.low > (bound + EVEN) / 2:
            named.append(Suspect(name, kind, figure))
    return tuple(sorted(named, key=lambda suspect: (-suspect.auc.value, suspect.kind, suspect.name)))


def _candidates(frame: pd.DataFrame, orders: Sequence[str], inputs: Inputs) -> Iterator[tuple[str, str, Floats]]:
    """Everything that may have seen the outcomes, as scores without gaps; an unknown value counts as ordinary."""
    for order in orders:
        yield order, "order", frame[order].to_numpy(dtype=np.float64)
    rows = matrix(frame, inputs.columns)
    for at, column in enumerate(inputs.columns):
        is_unknown = np.isnan(rows[:, at])
        if is_unknown.all():
            continue
        ordinary = np.median(rows[~is_unknown, at])
        yield column, "value", np.where(is_unknown, ordinary, rows[:, at])
        if is_unknown.any():
            yield column, "presence", (~is_unknown).astype(np.float64)
