"""Train the model of a day when it is due: gather the training set, fit, evaluate, compare with the model in use, store."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
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
    training = _Training(lake, profile, as_of)
    if training.is_due():
        training.build_cohorts()
        with stage("train") as current:
            current.note(model=training.train())


def is_training_due(lake: Lake, profile: Profile, as_of: date) -> bool:
    """Whether no model was trained in the week up to the day, or the data of the newest model's day have changed."""
    return _Training(lake, profile, as_of).is_due()


def train_day(lake: Lake, profile: Profile, as_of: date) -> str:
    """Train the model of a day and store it; return its id. It is put in use unless the model in use is significantly better.

    Raises:
        InputMissing: when no entity was known that day.
        LeakedLabelError: when a label could not have been known that day.
    """
    return _Training(lake, profile, as_of).train()


@dataclass(frozen=True)
class _Training:
    """The training of one day's model."""

    lake: Lake
    profile: Profile
    as_of: date

    @property
    def store(self) -> ModelStore:
        return ModelStore(self.lake.home)

    def is_due(self) -> bool:
        newest = self.store.last_trained(self.as_of)
        if newest is None:
            return True
        trained_for = date.fromisoformat(newest[:10])
        if self.as_of - trained_for >= RETRAIN_AFTER:
            return True
        inputs = inputs_fingerprint(self.lake, self.profile, trained_for)
        return inputs is not None and bool(self.store.facts(newest).get("rests_on") != inputs)

    def build_cohorts(self) -> None:
        build_cohort_features(self.lake, self.profile, self.as_of)

    def train(self) -> str:
        profile = self.profile
        known = training_set(self.lake, profile, self.as_of)
        sample = known.population.sample(min(len(known.population), _ROWS_FOR_CARD), random_state=profile.training.seed)
        model = _with_weighting_effect(fit(known, profile), known, profile, sample)
        held_out = hold_out(self.lake, known, profile)
        evaluation = None if held_out is None else judge_held_out(held_out, known, profile)
        against = compare_with_model_in_use(self.store, known, held_out, profile, self.as_of)
        return self.put(model, evaluation, against, sample)

    def put(self, model: RiskModel, evaluation: Evaluation | None, against: Against | None, sample: pd.DataFrame) -> str:
        # The comparison is stored beside the model and not in it: a model's id must not depend on which model was in use.
        noted = {**model.facts} if against is None else {**model.facts, "against": asdict(against)}
        card = model_card(
            replace(model, facts=noted),
            profile=self.profile.name,
            as_of=str(self.as_of),
            evaluation=evaluation,
            importance=importances(model, sample),
        )
        facts = {
            **noted,
            "rests_on": inputs_fingerprint(self.lake, self.profile, self.as_of),
            "as_of": self.as_of,
            "profile": self.profile.name,
            "config": self.profile.fingerprint(),
        }
        if evaluation is not None:
            facts |= evaluation_as_json(evaluation)
        stays = against.model_id if against is not None and against.stays else None
        return self.store.put(model, self.as_of, facts, card, stays=stays)


def _with_weighting_effect(model: RiskModel, known: TrainingSet, profile: Profile, sample: pd.DataFrame) -> RiskModel:
    """The model with the fact ``shift``: how far its scores are from those of the same model without label weights."""
    if "weights" not in model.facts:
        return model
    plain = fit(known, profile, is_weighted=False, candidates=(model.facts["champion"],), anomaly=model.anomaly)
    return replace(model, facts={**model.facts, "shift": weighting_effect(model.score(sample), plain.score(sample))})
