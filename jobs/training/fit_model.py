"""Fit a model on a training set with the settings of a profile."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pandas as pd

from expectations.contracts import inspection
from expectations.contracts.lineage import ENTITY_ID, KNOWN_AT
from jobs.profile.profile import Profile
from models.anomaly.anomaly_model import AnomalyModel
from models.foundation.threads import single_threaded_blas
from models.labels.cohorts import COHORT_ON
from models.labels.propensity import selection_reasons, weigh_labels
from models.labels.training_set import TrainingSet
from models.risk.candidates import CANDIDATES
from models.risk.interval import IntervalPolicy
from models.risk_model import RiskModel, fit_risk_model


@single_threaded_blas
def fit(
    known: TrainingSet,
    profile: Profile,
    rows: np.ndarray | None = None,
    *,
    is_weighted: bool = True,
    candidates: tuple[str, ...] = CANDIDATES,
    anomaly: AnomalyModel | None = None,
) -> RiskModel:
    """Fit on all labelled rows, or on those that ``rows`` marks.

    Args:
        rows: a mask of the labelled rows, shape (n,).
        is_weighted: false to give every visit the weight 1 and to ignore why it was made, as if visits were a random sample.
        candidates: the kinds of model to choose from.
        anomaly: the anomaly model of the same population, where it was fitted before.
    """
    labels, features = (known.labels, known.features) if rows is None else (known.labels[rows], known.features[rows])
    known_on = known.known_on(profile.time_zone)
    training, certainty = profile.training, profile.certainty
    weights = None
    if is_weighted and len(labels):
        weights = weigh_labels(known, labels, features, cap=training.weight_cap, seed=training.seed)
    model = fit_risk_model(
        known.population,
        features,
        labels[inspection.FOUND_VIOLATION],
        labels[COHORT_ON],
        labels[ENTITY_ID],
        known.inputs,
        anomaly_weight=profile.scoring.anomaly_weight,
        minimum_labels=training.minimum_labels,
        minimum_positives=training.minimum_positives,
        seed=training.seed,
        interval=IntervalPolicy(certainty.level, certainty.fresh_days, certainty.half_life_days),
        known_on=known_on if rows is None else known_on[rows],
        weight=None if weights is None else weights.weight,
        inspector=labels[inspection.INSPECTOR_ID],
        reason=selection_reasons(labels) if is_weighted else None,
        candidates=candidates,
        share=profile.evaluation.capacity_share,
        anomaly=anomaly,
        follow_ups=_known_with(known.follow_ups, labels),
    )
    model = replace(model, facts={**model.facts, "labels_share": known.labels_share})
    if weights is None or model.facts["kind"] != "learnt":
        return model
    weighting = {name: value for name, value in asdict(weights).items() if name != "weight"}
    return replace(model, facts={**model.facts, "weights": weighting})


def _known_with(follow_ups: pd.DataFrame | None, labels: pd.DataFrame) -> pd.DataFrame | None:
    """The follow-ups whose results were known no later than the newest label."""
    if follow_ups is None or labels.empty:
        return None
    known, newest = (pd.to_datetime(of[KNOWN_AT], utc=True) for of in (follow_ups, labels))
    return follow_ups[known <= newest.max()]
