"""Compare a model with weighted labels, and the same model without weights, with the truth of a simulated world."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from expectations.contracts.lineage import AS_OF, ENTITY_ID
from expectations.contracts.registration import STATUS
from expectations.contracts.scoring import MARGIN, PROBABILITY, RISK_LIST
from expectations.contracts.silver import INSPECTION
from jobs.engine.lake import Lake
from jobs.lake.model_store import ModelStore
from jobs.profile.profile import Profile
from jobs.run_day import run_day
from jobs.steps.known_entities import active_ids, known_entities
from jobs.steps.score_entities import read_features
from jobs.training.fit_model import fit
from jobs.training.gather_training_set import training_set
from models.evaluation.calibration_metrics import calibration_metrics
from simulation.assessment.assess import industries_of
from simulation.assessment.truth import chance_of_finding, read_truth, violating_on
from simulation.world.industries import minor_breach_rates

WEIGHTED, UNWEIGHTED = "weighted", "unweighted"
VIOLATES, WOULD_FIND = "violates", "would_find"
MAY_BE_LISTED, NOT_YET_FOUND, ALL_KNOWN = "may be listed", "not yet found", "everybody known"
GROUPS = (MAY_BE_LISTED, NOT_YET_FOUND, ALL_KNOWN)
"""Entities evaluated: those that the day could list, those of them without a finding, and all, with revoked and suspended ones."""
LOWEST, HIGHEST = 0.9, 1.1
"""Target range of slope and found ÷ expected."""


def compare(lake: Lake, profile: Profile, world: Path, as_of: date) -> dict[str, Any]:
    """Run the world's day, fit the model without weights too, and compare both models' probabilities with the truth."""
    run_day(lake, profile, world / "sources", as_of)
    at = lake.arrow(RISK_LIST, columns=[str(ENTITY_ID)], where=f"{AS_OF} = '{as_of}'").num_rows
    known = training_set(lake, profile, as_of)
    features = read_features(lake, as_of)
    truth = true_chances(lake, world / "truth", as_of)
    found = lake.arrow(INSPECTION, columns=[str(ENTITY_ID)], where="found_violation").to_pandas()[ENTITY_ID]
    active = active_ids(known_entities(lake, profile, as_of, (ENTITY_ID, STATUS)), profile)
    figures: dict[str, Any] = {"listed": at, "labels": len(known.labels), "violating": int(truth[VIOLATES].sum())}
    store = ModelStore(lake.home)
    trained = str(store.newest(as_of))
    plain = fit(known, profile, is_weighted=False)
    models = ((WEIGHTED, store.get(trained), store.facts(trained)), (UNWEIGHTED, plain, plain.facts))
    for name, model, facts in models:
        scored = model.score(features).assign(**{str(ENTITY_ID): features[ENTITY_ID]})
        joined = truth.merge(scored, on=str(ENTITY_ID), how="inner")
        figures[name] = {"champion": facts["champion"], **by_group(joined, active, found, at)}
    return figures


def true_chances(lake: Lake, truth_folder: Path, as_of: date) -> pd.DataFrame:
    """The truth of each entity that had not closed by the day; an unknown industry has the mean rate of minor breaches.

    Returns:
        ``entity_id, violates`` (bool), ``would_find`` (a probability), sorted by ``entity_id``.
    """
    truth = read_truth(truth_folder)
    frame = truth.select([str(ENTITY_ID), "closed_on"]).to_pandas()
    frame[VIOLATES] = violating_on(truth, as_of)
    is_open = frame["closed_on"].isna() | (pd.to_datetime(frame["closed_on"]) > pd.Timestamp(as_of))
    chance = chance_of_finding(frame[VIOLATES].to_numpy(), frame[ENTITY_ID].map(industries_of(lake)))
    frame[WOULD_FIND] = np.where(np.isnan(chance), np.mean(list(minor_breach_rates().values())), chance)
    return frame[is_open].sort_values(ENTITY_ID)[[str(ENTITY_ID), VIOLATES, WOULD_FIND]].reset_index(drop=True)


def by_group(scored: pd.DataFrame, active: pd.Index, found: pd.Series, at: int) -> dict[str, dict[str, float]]:
    """The measures of each group of :data:`GROUPS`.

    Args:
        scored: all known entities, with the truth.
        active: entities that the day could list.
        found: entities with a finding.
        at: number of entities within capacity.
    """
    may_be_listed = scored[scored[ENTITY_ID].isin(active)]
    groups = (may_be_listed, may_be_listed[~may_be_listed[ENTITY_ID].isin(found)], scored)
    return {who: measures(one, at) for who, one in zip(GROUPS, groups, strict=True)}


def measures(scored: pd.DataFrame, at: int) -> dict[str, float]:
    """Calibration over the entities, and found ÷ expected findings of visits to the first ``at``."""
    p = scored[PROBABILITY].to_numpy(dtype=np.float64)
    truth = scored[WOULD_FIND].to_numpy(dtype=np.float64)
    calibration = calibration_metrics(p, truth, np.ones((1, len(p))))
    first = np.argsort(-scored[MARGIN].to_numpy(dtype=np.float64), kind="stable")[:at]
    return {
        "slope": round(float(calibration["calibration_slope"][0]), 4),
        "intercept": round(float(calibration["calibration_intercept"][0]), 4),
        "observed_to_expected": round(float(truth[first].sum() / p[first].sum()), 4),
        "observed_to_expected_of_all": round(float(calibration["observed_over_expected"][0]), 4),
        "roc_auc": round(float(roc_auc_score(scored[VIOLATES], scored[MARGIN])), 4),
    }


def is_calibrated(figures: dict[str, float]) -> bool:
    """Whether both figures are in the target range."""
    return all(LOWEST <= figures[name] <= HIGHEST for name in ("slope", "observed_to_expected"))
