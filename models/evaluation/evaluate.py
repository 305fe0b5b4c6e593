"""How good an order of visits is, judged on visits that were made, beside the orders anybody could have had.

A window is one day of scoring and the visits that followed it. Scores of different days' models are not on one scale, so an order
is judged within each window and the windows' figures are averaged; probabilities are on one scale, so all windows' promises are
judged together. Intervals are of whole businesses drawn again over all windows at once (:mod:`models.evaluation.bootstrap`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.evaluation.bootstrap import Estimate, businesses, draw_weights, estimate, mean_known
from models.evaluation.calibration_metrics import calibration_metrics
from models.evaluation.ranking_metrics import Measure, Ranked, count, gain, rank, ranking_metrics, running_sum, within
from models.inputs import Floats, Ints
from models.threads import single_threaded_blas

WINDOW, ENTITY, DAY, FOUND, PROMISED = "as_of", "entity_id", "day", "found", "probability"
"""Columns of the visits that are judged; each order's score is a column of its own name."""
RANDOM, AS_IT_WAS = "random expected", "as it was"
CURVE = tuple(step / 20 for step in range(1, 21))
"""Shares of the visits at which the gain curve is drawn."""
AT_CAPACITY = "observed_over_expected_at_capacity"

Figures = Mapping[str, Estimate]


@dataclass(frozen=True)
class Evaluation:
    """What a model was worth beside other orders.

    Attributes:
        orders: each order's measures, means over the windows.
        leads: the model's measures less those of each other order.
        windows: the orders' measures in each window.
        curve: the share of violations that each order finds within each share of the visits of :data:`CURVE`.
        promises: what the model's probabilities were worth; empty where it gave none.
    """

    orders: Mapping[str, Figures]
    leads: Mapping[str, Figures]
    windows: Mapping[object, Mapping[str, Figures]]
    curve: Mapping[str, tuple[Estimate, ...]]
    promises: Figures


@single_threaded_blas
def evaluate_orders(visits: pd.DataFrame, orders: Sequence[str], *, share: float, draws: int, seed: int) -> Evaluation:
    """Judge orders of the same visits, each measure with a 95 % interval.

    Args:
        visits: ``as_of`` (the window), ``entity_id``, ``day``, ``found`` (0 or 1), ``probability`` (NaN where the model gave
            none) and a column of scores an order, larger visited first; a business once a window, in any order of rows.
        orders: names of those columns, the model's first. ``random expected`` and ``as it was`` are added.
        share: the share of a window's visits within capacity.
        draws: bootstrap draws.
        seed: of the draws.

    Raises:
        ValueError: when there is no visit, a business is twice in a window, an outcome is neither 0 nor 1, or a score is not
            finite.
    """
    frame = in_order(visits)
    measured = _Measured.of(frame, (*orders, RANDOM, AS_IT_WAS), share)
    business, _ = businesses(frame[ENTITY])
    once = measured.figures(np.ones((1, len(frame))))
    drawn = [measured.figures(weights) for weights in draw_weights(business, draws=draws, seed=seed)]
    orders_drawn = np.concatenate([part.orders for part in drawn])
    whole, wholes = mean_known(once.orders, 1)[0], mean_known(orders_drawn, 1)
    curves, curves_drawn = mean_known(once.curves, 1)[0], mean_known(np.concatenate([part.curves for part in drawn]), 1)

    def figures(value: Floats, values: Floats) -> dict[str, Estimate]:
        return {name: estimate(float(value[at]), values[:, at]) for at, name in enumerate(measured.measures)}

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
        promises={
            name: estimate(float(value[0]), np.concatenate([part.promises[name] for part in drawn]))
            for name, value in once.promises.items()
        },
    )


def in_order(visits: pd.DataFrame) -> pd.DataFrame:
    """The visits by window and business, so that the order they came in draws no other sample.

    Raises:
        ValueError: when there is none, or a business is twice in a window.
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
    """Every order's figures on one window, without intervals, one row an order.

    Args:
        y: 0 or 1, shape (n,).
        days: the day of each visit.
        scores: by name, larger is visited first; put the model, its rivals and a past-record score here.
        capacity: visits for precision, recall and lift.
        seed: of the random order.
        probability: the first order's calibrated probability, for what promises are worth.

    Returns:
        Indexed by order: the given ones, ``as it was`` (the visits' own days), ``random`` (one seeded draw) and ``random
        expected``. A column a measure; those of promises are filled for the first order alone.

    Raises:
        ValueError: when there is no visit, lengths differ, a score is not finite, or the capacity is not positive.
    """
    if not capacity > 0:
        raise ValueError(f"the capacity must be positive, not {capacity}")
    found, on = np.asarray(y, dtype=np.float64), np.asarray(days, dtype="datetime64[D]")
    orders = {name: np.asarray(score, dtype=np.float64) for name, score in scores.items()}
    orders[AS_IT_WAS] = _as_it_was(on)
    orders["random"] = np.random.default_rng(seed).permutation(len(found)).astype(np.float64)
    orders[RANDOM] = np.zeros(len(found))
    once, measures = np.ones((1, len(found))), ranking_metrics(min(capacity / max(len(found), 1), 1.0))
    counted = {name: count(rank(found, score, on), once) for name, score in orders.items()}
    table = pd.DataFrame(
        {name: {label: float(measure(order)[0]) for label, measure in measures.items()} for name, order in counted.items()}
    ).T
    for label in ("brier", "calibration_slope", "calibration_intercept", "observed_over_expected"):
        table[label] = np.nan
    if probability is not None and scores:
        promises = calibration_metrics(np.asarray(probability, dtype=np.float64), found, once)
        table.loc[next(iter(scores)), list(promises)] = [float(value[0]) for value in promises.values()]
    return table


@dataclass(frozen=True)
class _Drawn:
    """Figures under d weightings.

    Attributes:
        orders: shape (d, windows, orders, measures).
        curves: shape (d, windows, orders, points of the curve).
        promises: each of shape (d,).
    """

    orders: Floats
    curves: Floats
    promises: Mapping[str, Floats]


@dataclass(frozen=True)
class _Measured:
    """Visits that are ready to be weighted: rows of each window, and each window's orders."""

    names: tuple[str, ...]
    windows: tuple[object, ...]
    rows: tuple[Ints, ...]
    ranked: tuple[tuple[Ranked, ...], ...]
    measures: Mapping[str, Measure]
    share: float
    found: Floats
    promised: Floats

    @classmethod
    def of(cls, frame: pd.DataFrame, names: tuple[str, ...], share: float) -> _Measured:
        """Put each window's visits into each order."""
        days = pd.to_datetime(frame[DAY]).to_numpy().astype("datetime64[D]")
        scores = frame.copy()
        scores[RANDOM], scores[AS_IT_WAS] = 0.0, _as_it_was(days)
        found, promised = frame[FOUND].to_numpy(dtype=np.float64), frame[PROMISED].to_numpy(dtype=np.float64)
        groups = frame.groupby(WINDOW, sort=True).indices
        rows = tuple(np.asarray(at, dtype=np.int64) for at in groups.values())
        ranked = tuple(
            tuple(rank(found[at], scores[name].to_numpy(dtype=np.float64)[at], days[at], promised[at]) for name in names)
            for at in rows
        )
        return cls(names, tuple(groups), rows, ranked, ranking_metrics(share), share, found, promised)

    def figures(self, weights: Floats) -> _Drawn:
        """All figures under each weighting of all rows, shape (d, rows)."""
        shape = (len(weights), len(self.rows), len(self.names))
        orders, curves = np.empty((*shape, len(self.measures))), np.empty((*shape, len(CURVE)))
        observed, expected = np.zeros(len(weights)), np.zeros(len(weights))
        for number, (rows, ranked) in enumerate(zip(self.rows, self.ranked, strict=True)):
            of_window = weights[:, rows]
            for at, order in enumerate(ranked):
                counted = count(order, of_window)
                for label, measure in enumerate(self.measures.values()):
                    orders[:, number, at, label] = measure(counted)
                curves[:, number, at] = gain(counted, CURVE)
                if at == 0 and not np.isnan(order.promised).any():
                    observed += within(counted, counted.found_until, (self.share,))[:, 0]
                    expected += within(counted, running_sum(counted.promised), (self.share,))[:, 0]
        has_promise = np.isfinite(self.promised)
        if not has_promise.any():
            return _Drawn(orders, curves, {})
        promises = calibration_metrics(self.promised[has_promise], self.found[has_promise], weights[:, has_promise])
        ratio = np.divide(observed, expected, out=np.full(len(weights), np.nan), where=expected > 0)
        return _Drawn(orders, curves, {**promises, AT_CAPACITY: ratio})


def _as_it_was(days: npt.NDArray[np.datetime64]) -> Floats:
    return -days.astype(np.int64).astype(np.float64)
