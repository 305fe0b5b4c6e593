"""Evaluate a new model on held-out visits, the last ones, and compare it with the model in use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from expectations.contracts import inspection
from expectations.contracts.lineage import ENTITY_ID
from expectations.contracts.scoring import MARGIN, PROBABILITY
from jobs.engine.lake import Lake
from jobs.lake.model_store import ModelStore
from jobs.profile.profile import Profile
from jobs.steps.score_entities import first_classes
from jobs.training.compare_models import indicator_weights
from jobs.training.fit_model import fit
from jobs.training.gather_training_set import reference_population
from models.evaluation.agreement import agreement
from models.evaluation.baselines import fit_baselines
from models.evaluation.bootstrap import nested
from models.evaluation.evaluate import DAY, ENTITY, FOUND, PREDICTED, WINDOW, Evaluation, evaluate_orders
from models.labels.cohorts import COHORT_ON, first_held_out_cohort
from models.labels.propensity import weigh_labels
from models.labels.training_set import TrainingSet
from models.model_card import importances
from models.risk.champion import IN_USE, NEW, contest_with_model_in_use
from models.risk_model import RiskModel
from models.statistics.proportions import wilson

MODEL = "model"
SWITCH_AFTER = 3
"""A champion of another kind than the model in use replaces it at the third training in a row that it wins."""
MOVED = 5
"""So many indicators explain a large turnover."""
MOST_TURNOVER = 0.1
"""With a larger share of the list replaced, the model card explains why."""


@dataclass(frozen=True)
class HeldOutScores:
    """The visits of the last two cohorts, and their scores by a model that was fitted on the cohorts before.

    Attributes:
        fitted_on: mask of the labelled rows that the model was fitted on, shape (n,).
        rows: mask of the held-out rows, shape (n,).
        scores: the model's scores of the held-out rows.
        model: the model.
    """

    fitted_on: np.ndarray
    rows: np.ndarray
    scores: pd.DataFrame
    model: RiskModel


@dataclass(frozen=True)
class Against:
    """The comparison of the model in use with the new one.

    Attributes:
        model_id: the model in use.
        visits: the held-out visits that became known after it was trained.
        difference, low, high: its mean log loss minus the new one's on those visits, and the interval; negative is better. None
            with too few visits, or where the model uses columns that the catalogue no longer has.
        wins: for how many trainings in a row, this one included, a champion of another kind than the model in use has won.
        stays: whether it is significantly better, or the other kind has not won often enough, and so stays in use.
        turnover: the share of the first places, as many as the last list has, that the new model gives to other entities; None
            without a list.
        moved: where it is large, the indicators whose weight changed most, with their weights in the model in use and the new one.
    """

    model_id: str
    visits: int
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    wins: int = 0
    stays: bool = False
    turnover: float | None = None
    moved: tuple[tuple[str, float, float], ...] = ()


def hold_out(lake: Lake, known: TrainingSet, profile: Profile) -> HeldOutScores | None:
    """Fit a model on the cohorts before the last two and score those two; None with too few visits or only one result."""
    begin = first_held_out_cohort(known.labels)
    if begin is None:
        return None
    before, after = known.split_at(begin, profile.end_of(begin.date()))
    found = known.labels.loc[after, inspection.FOUND_VIOLATION].to_numpy()
    if not before.any() or found.min(initial=1) == found.max(initial=0):
        return None
    # The anomaly score too is relative to the entities known then, not to today's.
    earlier = replace(known, population=reference_population(lake, profile, begin.date()))
    model = fit(earlier, profile, before)
    return HeldOutScores(before, after, model.score(known.features[after]), model)


def judge_held_out(held_out: HeldOutScores, known: TrainingSet, profile: Profile) -> Evaluation:
    """Metrics of the model's order of the held-out visits, beside baselines that were fitted on the same rows.

    Each held-out cohort is a window of :func:`models.evaluation.evaluate.evaluate_orders`.
    """
    labels, features, scores = known.labels[held_out.rows], known.features[held_out.rows], held_out.scores
    past, found = known.features[held_out.fitted_on], known.labels.loc[held_out.fitted_on, inspection.FOUND_VIOLATION]
    baselines = fit_baselines(past, found, known.inputs, seed=profile.training.seed)
    orders = {MODEL: scores[MARGIN].to_numpy(), **baselines.scores(features)}
    visits = pd.DataFrame(
        {
            WINDOW: labels[COHORT_ON].to_numpy(),
            ENTITY: labels[ENTITY_ID].to_numpy(),
            DAY: labels[inspection.INSPECTED_ON].to_numpy(),
            FOUND: labels[inspection.FOUND_VIOLATION].to_numpy(),
            PREDICTED: scores[PROBABILITY].to_numpy(),
            **orders,
        }
    )
    policy = profile.evaluation
    return evaluate_orders(visits, list(orders), share=policy.capacity_share, resamples=policy.draws, seed=profile.training.seed)


def findings_by_class(held_out: HeldOutScores, known: TrainingSet, profile: Profile) -> dict[str, dict[str, float]]:
    """Held-out visits and findings by the class that the model of the cohorts before gives, with the share and its interval."""
    found = known.labels.loc[held_out.rows, inspection.FOUND_VIOLATION].to_numpy()
    letters = first_classes(held_out.model, profile, known.features[held_out.rows], held_out.scores)
    by_class = {}
    for name in sorted(set(letters)):
        visits, hits = int((letters == name).sum()), int(found[letters == name].sum())
        low, high = wilson(hits, visits)
        by_class[str(name)] = {"visits": visits, "found": hits, "share": hits / visits, "low": low, "high": high}
    return by_class


def evaluation_as_json(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation as plain numbers: each order's metrics and the model's leads, with intervals."""
    orders = nested({name: {**of, **(evaluation.calibration if name == MODEL else {})} for name, of in evaluation.orders.items()})
    return {"held_out_orders": orders, "held_out_leads": nested(evaluation.leads)}


def compare_with_model_in_use(
    store: ModelStore,
    known: TrainingSet,
    held_out: HeldOutScores | None,
    profile: Profile,
    as_of: date,
    champion: str | None = None,
) -> Against | None:
    """Compare the model in use on the day before with the new one, on visits that became known after the former was trained.

    None where no model was in use. The day before is used so that training the same day again compares with the same model.

    Args:
        champion: the kind of the new model; None for the rule.
    """
    model_id = store.newest(as_of - timedelta(days=1))
    if model_id is None:
        return None
    if not set(store.inputs(model_id)) <= set(known.inputs.columns):
        return Against(model_id, 0)
    wins = _wins_in_a_row(store, model_id, champion, as_of)
    against = Against(model_id, 0, wins=wins, stays=0 < wins < SWITCH_AFTER)
    if held_out is None:
        return against
    later = known.known_at() >= np.datetime64(profile.end_of(date.fromisoformat(model_id[:10])))
    rows = held_out.rows & later
    labels, features = known.labels[rows], known.features[rows]
    if labels.empty:
        return against
    training = profile.training
    contest = contest_with_model_in_use(
        {
            NEW: held_out.scores[MARGIN].to_numpy()[later[held_out.rows]],
            IN_USE: store.get(model_id).score(features)[MARGIN].to_numpy(),
        },
        labels[inspection.FOUND_VIOLATION],
        weigh_labels(known, labels, features, cap=training.weight_cap, seed=training.seed).weight,
        labels[ENTITY_ID],
        seed=training.seed,
    )
    if contest is None:
        return replace(against, visits=len(labels))
    compared = replace(against, visits=len(labels), difference=contest.difference, low=contest.low, high=contest.high)
    return replace(compared, stays=against.stays or contest.wins)


def _wins_in_a_row(store: ModelStore, in_use: str, champion: str | None, as_of: date) -> int:
    """For how many trainings in a row ``champion``, the newest one's kind, has won against the kind in use; 0 if it is the same."""
    kind = store.facts(in_use).get("champion")
    if None in (champion, kind) or champion == kind:
        return 0
    before = store.facts(store.last_trained(as_of - timedelta(days=1)) or in_use)
    return 1 + ((before.get("against") or {}).get("wins", 0) if before.get("champion") == champion else 0)


def with_turnover(against: Against, in_use: RiskModel, new: RiskModel, population: pd.DataFrame, at: int) -> Against:
    """Add how far the first ``at`` places of a population differ between the model in use and the new one, and why."""
    at = min(at, len(population))
    orders = [model.score(population)[MARGIN].to_numpy() for model in (in_use, new)]
    found = agreement(*orders, at=at)
    turnover = 1 - found.shared / at
    if turnover <= MOST_TURNOVER:
        return replace(against, turnover=turnover)
    listed = population[np.minimum(found.first_places, found.second_places) <= at]
    weights = indicator_weights([importances(model, listed) for model in (in_use, new)])
    moved = sorted(weights, key=lambda weight: (-abs(weight.second - weight.first), weight.indicator))[:MOVED]
    return replace(against, turnover=turnover, moved=tuple((one.indicator, one.first, one.second) for one in moved))
