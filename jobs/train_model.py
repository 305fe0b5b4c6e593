"""Learn from past visits: features as they were known on cohort days, labels as they became known after."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
from pyspark.sql import functions as F

from expectations.contracts import inspection, registration, silver
from expectations.contracts.lineage import ENTITY_ID, KNOWN_AT
from expectations.contracts.scoring import MARGIN, PROBABILITY
from jobs.feature_state import ensure_features, rests_on
from jobs.known_entities import active_ids, known_entities
from jobs.runtime.errors import NothingToDo
from jobs.runtime.lake import Lake
from jobs.runtime.model_store import ModelStore
from jobs.runtime.settings import Profile
from jobs.score_entities import read_features
from jobs.transforms.latest_known import keep_standing
from models.anomaly import REFERENCE_ROWS
from models.baselines import past_record
from models.candidates import CANDIDATES
from models.card import importances, model_card
from models.cohorts import COHORT_ON, build_labels, check_labels, cohort_dates
from models.columns import Inputs, catalogue_inputs
from models.evaluate import evaluate
from models.incumbent import IN_USE, NEW, defend
from models.interval import IntervalPolicy
from models.one_order import one_order
from models.random_share import RANDOM
from models.risk_model import RiskModel, fit_risk_model
from models.selection import Weights, fit_propensity, label_weights, shift

_ROWS_FOR_IMPORTANCE = 5_000
_UNVISITED = 50_000
"""About so many rows of the unvisited, over all cohorts, tell who is visited."""


@dataclass(frozen=True)
class TrainingSet:
    """What a model is fitted on: the day's population or a sample of it, and labelled rows of features with their labels.

    ``unvisited`` holds, of entities without a label on a cohort, a sample with their features on it, and ``share`` the share of
    them that was kept; None where nobody asks why some were visited and others were not.
    """

    population: pd.DataFrame
    features: pd.DataFrame
    labels: pd.DataFrame
    inputs: Inputs
    unvisited: pd.DataFrame | None = None
    share: float = 1.0


RETRAIN_AFTER = timedelta(days=7)


def is_training_due(lake: Lake, profile: Profile, as_of: date) -> bool:
    """Whether no model was trained in the week up to the day, or the data of the day it was trained for are others now."""
    store = ModelStore(lake.home)
    newest = store.last_trained(as_of)
    if newest is None:
        return True
    trained_for = date.fromisoformat(newest[:10])
    if as_of - trained_for >= RETRAIN_AFTER:
        return True
    now = rests_on(lake, profile, trained_for)
    return now is not None and bool(store.facts(newest).get("rests_on") != now)


def train_day(lake: Lake, profile: Profile, as_of: date, progress: Callable[[date], None] = lambda _cohort: None) -> str:
    """Train the model of a day and keep it; give its id. It comes into use unless the one in use before is better beyond noise."""
    known = training_set(lake, profile, as_of, progress)
    model = fit(known, profile)
    plain = fit(known, profile, is_weighted=False, candidates=(model.facts["champion"],)) if "weights" in model.facts else None
    sample = known.population.sample(min(len(known.population), _ROWS_FOR_IMPORTANCE), random_state=profile.training.seed)
    if plain is not None:
        model = replace(model, facts={**model.facts, "shift": shift(model.score(sample), plain.score(sample))})
    held_out = hold_out(lake, known, profile)
    metrics = None if held_out is None else _metrics(held_out, known, profile)
    store = ModelStore(lake.home)
    against = held_against(store, known, held_out, profile, as_of)
    # Beside the model, not in it: what a model is, and so its id, hangs on no other that happened to be in use.
    told = {} if against is None else {"against": asdict(against)}
    card = model_card(
        replace(model, facts={**model.facts, **told}),
        model_id="{model_id}",
        profile=profile.name,
        as_of=str(as_of),
        metrics=metrics,
        importance=importances(model, sample),
    )
    facts = {
        **model.facts,
        **told,
        "rests_on": rests_on(lake, profile, as_of),
        "as_of": as_of,
        "profile": profile.name,
        "config": profile.fingerprint(),
    }
    if metrics is not None:
        facts["held_out_metrics"] = metrics.round(6).to_dict("index")
    return store.put(model, as_of, facts, card, stays=against.model_id if against and against.stays else None)


def training_set(lake: Lake, profile: Profile, as_of: date, progress: Callable[[date], None] = lambda _cohort: None) -> TrainingSet:
    """Gather what may be learnt from on a day, building the cohorts' features where they are not current.

    Raises:
        NothingToDo: when no entity was known that day.
        LeakedLabelError: when a label could not have been known that day.
    """
    ensure_features(lake, profile, as_of)
    active = _active(lake, profile, as_of)
    if active.empty:
        raise NothingToDo(
            what=f"no entity that may be listed was known on {as_of}",
            where=str(lake.home),
            then="take in a registration source first, or choose a later day",
        )
    population = read_features(lake, as_of, among=reference(active))
    policy, cutoff = profile.training, profile.end_of(as_of)
    cohorts = cohort_dates(as_of, every_months=policy.cohort_months, count=policy.cohorts)
    labels = build_labels(known_visits(lake, profile, as_of), cohorts, label_days=policy.label_days, known_before=cutoff)
    check_labels(labels, known_before=cutoff)
    share = min(_UNVISITED / max(len(active) * labels[COHORT_ON].nunique(), 1), 1.0)
    listed = pd.Index(sampled(active, share))
    parts, unvisited = [], []
    for cohort in sorted(labels[COHORT_ON].unique()):
        day = pd.Timestamp(cohort).date()
        progress(day)
        try:
            ensure_features(lake, profile, day)
        except NothingToDo:
            continue  # the data do not reach back so far: nobody was known on that day
        seen = labels.loc[labels[COHORT_ON] == cohort, ENTITY_ID]
        rows = read_features(lake, day, among=pd.Index(seen).union(listed)).assign(**{COHORT_ON: cohort})
        is_seen = rows[ENTITY_ID].isin(seen)
        parts.append(rows[is_seen])
        unvisited.append(rows[~is_seen])
    none = population.head(0).assign(**{COHORT_ON: pd.Series(dtype="datetime64[ns]")})
    features = pd.concat(parts, ignore_index=True) if parts else none
    # A visit to an entity that was not known on the cohort's day has no features and cannot be learnt from.
    joined = labels.merge(features, on=[str(ENTITY_ID), COHORT_ON], how="inner", validate="one_to_one")
    rest = pd.concat(unvisited, ignore_index=True) if unvisited else none
    inputs = usable_inputs(population)
    return TrainingSet(population, joined, joined[[str(column) for column in labels.columns]], inputs, rest, share)


def reference(entities: pd.Index) -> pd.Index:
    """Of entities, all or about :data:`models.anomaly.REFERENCE_ROWS`: those that others are compared with.

    No more are ever read for it, so training's memory does not grow with the entities there are.
    """
    return pd.Index(sampled(entities, min(REFERENCE_ROWS / max(len(entities), 1), 1.0)))


def _active(lake: Lake, profile: Profile, as_of: date) -> pd.Index:
    return active_ids(known_entities(lake, profile, as_of, (ENTITY_ID, registration.STATUS)), profile)


def sampled(entities: Iterable[str], share: float) -> list[str]:
    """The entities whose hash is among the first ``share`` of all: the same ones whatever the others are."""
    most = share * 2.0**64
    return [name for name in entities if int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) < most]


def usable_inputs(population: pd.DataFrame) -> Inputs:
    """The catalogue's columns without those that a profile's sources never fill."""
    every = catalogue_inputs()
    filled = [at for at, column in enumerate(every.columns) if population[column].notna().any()]
    return Inputs(
        tuple(every.columns[at] for at in filled),
        tuple(every.directions[at] for at in filled),
        tuple(every.dimensions[at] for at in filled),
    )


def known_visits(lake: Lake, profile: Profile, as_of: date) -> pd.DataFrame:
    """Visits that took place and whose result was known by the end of ``as_of``, each in its newest version."""
    rows = lake.read(silver.INSPECTION).transform(
        keep_standing,
        (inspection.INSPECTION_ID,),
        cutoff=profile.end_of(as_of),
        as_of=as_of,
        event_on=inspection.INSPECTED_ON,
    )
    made = rows.where(F.col(inspection.VISIT_STATUS) == "inspected")
    columns = (
        ENTITY_ID, inspection.INSPECTED_ON, KNOWN_AT, inspection.FOUND_VIOLATION, inspection.SELECTED_BY,
        inspection.INCLUSION_PROBABILITY, inspection.INSPECTOR_ID,
    )  # fmt: skip
    return made.select(*[str(column) for column in columns]).toPandas()


@one_order
def fit(
    known: TrainingSet,
    profile: Profile,
    rows: np.ndarray | None = None,
    *,
    is_weighted: bool = True,
    candidates: tuple[str, ...] = CANDIDATES,
) -> RiskModel:
    """Fit on all labelled rows, or on those that ``rows`` marks.

    Without weights every visit counts alike, and none is asked whether it was drawn at random: what a model would be that took
    the visited for everybody.
    """
    labels, features = (known.labels, known.features) if rows is None else (known.labels[rows], known.features[rows])
    weights = weigh(known, labels, features, profile) if is_weighted and len(labels) else None
    model = fit_risk_model(
        known.population,
        features,
        labels[inspection.FOUND_VIOLATION],
        labels[COHORT_ON],
        labels[ENTITY_ID],
        known.inputs,
        anomaly_weight=profile.scoring["anomaly_weight"],
        minimum_labels=profile.training.minimum_labels,
        minimum_positives=profile.training.minimum_positives,
        seed=profile.training.seed,
        interval=interval_policy(profile),
        weight=None if weights is None else weights.weight,
        inspector=labels[inspection.INSPECTOR_ID],
        reason=told_reasons(labels) if is_weighted else None,
        candidates=candidates,
    )
    if weights is None or model.facts["kind"] != "learnt":
        return model
    told = {name: value for name, value in asdict(weights).items() if name != "weight"}
    return replace(model, facts={**model.facts, "weights": told})


def weigh(known: TrainingSet, labels: pd.DataFrame, features: pd.DataFrame, profile: Profile) -> Weights:
    """What each label counts, by how probable it was that its entity would be visited."""
    inclusion = labels[inspection.INCLUSION_PROBABILITY].where(_drawn(labels)).to_numpy(dtype=np.float64, na_value=np.nan)
    propensity = None
    if known.unvisited is not None and np.isnan(inclusion).any():
        rest = known.unvisited[known.unvisited[COHORT_ON] <= labels[COHORT_ON].max()]
        both = pd.concat([features, rest], ignore_index=True)
        is_visited = np.repeat([1.0, 0.0], [len(features), len(rest)])
        share = np.where(is_visited == 1, 1.0, known.share)
        order = np.lexsort((both[ENTITY_ID].to_numpy(dtype=str), both[COHORT_ON].to_numpy()))
        propensity = fit_propensity(
            both.iloc[order], is_visited[order], share[order], features, known.inputs.columns, seed=profile.training.seed
        )
    return label_weights(inclusion, propensity, cap=profile.training.weight_cap)


def _drawn(labels: pd.DataFrame) -> pd.Series:
    """Which visits were drawn at random, with a known probability."""
    is_drawn: pd.Series = (labels[inspection.SELECTED_BY] == RANDOM) & labels[inspection.INCLUSION_PROBABILITY].notna()
    return is_drawn


def told_reasons(labels: pd.DataFrame) -> pd.Series:
    """Why each was visited; a draw whose probability is not known is not taken for one that speaks of everybody."""
    told = labels[inspection.SELECTED_BY]
    return told.mask((told == RANDOM) & ~_drawn(labels), "other")


def interval_policy(profile: Profile) -> IntervalPolicy:
    """How a profile has intervals made."""
    policy = profile.certainty
    return IntervalPolicy(policy.level, policy.fresh_days, policy.half_life_days)


@dataclass(frozen=True)
class HeldOut:
    """The visits of the last two cohorts, and a model that knew only the cohorts before.

    Attributes:
        rows: which of the labelled rows they are, shape (n,).
        scores: the model's, of those rows.
    """

    rows: np.ndarray
    scores: pd.DataFrame


@dataclass(frozen=True)
class Against:
    """How the model that was in use did against the new one.

    Attributes:
        model_id: the one that was in use.
        visits: the held-out visits that became known after it was trained.
        difference, low, high: its mean log loss less the new one's on them, and the interval; negative is better. None where it
            could not be told: too few visits, or a model of another time's catalogue.
        stays: whether it is better beyond noise.
    """

    model_id: str
    visits: int
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    stays: bool = False


def hold_out(lake: Lake, known: TrainingSet, profile: Profile) -> HeldOut | None:
    """What a model that knew only the cohorts before the last two would have made of them; None where it cannot be told."""
    cohorts = sorted(known.labels[COHORT_ON].unique())
    if len(cohorts) < 4:
        return None
    begin = pd.Timestamp(cohorts[-2])
    before = _known_at(known) < np.datetime64(profile.end_of(begin.date()))
    after = (known.labels[COHORT_ON] >= begin).to_numpy()
    found = known.labels.loc[after, inspection.FOUND_VIOLATION].to_numpy()
    if not before.any() or found.min(initial=1) == found.max(initial=0):
        return None
    # Strangeness too is measured against those who were known then, not against today's.
    day = begin.date()
    earlier = replace(known, population=read_features(lake, day, among=reference(_active(lake, profile, day))))
    return HeldOut(after, fit(earlier, profile, before).score(known.features[after]))


def held_against(store: ModelStore, known: TrainingSet, held_out: HeldOut | None, profile: Profile, as_of: date) -> Against | None:
    """Hold the model in use on the day before against the new one, on what became known after it; None where none was in use.

    A model that is trained again for its day meets the same one as at first, so what is put in use is the same.
    """
    model_id = store.newest(as_of - timedelta(days=1))
    if model_id is None:
        return None
    if held_out is None or not set(store.inputs(model_id)) <= set(known.inputs.columns):
        return Against(model_id, 0)
    later = _known_at(known) >= np.datetime64(profile.end_of(date.fromisoformat(model_id[:10])))
    rows = held_out.rows & later
    labels, features = known.labels[rows], known.features[rows]
    if labels.empty:
        return Against(model_id, 0)
    contest = defend(
        {
            NEW: held_out.scores[MARGIN].to_numpy()[later[held_out.rows]],
            IN_USE: store.get(model_id).score(features)[MARGIN].to_numpy(),
        },
        labels[inspection.FOUND_VIOLATION],
        weigh(known, labels, features, profile).weight,
        labels[ENTITY_ID],
        seed=profile.training.seed,
    )
    if contest is None:
        return Against(model_id, len(labels))
    return Against(model_id, len(labels), contest.difference, contest.low, contest.high, contest.wins)


def _known_at(known: TrainingSet) -> np.ndarray:
    """When each label became known (UTC, naive), shape (n,)."""
    return pd.to_datetime(known.labels[KNOWN_AT], utc=True).dt.tz_localize(None).to_numpy()


def _metrics(held_out: HeldOut, known: TrainingSet, profile: Profile) -> pd.DataFrame:
    """How good the order of the held-out visits would have been."""
    labels, features, scores = known.labels[held_out.rows], known.features[held_out.rows], held_out.scores
    return evaluate(
        labels[inspection.FOUND_VIOLATION].to_numpy(),
        labels[inspection.INSPECTED_ON].to_numpy(),
        {"model": scores[MARGIN], "past record": past_record(features)},
        capacity=max(round(len(labels) * profile.evaluation.capacity_share), 1),
        seed=profile.training.seed,
        probability=scores[PROBABILITY] if scores[PROBABILITY].notna().all() else None,
    )
