"""Metrics of a model by group of businesses: by region, industry, legal form or reason of the visit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.evaluation.bootstrap import Estimate, businesses, draw_weights, estimate
from models.evaluation.evaluate import DAY, ENTITY, FOUND, PREDICTED, WINDOW, in_order
from models.evaluation.ranking_metrics import count, pairs_in_order, rank, ratio
from models.foundation.inputs import Floats, Ints
from models.foundation.threads import single_threaded_blas

OTHERS = "*"
"""The code of all groups that are too small, or too many, to be shown alone."""
UNKNOWN = ""
FEWEST_VISITS = 30
MOST_GROUPS = 12


@dataclass(frozen=True)
class Group:
    """Metrics of a model for one group, over all windows.

    Attributes:
        code: the group's code; :data:`OTHERS` for the rest, :data:`UNKNOWN` where it is unknown.
        visits: number of visits.
        found: number of visits with a violation.
        figures: ``rate`` (share of visits with a violation), ``auc`` (among the group's visits), ``observed_over_expected``,
            ``within_capacity`` (share of its visits that the model would make within capacity) and ``recall`` (share of its
            violations that those find).
    """

    code: str
    visits: int
    found: int
    figures: Mapping[str, Estimate]


@single_threaded_blas
def evaluate_groups(
    visits: pd.DataFrame, model: str, kind: str, *, share: float, resamples: int, seed: int, counts: str | None = None
) -> tuple[Group, ...]:
    """Evaluate a model by group, with 95 % intervals by business; the largest group first, the others together last.

    Margins of different windows' models are not on one scale, so the AUC compares only visits of one window.

    Args:
        visits: as for :func:`models.evaluation.evaluate.evaluate_orders`.
        model: the column of the model's scores.
        kind: the column of the groups' codes.
        share: the share of a window's visits within capacity.
        counts: the column of each visit's weight, positive; None for equal weights.
    """
    frame = in_order(visits)
    visit_weights = np.ones(len(frame)) if counts is None else frame[counts].to_numpy(dtype=np.float64)
    business, _ = businesses(frame[ENTITY])
    code = _codes(frame[kind].fillna(UNKNOWN).astype(str))
    score, window = frame[model].to_numpy(dtype=np.float64), frame[WINDOW].to_numpy()
    within = _within_capacity(frame, model, share)
    outcome, predicted = frame[FOUND].to_numpy(dtype=np.float64), frame[PREDICTED].to_numpy(dtype=np.float64)
    days = pd.to_datetime(frame[DAY]).to_numpy()
    names = sorted(code.unique(), key=lambda name: (name == OTHERS, -int((code == name).sum()), name))
    rows = {name: np.flatnonzero((code == name).to_numpy()) for name in names}

    def pairs(at: Ints, weights: Floats) -> Floats:
        """Pairs of visits of one window, summed over the windows."""
        parts = [at[window[at] == one] for one in dict.fromkeys(window[at])]
        ranked = [(part, rank(outcome[part], score[part], days[part])) for part in parts]
        both: Floats = np.sum([pairs_in_order(count(order, weights[:, part])) for part, order in ranked], axis=0)
        return both

    def figures(at: Ints, weights: Floats) -> dict[str, Floats]:
        w, y = weights[:, at], outcome[at]
        return {
            "rate": ratio(w @ y, w.sum(axis=1)),
            "auc": ratio(*pairs(at, weights)),
            "observed_over_expected": ratio(w @ y, w @ predicted[at]),
            "within_capacity": ratio(w @ within[at], w.sum(axis=1)),
            "recall": ratio(w @ (within[at] * y), w @ y),
        }

    once = {name: figures(at, visit_weights[None]) for name, at in rows.items()}
    drawn: dict[str, list[dict[str, Floats]]] = {name: [] for name in names}
    for weights in draw_weights(business, resamples=resamples, seed=seed):
        for name, at in rows.items():
            drawn[name].append(figures(at, weights * visit_weights))
    return tuple(
        Group(
            name,
            len(rows[name]),
            int(outcome[rows[name]].sum()),
            {
                label: estimate(float(value[0]), np.concatenate([part[label] for part in drawn[name]]))
                for label, value in once[name].items()
            },
        )
        for name in names
    )


def _codes(codes: pd.Series) -> pd.Series:
    """The codes of the largest groups; all others become :data:`OTHERS`."""
    sizes = codes.value_counts()
    ordered = sorted(sizes.index, key=lambda name: (-int(sizes[name]), name))
    shown = {name for name in ordered[:MOST_GROUPS] if sizes[name] >= FEWEST_VISITS}
    return codes.where(codes.isin(shown), OTHERS)


def _within_capacity(frame: pd.DataFrame, model: str, share: float) -> Floats:
    """The probability that each visit is within its window's capacity when ties are broken at random."""
    size = frame.groupby(WINDOW)[model].transform("size").to_numpy(dtype=np.float64)
    last = frame.groupby(WINDOW)[model].rank(ascending=False, method="max").to_numpy()
    first = frame.groupby(WINDOW)[model].rank(ascending=False, method="min").to_numpy()
    return np.asarray(np.clip((share * size - first + 1) / (last - first + 1), 0.0, 1.0))
