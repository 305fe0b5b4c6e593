"""How visits that were made would have been scored before them, by a model that knew nothing of them. Reads, never writes."""

from __future__ import annotations

from datetime import date

import pandas as pd

from expectations.contracts import inspection
from expectations.contracts.lineage import ENTITY_ID, KNOWN_AT
from expectations.contracts.scoring import MARGIN, PROBABILITY
from jobs.runtime.errors import NothingToDo
from jobs.runtime.lake import Lake
from jobs.runtime.settings import Profile
from jobs.score_entities import read_features
from jobs.train_model import TrainingSet, fit, known_visits, usable_inputs
from models.baselines import past_record
from models.cohorts import COHORT_ON, build_labels, cohort_dates

HELD_OUT_COHORTS = 2
FEWEST_COHORTS = 4
FOUND, PAST_RECORD = "found", "past_record"


def score_past_visits(lake: Lake, profile: Profile, trained_on: date) -> pd.DataFrame:
    """Score the visits of the last two cohorts with a model that is fitted on what was known when they began.

    Args:
        lake: a lake whose cohorts' features are there, as training leaves them.
        profile: its profile.
        trained_on: the day that the model in use was trained for; what became known later is not used.

    Returns:
        ``entity_id, cohort_on, inspected_on, found`` (0 or 1), ``margin, probability`` (NaN from the rule that stands in where too
        few visits are known) and ``past_record``; no rows where there are fewer than four cohorts of visits.

    Raises:
        NothingToDo: when the features of the day of training are not there.
    """
    known = _known_set(lake, profile, trained_on)
    cohorts = sorted(known.labels[COHORT_ON].unique())
    columns = [str(ENTITY_ID), COHORT_ON, str(inspection.INSPECTED_ON), FOUND, str(MARGIN), str(PROBABILITY), PAST_RECORD]
    if len(cohorts) < FEWEST_COHORTS:
        return pd.DataFrame(columns=columns)
    begin = pd.Timestamp(cohorts[-HELD_OUT_COHORTS])
    before = (pd.to_datetime(known.labels[KNOWN_AT]) < profile.end_of(begin.date())).to_numpy()
    after = (known.labels[COHORT_ON] >= begin).to_numpy()
    if not before.any():
        return pd.DataFrame(columns=columns)
    held = known.features[after]
    scores = fit(known, profile, before).score(held)
    found = known.labels.loc[after, inspection.FOUND_VIOLATION]
    return known.labels[after].assign(**{FOUND: found, **scores, PAST_RECORD: past_record(held)})[columns].reset_index(drop=True)


def _known_set(lake: Lake, profile: Profile, trained_on: date) -> TrainingSet:
    """The labelled rows as training saw them, from features that are already there."""
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
    every = pd.concat(parts, ignore_index=True) if parts else population.head(0).assign(cohort_on=labels[COHORT_ON])
    joined = labels.merge(every, on=[str(ENTITY_ID), COHORT_ON], how="inner", validate="one_to_one")
    return TrainingSet(population, joined, joined[[str(column) for column in labels.columns]], usable_inputs(population))
