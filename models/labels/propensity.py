"""Label weights: only visited entities have an outcome, and they were visited for reasons.

Where the inclusion probability is known by design, a label weighs its inverse (Hájek 1971). Other labels weigh the inverse of a
modelled propensity (Rosenbaum and Rubin 1983) to be visited for another reason than a random draw. The two arms are two estimates
of one population, so each arm weighs as much as its effective sample size, (Σw)² / Σw² (Kish 1965), when they are combined
(Hartley 1962). Weights beyond a cap are cut: a little bias for much less variance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from expectations.contracts.inspection import INCLUSION_PROBABILITY, SELECTED_BY
from expectations.contracts.lineage import ENTITY_ID
from models.foundation.inputs import Floats, Ints, matrix
from models.foundation.threads import parallel_map
from models.labels.cohorts import COHORT_ON
from models.labels.training_set import TrainingSet
from models.risk.boosting import STUMPS, fit_booster
from models.risk.calibration import sigmoid
from models.risk.selection_bias import RANDOM
from models.statistics.time_splits import FOLDS, entity_folds

KNOWN, MODELLED, NONE = "known inclusion probabilities", "a modelled propensity of being visited", "none"
ROUNDS = 100
FEWEST = 50
"""A propensity is modelled only with at least so many targeted rows and as many others."""


@dataclass(frozen=True)
class LabelWeights:
    """The weights of the labels.

    Attributes:
        weight: shape (n,), positive, mean 1.
        by: the basis of the weights: known probabilities, a modelled propensity, both, or nothing.
        cap: the largest weight, as a multiple of its arm's mean weight before any cut.
        capped: number of weights that were cut.
        effective: effective sample size.
        known: number of labels with a known inclusion probability.
    """

    weight: Floats
    by: str
    cap: float
    capped: int
    effective: float
    known: int


def weigh_labels(known: TrainingSet, labels: pd.DataFrame, features: pd.DataFrame, *, cap: float, seed: int) -> LabelWeights:
    """Weigh labels by the inverse probability that their entity is visited.

    Args:
        known: the training set, with unvisited entities of the same cohorts.
        labels, features: rows of ``known``, all or some.
        cap: as for :func:`label_weights`.
    """
    inclusion = known_inclusion(labels)
    propensity = None
    if known.unvisited is not None and np.isnan(inclusion).any():
        rest = known.unvisited[known.unvisited[COHORT_ON] <= labels[COHORT_ON].max()]
        both = pd.concat([features, rest], ignore_index=True)
        # Drawn entities were not targeted: the model describes how the other labels came about.
        targeted = np.concatenate([np.isnan(inclusion).astype(np.float64), np.zeros(len(rest))])
        share = np.repeat([known.labels_share, known.share], [len(features), len(rest)])
        # A fit depends on the order of its rows, so they are sorted independently of who was visited.
        order = np.lexsort((both[ENTITY_ID].to_numpy(dtype=str), both[COHORT_ON].to_numpy()))
        rows = both.iloc[order]
        fitted = fit_propensity(rows, targeted[order], share[order], rows[ENTITY_ID], known.inputs.columns, seed=seed)
        propensity = None if fitted is None else fitted[np.argsort(order)[: len(features)]]
    return label_weights(inclusion, propensity, cap=cap)


def label_weights(inclusion: Floats, propensity: Floats | None, *, cap: float) -> LabelWeights:
    """Compute weights from probabilities.

    Args:
        inclusion: each labelled entity's probability to be drawn, in (0, 1], shape (n,); NaN where unknown.
        propensity: the modelled probability to be visited for another reason, in (0, 1], shape (n,), used where ``inclusion`` is
            unknown; None where it could not be modelled: these labels have equal weights.
        cap: largest multiple of an arm's mean weight; at least 1.

    Raises:
        ValueError: when the cap is below 1 or a probability is not in (0, 1].
    """
    if not cap >= 1:
        raise ValueError(f"the cap of weights must be 1 or more, not {cap}")
    known = ~np.isnan(inclusion)
    weight, capped, sources = np.ones(len(inclusion)), 0, []
    for arm, probability, by in ((known, inclusion, KNOWN), (~known, propensity, MODELLED)):
        if not arm.any():
            continue
        if probability is not None:
            given = probability[arm]
            if not ((given > 0) & (given <= 1)).all():
                raise ValueError("a probability of being visited must be above 0 and at most 1")
            raw = 1 / given
            most = cap * raw.mean()
            capped += int((raw > most).sum())
            weight[arm] = np.minimum(raw, most)
            sources.append(by)
        weight[arm] *= effective_size(weight[arm]) / weight[arm].sum()
    if len(weight):
        weight = weight / weight.mean()
    return LabelWeights(weight, " and ".join(sources) or NONE, cap, capped, effective_size(weight), int(known.sum()))


def effective_size(weight: Floats) -> float:
    """The effective sample size (Σw)² / Σw² (Kish 1965); 0 for no rows."""
    return float(weight.sum() ** 2 / (weight @ weight)) if len(weight) else 0.0


def fit_propensity(
    X: pd.DataFrame,
    targeted: Floats,
    share: Floats,
    entity: npt.ArrayLike,
    columns: tuple[str, ...],
    *,
    seed: int,
    threads: int = 1,
) -> Floats | None:
    """The probability of a targeted visit, from the indicators: boosted single splits without monotone directions.

    Each third of the businesses is predicted by a fit on the others (cross-fitting; Chernozhukov et al. 2018, "Double/debiased
    machine learning for treatment and structural parameters"): a fit overestimates its own rows and would weigh them too little.

    Args:
        X: rows of visited and unvisited entities, shape (n, k), in an order that does not depend on who was visited.
        targeted: 1 where a visit followed for another reason than a draw, else 0, shape (n,). Drawn entities count as 0: their
            labels weigh by the draw's own probability.
        share: the share of such rows that was sampled, in (0, 1], shape (n,).
        entity: each row's entity, shape (n,).

    Returns:
        Probabilities of shape (n,); None with fewer than :data:`FEWEST` targeted or other rows, or with too few entities for
        thirds that hold both.
    """
    folds = entity_folds(np.asarray(entity, dtype=object), targeted)
    if min(targeted.sum(), len(targeted) - targeted.sum()) < FEWEST or len(folds) < FOLDS:
        return None
    rows, weight, propensity = matrix(X, columns), 1 / share, np.empty(len(targeted))

    def predict(fold: tuple[Ints, Ints]) -> Floats:
        fitted_on, held_out = fold
        booster = fit_booster(
            rows[fitted_on],
            targeted[fitted_on],
            weight[fitted_on] / weight[fitted_on].mean(),
            (0,) * len(columns),
            growth=STUMPS,
            rounds=ROUNDS,
            seed=seed,
            threads=threads,
        )
        return np.maximum(sigmoid(booster.margin(rows[held_out])), 1e-6)

    for (_, held_out), predicted in zip(folds, parallel_map(predict, folds), strict=True):
        propensity[held_out] = predicted
    return propensity


def known_inclusion(labels: pd.DataFrame) -> Floats:
    """Each label's known inclusion probability, shape (n,); NaN where it was not drawn or the probability is unknown."""
    inclusion: Floats = labels[INCLUSION_PROBABILITY].where(_is_drawn(labels)).to_numpy(dtype=np.float64, na_value=np.nan)
    return inclusion


def selection_reasons(labels: pd.DataFrame) -> pd.Series:
    """Why each was visited; a draw without a known probability becomes ``other``, since it represents no population."""
    reason = labels[SELECTED_BY]
    return reason.mask((reason == RANDOM) & ~_is_drawn(labels), "other")


def _is_drawn(labels: pd.DataFrame) -> pd.Series:
    """Which visits were drawn at random with a known probability."""
    is_drawn: pd.Series = (labels[SELECTED_BY] == RANDOM) & labels[INCLUSION_PROBABILITY].notna()
    return is_drawn
