"""Evaluate an order of visits on visits that were made, beside baselines.

A window is one day of scoring and the visits that followed it. Scores of different days' models are not on one scale, so orders
are evaluated within each window and the windows' metrics are averaged, weighted by their visits. Probabilities are on one scale, so
calibration is evaluated over all windows at once. Intervals resample whole businesses over all windows
(:mod:`models.evaluation.bootstrap`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.evaluation.bootstrap import Estimate, businesses, draw_weights, estimate, pool_windows
from models.evaluation.calibration_metrics import calibration_metrics
from models.evaluation.ranking_metrics import Metric, Ranked, count, gain, rank, ranking_metrics, ratio, running_sum, within
from models.foundation.inputs import Floats, Ints
from models.foundation.threads import single_threaded_blas

WINDOW, ENTITY, DAY, FOUND, PREDICTED = "as_of", "entity_id", "day", "found", "probability"
"""Columns of the visits; each order's score is a column with the order's name."""
RANDOM, AS_IT_WAS = "random expected", "as it was"
CURVE = tuple(step / 20 for step in range(1, 21))
"""Shares of the visits at which the gain curve is computed."""
AT_CAPACITY = "observed_over_expected_at_capacity"

Figures = Mapping[str, Estimate]


@dataclass(frozen=True)
class Evaluation:
    """Metrics of a model beside other orders.

    Attributes:
        orders: each order's metrics, means over the windows weighted by their visits.
        leads: the model's metrics minus those of each other order.
        windows: the orders' metrics in each window.
        curve: the share of violations that each order finds within each share of the visits of :data:`CURVE`.
        calibration: the metrics of the model's probabilities; empty where it gave none.
    """

    orders: Mapping[str, Figures]
    leads: Mapping[str, Figures]
    windows: Mapping[object, Mapping[str, Figures]]
    curve: Mapping[str, tuple[Estimate, ...]]
    calibration: Figures


@single_threaded_blas
def evaluate_orders(visits: pd.DataFrame, orders: Sequence[str], *, share: float, resamples: int, seed: int) -> Evaluation:
    """Evaluate orders of the same visits, each metric with a 95 % interval.

    Args:
        visits: ``as_of`` (the window), ``entity_id``, ``day``, ``found`` (0 or 1), ``probability`` (NaN where the model gave none)
            and a column of scores for each order, larger visited first; a business once a window, in any order of rows.
        orders: names of those columns, the model's first. ``random expected`` and ``as it was`` are added.
        share: the share of a window's visits within capacity.

    Raises:
        ValueError: when there is no visit, a business is twice in a window, an outcome is neither 0 nor 1, or a score is not
            finite.
    """
    frame = in_order(visits)
    measured = _Measured.of(frame, (*orders, RANDOM, AS_IT_WAS), share)
    business, _ = businesses(frame[ENTITY])
    once = measured.figures(np.ones((1, len(frame))))
    drawn = [measured.figures(weights) for weights in draw_weights(business, resamples=resamples, seed=seed)]
    orders_drawn = np.concatenate([part.orders for part in drawn])
    whole, curves = pool_windows(once.orders, once.visits)[0], pool_windows(once.curves, once.visits)[0]
    wholes = np.concatenate([pool_windows(part.orders, part.visits) for part in drawn])
    curves_drawn = np.concatenate([pool_windows(part.curves, part.visits) for part in drawn])

    def figures(value: Floats, values: Floats) -> dict[str, Estimate]:
        return {name: estimate(float(value[at]), values[:, at]) for at, name in enumerate(measured.metrics)}

    model = measured.names[0]
    return Evaluation(
        orders={name: figures(whole[at], wholes[:, at]) for at, name in enumerate(measured.names)},
        leads={
            name: figures(whole[0] - whole[at], wholes[:, 0] - wholes[:, at])
            for at, name in enumerate(measured.names)
            if name != model
        },
        windows={
            window: {
                name: figures(once.orders[0, number, at], orders_drawn[:, number, at]) for at, name in enumerate(measured.names)
            }
            for number, window in enumerate(measured.windows)
        },
        curve={
            name: tuple(estimate(float(curves[at, point]), curves_drawn[:, at, point]) for point in range(len(CURVE)))
            for at, name in enumerate(measured.names)
        },
        calibration={
            name: estimate(float(value[0]), np.concatenate([part.calibration[name] for part in drawn]))
            for name, value in once.calibration.items()
        },
    )


def in_order(visits: pd.DataFrame) -> pd.DataFrame:
    """The visits sorted by window and business, so that resamples do not depend on the order of rows.

    Raises:
        ValueError: when there is no visit, or a business is twice in a window.
    """
    frame = visits.assign(**{ENTITY: visits[ENTITY].astype(str)}).sort_values([WINDOW, ENTITY], kind="stable", ignore_index=True)
    if frame.empty:
        raise ValueError("there are no visits to judge by")
    twice = frame.duplicated([WINDOW, ENTITY])
    if twice.any():
        row = frame[twice].iloc[0]
        raise ValueError(f"{row[ENTITY]} is twice in the window of {row[WINDOW]}")
    return frame


@single_threaded_blas
def evaluate(
    y: npt.ArrayLike,
    days: npt.ArrayLike,
    scores: Mapping[str, npt.ArrayLike],
    *,
    capacity: int,
    seed: int,
    probability: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Every order's metrics on one window, without intervals.

    Args:
        y: 0 or 1, shape (n,).
        days: the day of each visit.
        scores: by name, larger is visited first; the model first, then its rivals.
        capacity: visits for precision, recall and lift.
        seed: of the random order.
        probability: the first order's calibrated probability, for its calibration metrics.

    Returns:
        Indexed by order: the given ones, ``as it was`` (the visits' own days), ``random`` (one seeded draw) and ``random
        expected``. One column a metric; those of calibration are filled for the first order only.

    Raises:
        ValueError: when there is no visit, lengths differ, a score is not finite, or the capacity is not positive.
    """
    if not capacity > 0:
        raise ValueError(f"the capacity must be positive, not {capacity}")
    outcome, on = np.asarray(y, dtype=np.float64), np.asarray(days, dtype="datetime64[D]")
    orders = {name: np.asarray(score, dtype=np.float64) for name, score in scores.items()}
    orders[AS_IT_WAS] = _as_it_was(on)
    orders["random"] = np.random.default_rng(seed).permutation(len(outcome)).astype(np.float64)
    orders[RANDOM] = np.zeros(len(outcome))
    once, metrics = np.ones((1, len(outcome))), ranking_metrics(min(capacity / max(len(outcome), 1), 1.0))
    counts = {name: count(rank(outcome, score, on), once) for name, score in orders.items()}
    table = pd.DataFrame(
        {name: {label: float(metric(order)[0]) for label, metric in metrics.items()} for name, order in counts.items()}
    ).T
    for label in ("brier", "calibration_slope", "calibration_intercept", "observed_over_expected"):
        table[label] = np.nan
    if probability is not None and scores:
        calibration = calibration_metrics(np.asarray(probability, dtype=np.float64), outcome, once)
        table.loc[next(iter(scores)), list(calibration)] = [float(value[0]) for value in calibration.values()]
    return table


@dataclass(frozen=True)
class _Drawn:
    """Metrics under d weightings.

    Attributes:
        orders: shape (d, windows, orders, metrics).
        curves: shape (d, windows, orders, points of the curve).
        visits: shape (d, windows).
        calibration: each of shape (d,).
    """

    orders: Floats
    curves: Floats
    visits: Floats
    calibration: Mapping[str, Floats]


@dataclass(frozen=True)
class _Measured:
    """Visits ready to be weighted: the rows of each window, and each window's orders."""

    names: tuple[str, ...]
    windows: tuple[object, ...]
    rows: tuple[Ints, ...]
    ranked: tuple[tuple[Ranked, ...], ...]
    metrics: Mapping[str, Metric]
    share: float
    outcome: Floats
    predicted: Floats

    @classmethod
    def of(cls, frame: pd.DataFrame, names: tuple[str, ...], share: float) -> _Measured:
        """Put each window's visits into each order."""
        days = pd.to_datetime(frame[DAY]).to_numpy().astype("datetime64[D]")
        scores = frame.copy()
        scores[RANDOM], scores[AS_IT_WAS] = 0.0, _as_it_was(days)
        outcome, predicted = frame[FOUND].to_numpy(dtype=np.float64), frame[PREDICTED].to_numpy(dtype=np.float64)
        groups = frame.groupby(WINDOW, sort=True).indices
        rows = tuple(np.asarray(at, dtype=np.int64) for at in groups.values())
        ranked = tuple(
            tuple(rank(outcome[at], scores[name].to_numpy(dtype=np.float64)[at], days[at], predicted[at]) for name in names)
            for at in rows
        )
        return cls(names, tuple(groups), rows, ranked, ranking_metrics(share), share, outcome, predicted)

    def figures(self, weights: Floats) -> _Drawn:
        """All metrics under each weighting of all rows, shape (d, rows)."""
        shape = (len(weights), len(self.rows), len(self.names))
        orders, curves = np.empty((*shape, len(self.metrics))), np.empty((*shape, len(CURVE)))
        visits = np.stack([weights[:, rows].sum(axis=1) for rows in self.rows], axis=1)
        observed, expected = np.zeros(len(weights)), np.zeros(len(weights))
        for number, (rows, ranked) in enumerate(zip(self.rows, self.ranked, strict=True)):
            of_window = weights[:, rows]
            for at, order in enumerate(ranked):
                counts = count(order, of_window)
                for label, metric in enumerate(self.metrics.values()):
                    orders[:, number, at, label] = metric(counts)
                curves[:, number, at] = gain(counts, CURVE)
                if at == 0 and not np.isnan(order.predicted).any():
                    observed += within(counts, counts.found_until, (self.share,))[:, 0]
                    expected += within(counts, running_sum(counts.predicted), (self.share,))[:, 0]
        is_predicted = np.isfinite(self.predicted)
        if not is_predicted.any():
            return _Drawn(orders, curves, visits, {})
        calibration = calibration_metrics(self.predicted[is_predicted], self.outcome[is_predicted], weights[:, is_predicted])
        return _Drawn(orders, curves, visits, {**calibration, AT_CAPACITY: ratio(observed, expected)})


def _as_it_was(days: npt.NDArray[np.datetime64]) -> Floats:
    return -days.astype(np.int64).astype(np.float64)
