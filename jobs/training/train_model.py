"""Train the model of a day when it is due: gather the training set, fit, evaluate, compare with the model in use, store."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta

import pandas as pd

from expectations.contracts.lineage import AS_OF, ENTITY_ID
from expectations.contracts.scoring import RISK_LIST
from jobs.engine.lake import Lake
from jobs.foundation.log import stage
from jobs.incremental.staleness import training_inputs
from jobs.lake.model_store import ModelStore
from jobs.profile.profile import Profile
from jobs.training.fit_model import fit
from jobs.training.gather_training_set import build_cohort_features, training_set
from jobs.training.judge_model import (
    compare_with_model_in_use,
    evaluation_as_json,
    findings_by_class,
    hold_out,
    judge_held_out,
    with_turnover,
)
from models.evaluation.agreement import weighting_effect
from models.labels.training_set import TrainingSet
from models.model_card import importances, model_card, model_warnings
from models.risk_model import RiskModel

RETRAIN_AFTER = timedelta(days=7)
_ROWS_FOR_CARD = 5_000


def train_if_due(lake: Lake, profile: Profile, as_of: date, *, is_forced: bool = False) -> None:
    """Train the model of a day when it is due or forced, each part a logged stage; else the log says that it is not due."""
    is_due = is_forced or is_training_due(lake, profile, as_of)
    if is_due:
        build_cohort_features(lake, profile, as_of)
    with stage("train") as current:
        current.note(**({"model": train_day(lake, profile, as_of)} if is_due else {"is_due": False}))


def is_training_due(lake: Lake, profile: Profile, as_of: date) -> bool:
    """Whether no model was trained in the week up to the day, or what the newest model is made of has changed since.

    New code alone is no reason, unless it does not read the format of the model in use: it takes effect at the next training. Until
    then a change of the data is not noticed either.
    """
    store = ModelStore(lake.home)
    newest, in_use = store.last_trained(as_of), store.newest(as_of)
    if newest is None or in_use is None or not store.has_todays_format(in_use):
        return True
    trained_for = date.fromisoformat(newest[:10])
    if as_of - trained_for >= RETRAIN_AFTER:
        return True
    was, now = store.facts(newest), training_inputs(lake, profile, trained_for)
    if was.get("code") != now["code"]:
        return was.get("definitions") not in (None, now["definitions"])
    return now["rests_on"] is not None and bool(was.get("rests_on") != now["rests_on"])


def train_day(lake: Lake, profile: Profile, as_of: date) -> str:
    """Train the model of a day and store it; return its id. It is put in use unless the model in use is significantly better.

    Raises:
        InputMissing: when no entity was known that day.
        LeakedLabelError: when a label could not have been known that day.
    """
    store, known = ModelStore(lake.home), training_set(lake, profile, as_of)
    sample = known.population.sample(min(len(known.population), _ROWS_FOR_CARD), random_state=profile.training.seed)
    model = _with_weighting_effect(fit(known, profile), known, profile, sample)
    held_out = hold_out(lake, known, profile)
    evaluation = None if held_out is None else judge_held_out(held_out, known, profile)
    against = compare_with_model_in_use(store, known, held_out, profile, as_of, model.facts.get("champion"))
    if (
        against is not None
        and (listed := _listed_before(lake, as_of))
        and set(store.inputs(against.model_id)) <= set(known.inputs.columns)
    ):
        against = with_turnover(against, store.get(against.model_id), model, known.population, listed)
    # The comparison is stored beside the model and not in it: a model's id must not depend on which model was in use.
    noted = {**model.facts} if against is None else {**model.facts, "against": asdict(against)}
    if held_out is not None:
        noted["class_findings"] = findings_by_class(held_out, known, profile)
    if warnings := model_warnings(known.population, known.inputs, evaluation):
        noted["warnings"] = warnings
    card = model_card(
        replace(model, facts=noted),
        profile=profile.name,
        as_of=str(as_of),
        evaluation=evaluation,
        importance=importances(model, sample),
    )
    facts = {
        **noted,
        **training_inputs(lake, profile, as_of),
        "as_of": as_of,
        "profile": profile.name,
        "config": profile.fingerprint(),
        **({} if evaluation is None else evaluation_as_json(evaluation)),
    }
    return store.put(model, as_of, facts, card, stays=against.model_id if against is not None and against.stays else None)


def _listed_before(lake: Lake, as_of: date) -> int:
    """How many entities the last list before a day has; 0 without one."""
    days = [str(part[AS_OF]) for part in lake.partitions(RISK_LIST) if str(part[AS_OF]) < str(as_of)]
    return lake.arrow(RISK_LIST, columns=[str(ENTITY_ID)], where=f"{AS_OF} = '{max(days)}'").num_rows if days else 0


def _with_weighting_effect(model: RiskModel, known: TrainingSet, profile: Profile, sample: pd.DataFrame) -> RiskModel:
    """The model with the fact ``shift``: how far its scores are from those of the same model without label weights."""
    if "weights" not in model.facts:
        return model
    plain = fit(known, profile, is_weighted=False, candidates=(model.facts["champion"],), anomaly=model.anomaly)
    return replace(model, facts={**model.facts, "shift": weighting_effect(model.score(sample), plain.score(sample))})
