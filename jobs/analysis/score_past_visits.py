"""How visits that were made would have been scored before them, by a model that knew nothing of them. Reads, never writes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from expectations.contracts import inspection
from expectations.contracts.lineage import ENTITY_ID
from expectations.contracts.scoring import MARGIN, PROBABILITY
from jobs.fit_model import fit
from jobs.gather_training_set import known_visits
from jobs.runtime.errors import NothingToDo
from jobs.runtime.lake import Lake
from jobs.runtime.settings import Profile
from jobs.score_entities import read_features
from models.baselines import past_record
from models.cohorts import COHORT_ON, begin_of_held_out, build_labels, cohort_dates
from models.risk_model import RiskModel
from models.training_set import TrainingSet, join_labels

FOUND, PAST_RECORD = "found", "past_record"


@dataclass(frozen=True)
class HeldOut:
    """Visits that a model was kept from.

    Attributes:
        visits: as :func:`score_past_visits` gives them.
        features: their indicators as they were known on the cohort's day, row by row.
        model: what scored them; None where there are no visits.
    """

    visits: pd.DataFrame
    features: pd.DataFrame
    model: RiskModel | None


def score_past_visits(lake: Lake, profile: Profile, trained_on: date) -> pd.DataFrame:
    """Score the visits of the last two cohorts with a model that is fitted on what was known when they began.

    Args:
        lake: a lake whose cohorts' features are there, as training leaves them.
        profile: its profile.
        trained_on: the day that the model in use was trained for; what became known later is not used.

    Returns:
        ``entity_id, cohort_on, inspected_on, found`` (0 or 1), ``margin, probability`` (NaN from the rule that stands in where too
        few visits are known), ``past_record`` and ``selected_by``; no rows where there are fewer than four cohorts of visits.

    Raises:
        NothingToDo: when the features of the day of training are not there.
    """
    return hold_out(lake, profile, trained_on).visits


def hold_out(lake: Lake, profile: Profile, trained_on: date) -> HeldOut:
    """The same visits with the indicators that they were scored by, and the model that scored them.

    Raises:
        NothingToDo: when the features of the day of training are not there.
    """
    known = known_labels(lake, profile, trained_on)
    columns = [
        str(ENTITY_ID), COHORT_ON, str(inspection.INSPECTED_ON), FOUND, str(MARGIN), str(PROBABILITY), PAST_RECORD,
        str(inspection.SELECTED_BY),
    ]  # fmt: skip
    nobody = HeldOut(pd.DataFrame(columns=columns), known.features.head(0), None)
    begin = begin_of_held_out(known.labels)
    if begin is None:
        return nobody
    before, after = known.split_at(begin, profile.end_of(begin.date()))
    if not before.any():
        return nobody
    held = known.features[after]
    # Strangeness too is measured against those who were known then.
    model = fit(replace(known, population=read_features(lake, begin.date())), profile, before)
    found = known.labels.loc[after, inspection.FOUND_VIOLATION]
    visits = known.labels[after].assign(**{FOUND: found, **model.score(held), PAST_RECORD: past_record(held)})
    return HeldOut(visits[columns].reset_index(drop=True), held.reset_index(drop=True), model)


def known_labels(lake: Lake, profile: Profile, trained_on: date) -> TrainingSet:
    """The labelled visits as training saw them, with indicators of their cohorts' days, from features that are already there.

    Raises:
        NothingToDo: when the features of the day of training are not there.
    """
    policy = profile.training
    dates = cohort_dates(trained_on, every_months=policy.cohort_months, count=policy.cohorts)
    visits = known_visits(lake, profile, trained_on)
    labels = build_labels(visits, dates, label_days=policy.label_days, known_before=profile.end_of(trained_on))
    population = read_features(lake, trained_on)
    parts = []
    for cohort in sorted(labels[COHORT_ON].unique()):
        seen = labels.loc[labels[COHORT_ON] == cohort, ENTITY_ID]
        try:
            features = read_features(lake, pd.Timestamp(cohort).date(), among=pd.Index(seen))
        except NothingToDo:
            continue  # nobody was known on that day, so training had no features either
        parts.append(features.assign(**{COHORT_ON: cohort}))
    return join_labels(population, labels, parts)
