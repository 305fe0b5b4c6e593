"""How good an order of visits is, judged on visits that were made, beside the orders anybody could have had.

``first_half_share`` and ``days_earlier`` follow Chicago's evaluation of its food inspection forecast (2015): the calendar
stays, each day keeps its number of visits, and the visits are put into the order of their scores. Every figure is an
expectation over the ways to break ties, so it never depends on the order of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from models.columns import Floats

Days = npt.NDArray[np.datetime64]
Metric = Callable[[Floats, Floats, Days], float]


def expected_found(y: Floats, score: Floats, first: float) -> float:
    """Violations expected among the ``first`` visits (a part of one allowed) in descending order of score."""
    _, group = np.unique(-score, return_inverse=True)
    size = np.bincount(group).astype(np.float64)
    found = np.bincount(group, weights=y)
    before = np.concatenate([[0.0], np.cumsum(size)[:-1]])
    share = np.clip((first - before) / size, 0.0, 1.0)
    return float(share @ found)


def auc(y: Floats, score: Floats, days: Days) -> float:  # noqa: ARG001
    """ROC-AUC; NaN where all visits ended alike."""
    return float(roc_auc_score(y, score)) if 0 < y.sum() < len(y) else float("nan")


def average_precision(y: Floats, score: Floats, days: Days) -> float:  # noqa: ARG001
    """Average precision; NaN where nothing was found."""
    return float(average_precision_score(y, score)) if y.sum() > 0 else float("nan")


def first_half_share(y: Floats, score: Floats, days: Days) -> float:  # noqa: ARG001
    """Share of all violations that the first half of the visits finds; NaN where nothing was found."""
    return expected_found(y, score, len(y) / 2) / float(y.sum()) if y.sum() > 0 else float("nan")


def days_earlier(y: Floats, score: Floats, days: Days) -> float:
    """Mean days by which violations are found earlier than they were; NaN where nothing was found."""
    if y.sum() == 0:
        return float("nan")
    actual = days.astype("datetime64[D]").astype(np.int64).astype(np.float64)
    slots = np.sort(actual)
    _, group = np.unique(-score, return_inverse=True)
    size = np.bincount(group)
    end = np.cumsum(size)
    total = np.concatenate([[0.0], np.cumsum(slots)])
    mean_slot = (total[end] - total[end - size]) / size
    return float(np.average(actual - mean_slot[group], weights=y))


def at_capacity(y: Floats, score: Floats, capacity: int) -> dict[str, float]:
    """Precision, recall and lift over a random order when only ``capacity`` visits can be made."""
    if not capacity > 0:
        raise ValueError(f"the capacity must be positive, not {capacity}")
    made = min(capacity, len(y))
    found, rate = expected_found(y, score, made), float(y.mean())
    precision = found / made
    return {
        "precision": precision,
        "recall": found / float(y.sum()) if rate > 0 else float("nan"),
        "lift": precision / rate if rate > 0 else float("nan"),
    }


METRICS: Mapping[str, Metric] = {
    "auc": auc,
    "average_precision": average_precision,
    "first_half_share": first_half_share,
    "days_earlier": days_earlier,
}


def evaluate(
    y: npt.ArrayLike,
    days: npt.ArrayLike,
    scores: Mapping[str, npt.ArrayLike],
    *,
    capacity: int,
    seed: int,
    probability: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Every order's figures on one test window, one row an order.

    Args:
        y: 0 or 1, shape (n,).
        days: the day of each visit.
        scores: by name, larger is visited first; put the model, its rivals and a past-record score here.
        capacity: visits for precision, recall and lift.
        seed: of the random order.
        probability: the model's calibrated probability, for the Brier score of the first of ``scores``.

    Returns:
        Indexed by order: the given ones, ``as it was`` (the visits' own days), ``random`` (one seeded draw) and ``random
        expected``.

    Raises:
        ValueError: when there is no visit, lengths differ or a score is not finite.
    """
    found, on = np.asarray(y, dtype=np.float64), np.asarray(days, dtype="datetime64[D]")
    orders = {name: np.asarray(score, dtype=np.float64) for name, score in scores.items()}
    if not len(found) or any(len(score) != len(found) for score in (on, *orders.values())):
        raise ValueError("there must be visits, and y, days and scores must be of one length")
    if not all(np.isfinite(score).all() for score in orders.values()):
        raise ValueError("a score is not finite")
    orders["as it was"] = -on.astype(np.int64).astype(np.float64)
    orders["random"] = np.random.default_rng(seed).permutation(len(found)).astype(np.float64)
    orders["random expected"] = np.zeros(len(found))
    table = pd.DataFrame(
        {
            name: {**{label: metric(found, score, on) for label, metric in METRICS.items()}, **at_capacity(found, score, capacity)}
            for name, score in orders.items()
        }
    ).T
    table["brier"] = np.nan
    if probability is not None and scores:
        table.loc[next(iter(scores)), "brier"] = brier_score_loss(found, np.asarray(probability, dtype=np.float64))
    return table


def paired_difference(
    metric: Metric,
    y: npt.ArrayLike,
    days: npt.ArrayLike,
    entity: npt.ArrayLike,
    better: npt.ArrayLike,
    worse: npt.ArrayLike,
    *,
    draws: int = 500,
    level: float = 0.95,
    seed: int,
) -> tuple[float, float, float]:
    """``metric(better) - metric(worse)`` on the same visits, with a percentile interval.

    Both scores are judged on the same bootstrap samples of whole entities (Efron & Tibshirani 1993), since an entity's
    visits are alike.

    Returns:
        The difference, and the interval's lower and upper end.
    """
    found, on = np.asarray(y, dtype=np.float64), np.asarray(days, dtype="datetime64[D]")
    a, b = np.asarray(better, dtype=np.float64), np.asarray(worse, dtype=np.float64)
    _, group = np.unique(np.asarray(entity).astype(str), return_inverse=True)
    # Rows in an order of their own, so that the order they came in draws no other sample.
    order = np.lexsort((b, a, found, on, group))
    found, on, a, b, group = found[order], on[order], a[order], b[order], group[order]
    start = np.searchsorted(group, np.arange(group.max() + 2))
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        picked = random.integers(0, len(start) - 1, len(start) - 1)
        rows = np.concatenate([np.arange(start[at], start[at + 1]) for at in picked])
        drawn.append(metric(found[rows], a[rows], on[rows]) - metric(found[rows], b[rows], on[rows]))
    tail = (1 - level) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail])
    return metric(found, a, on) - metric(found, b, on), float(low), float(high)
