"""Selective labels: only the visited have an outcome, and they were visited for reasons. What each label should count.

Where the probability of a visit is known by design, a label counts its inverse (Hájek 1971); of the others, the inverse of a
modelled propensity (Rosenbaum and Rubin 1983) to be visited for another reason. The two arms are two estimates of one population,
so each is brought to the number of labels that it is worth, (Σw)² / Σw² (Kish 1965), before they are put together (Hartley 1962).
Weights beyond a stated cap are cut, which trades a little bias for much variance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from expectations.contracts.scoring import MARGIN, PROBABILITY
from models.evaluation.agreement import agreement
from models.inputs import Floats, Ints, matrix
from models.risk.boosting import STUMPS, fit_booster
from models.risk.calibration import sigmoid
from models.statistics.time_splits import FOLDS, entity_folds
from models.threads import parallel_map

KNOWN, MODELLED, NONE = "known inclusion probabilities", "a modelled propensity of being visited", "none"
ROUNDS = 100
FEWEST = 50
"""A propensity is not modelled where somebody was sent to fewer, or to all but fewer, than this."""


@dataclass(frozen=True)
class LabelWeights:
    """What the labels count.

    Attributes:
        weight: shape (n,), positive, mean 1.
        by: what it rests on: known probabilities, a modelled propensity, both, or nothing.
        cap: no weight is more than so many times what the mean of its arm was before any was cut.
        capped: how many were cut to it.
        effective: how many equally weighted labels the labels are worth.
        known: how many have a known inclusion probability.
    """

    weight: Floats
    by: str
    cap: float
    capped: int
    effective: float
    known: int


def label_weights(inclusion: Floats, propensity: Floats | None, *, cap: float) -> LabelWeights:
    """Weigh labels.

    Args:
        inclusion: the probability with which each labelled entity was drawn, in (0, 1], shape (n,); NaN where unknown.
        propensity: the modelled probability of being visited for another reason than a draw, in (0, 1], shape (n,), read where
            the other is unknown; None where it could not be modelled: those labels count alike.
        cap: times an arm's mean weight; at least 1.

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
        # An arm counts as much as the labels that it is worth.
        weight[arm] *= effective_size(weight[arm]) / weight[arm].sum()
    if len(weight):
        weight = weight / weight.mean()
    return LabelWeights(weight, " and ".join(sources) or NONE, cap, capped, effective_size(weight), int(known.sum()))


def effective_size(weight: Floats) -> float:
    """(Σw)² / Σw², the number of equal weights that have the same variance (Kish 1965); 0 for none."""
    return float(weight.sum() ** 2 / (weight @ weight)) if len(weight) else 0.0


def weighting_effect(weighted: pd.DataFrame, plain: pd.DataFrame) -> dict[str, float]:
    """How scores move when labels are weighed: the same entities scored by the model and by one that took the visited for all.

    Args:
        weighted, plain: ``margin`` and ``probability`` of the same entities, in the same order.

    Returns:
        The mean probability by either, the correlation of ranks, and the share of the riskiest tenth that both name.
    """
    tenth = max(len(weighted) // 10, 1)
    found = agreement(weighted[MARGIN].to_numpy(), plain[MARGIN].to_numpy(), at=tenth)
    return {
        "mean_probability": float(weighted[PROBABILITY].mean()),
        "mean_probability_unweighted": float(plain[PROBABILITY].mean()),
        "rank_correlation": 1.0 if np.isnan(found.correlation) else found.correlation,
        "shared_riskiest_tenth": found.shared / tenth,
    }


def fit_propensity(
    X: pd.DataFrame, sent: Floats, share: Floats, entity: npt.ArrayLike, columns: tuple[str, ...], *, seed: int, threads: int = 1
) -> Floats | None:
    """The probability that somebody is sent to an entity, from its indicators: boosted single splits, without directions.

    Each third of the businesses is told by a fit on the others (cross-fitting; Chernozhukov et al. 2018, "Double/debiased machine
    learning for treatment and structural parameters"): a fit knows its own rows too well, and would make the visited too light.

    Args:
        X: rows of entities visited and not visited, shape (n, k), in an order of their own.
        sent: whether a visit followed for another reason than a draw, 0 or 1, shape (n,). Who was drawn is none of those: those
            labels count by the draw's own probability, and the modelled arm holds the others alone.
        share: the share with which such rows were kept of all there are, in (0, 1], shape (n,).
        entity: each row's entity, shape (n,).
        columns: the columns to read.
        seed: of the columns' draw.
        threads: threads of LightGBM.

    Returns:
        Probabilities of shape (n,), or None where somebody was sent to fewer than 50, or to all but fewer than 50, or where the
        entities are too few for thirds that hold both.
    """
    folds = entity_folds(np.asarray(entity, dtype=object), sent)
    if min(sent.sum(), len(sent) - sent.sum()) < FEWEST or len(folds) < FOLDS:
        return None
    rows, weight, propensity = matrix(X, columns), 1 / share, np.empty(len(sent))

    def told(fold: tuple[Ints, Ints]) -> Floats:
        fitted_on, held = fold
        booster = fit_booster(
            rows[fitted_on],
            sent[fitted_on],
            weight[fitted_on] / weight[fitted_on].mean(),
            (0,) * len(columns),
            growth=STUMPS,
            rounds=ROUNDS,
            seed=seed,
            threads=threads,
        )
        return np.maximum(sigmoid(booster.margin(rows[held])), 1e-6)

    for (_, held), of_third in zip(folds, parallel_map(told, folds), strict=True):
        propensity[held] = of_third
    return propensity
