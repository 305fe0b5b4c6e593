"""Train the model of a day when it is due: gather what is known, fit, judge, hold against the model in use, keep with its card."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta

import pandas as pd

from jobs.engine.lake import Lake
from jobs.foundation.log import stage
from jobs.incremental.staleness import inputs_fingerprint
from jobs.lake.model_store import ModelStore
from jobs.profile.profile import Profile
from jobs.training.fit_model import fit
from jobs.training.gather_training_set import build_cohort_features, training_set
from jobs.training.judge_model import Against, compare_with_model_in_use, evaluation_as_json, hold_out, judge_held_out
from models.evaluation.agreement import weighting_effect
from models.evaluation.evaluate import Evaluation
from models.labels.training_set import TrainingSet
from models.model_card import importances, model_card
from models.risk_model import RiskModel

RETRAIN_AFTER = timedelta(days=7)
_ROWS_FOR_CARD = 5_000


def train_if_due(lake: Lake, profile: Profile, as_of: date) -> None:
    """Train the model of a day when it is due, each part a logged stage."""
    if is_training_due(lake, profile, as_of):
        build_cohort_features(lake, profile, as_of)
        with stage("train") as current:
            current.note(model=train_day(lake, profile, as_of))


def is_training_due(lake: Lake, profile: Profile, as_of: date) -> bool:
    """Whether no model was trained in the week up to the day, or the data of the day it was trained for are others now."""
    store = ModelStore(lake.home)
    newest = store.last_trained(as_of)
    if newest is None:
        return True
    trained_for = date.fromisoformat(newest[:10])
    if as_of - trained_for >= RETRAIN_AFTER:
        return True
    now = inputs_fingerprint(lake, profile, trained_for)
    return now is not None and bool(store.facts(newest).get("rests_on") != now)


def train_day(lake: Lake, profile: Profile, as_of: date) -> str:
    """Train the model of a day and keep it; give its id. It comes into use unless the one in use before is better beyond noise.

    Raises:
        NothingToDo: when no entity was known that day.
        LeakedLabelError: when a label could not have been known that day.
    """
    known = training_set(lake, profile, as_of)
    sample = known.population.sample(min(len(known.population), _ROWS_FOR_CARD), random_state=profile.training.seed)
    model = _beside_unweighted(fit(known, profile), known, profile, sample)
    held_out = hold_out(lake, known, profile)
    judged = None if held_out is None else judge_held_out(held_out, known, profile)
    against = compare_with_model_in_use(ModelStore(lake.home), known, held_out, profile, as_of)
    return _keep(lake, profile, as_of, model, judged, against, sample)


def _beside_unweighted(model: RiskModel, known: TrainingSet, profile: Profile, sample: pd.DataFrame) -> RiskModel:
    """The model, with what weighing its labels did: how far scores are from those of the same model without weights."""
    if "weights" not in model.facts:
        return model
    plain = fit(known, profile, is_weighted=False, candidates=(model.facts["champion"],), anomaly=model.anomaly)
    return replace(model, facts={**model.facts, "shift": weighting_effect(model.score(sample), plain.score(sample))})


def _keep(
    lake: Lake,
    profile: Profile,
    as_of: date,
    model: RiskModel,
    judged: Evaluation | None,
    against: Against | None,
    sample: pd.DataFrame,
) -> str:
    # Beside the model, not in it: what a model is, and so its id, hangs on no other that happened to be in use.
    noted = {**model.facts} if against is None else {**model.facts, "against": asdict(against)}
    card = model_card(
        replace(model, facts=noted),
        profile=profile.name,
        as_of=str(as_of),
        evaluation=judged,
        importance=importances(model, sample),
    )
    facts = {
        **noted,
        "rests_on": inputs_fingerprint(lake, profile, as_of),
        "as_of": as_of,
        "profile": profile.name,
        "config": profile.fingerprint(),
    }
    if judged is not None:
        facts |= evaluation_as_json(judged)
    stays = against.model_id if against is not None and against.stays else None
    return ModelStore(lake.home).put(model, as_of, facts, card, stays=stays)
