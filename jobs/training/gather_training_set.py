"""Gather the training set of a day: features as known on the days of cohorts, and labels that became known afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import pandas as pd
from pyspark.sql import functions as F

from expectations.contracts import inspection, registration, silver
from expectations.contracts.indicators import features_contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID, KNOWN_AT
from jobs.engine.lake import Lake
from jobs.foundation.errors import InputMissing
from jobs.foundation.log import stage
from jobs.incremental.staleness import has_features
from jobs.profile.profile import Profile
from jobs.steps.build_features import ensure_features
from jobs.steps.known_entities import active_ids, known_entities
from jobs.steps.score_entities import read_features
from jobs.transforms.latest_known import keep_latest_known
from models.labels.cohorts import COHORT_ON, FEWEST_COHORTS, PLENTY, build_labels, check_labels, cohort_dates, every_second_cohort
from models.labels.sampling import sample_labels, sample_reference
from models.labels.training_set import TrainingSet, join_labels

_UNVISITED = 50_000
"""About this many rows of entities without a visit, over all cohorts, are used to estimate who is visited."""


def build_cohort_features(lake: Lake, profile: Profile, as_of: date) -> None:
    """Build the features of the cohorts' days where they are not current, each as a logged stage.

    On a new home this takes longer than the training itself. Later there is usually at most one new day a month.

    Raises:
        LeakedLabelError: when a label could not have been known that day.
    """
    for day in [cohort.date() for cohort in _cohorts(_known_labels(lake, profile, as_of))]:
        if not has_features(lake, profile, day):
            with stage("cohort", day=str(day)) as current:
                current.note(is_known=_ensure_cohort(lake, profile, day))


def training_set(lake: Lake, profile: Profile, as_of: date) -> TrainingSet:
    """Gather the training set of a day; build the cohorts' features where they are not current.

    Raises:
        InputMissing: when no entity was known that day.
        LeakedLabelError: when a label could not have been known that day.
    """
    ensure_features(lake, profile, as_of)
    return _gather(lake, profile, as_of, lambda day: _ensure_cohort(lake, profile, day))


def stored_training_set(lake: Lake, profile: Profile, as_of: date) -> TrainingSet:
    """Read the training set of a day from features that exist; nothing is built.

    Raises:
        InputMissing: when the features of the day do not exist.
    """
    days = {partition[str(AS_OF)] for partition in lake.partitions(features_contract())}
    return _gather(lake, profile, as_of, lambda day: str(day) in days)


def _gather(lake: Lake, profile: Profile, as_of: date, is_there: Callable[[date], bool]) -> TrainingSet:
    active = _active(lake, profile, as_of)
    if active.empty:
        raise InputMissing(
            what=f"no entity that may be listed was known on {as_of}",
            where=str(lake.home),
            next_step="take in a registration source first, or choose a later day",
        )
    population = read_features(lake, as_of, among=sample_reference(active))
    labels, results = _known_labels(lake, profile, as_of), _known_follow_ups(lake, profile, as_of)
    sampled, labels_share = sample_labels(labels, profile.training.most_labels)
    share = min(_UNVISITED / max(len(active) * labels[COHORT_ON].nunique(), 1), 1.0)
    visited, unvisited, followed_up = [], [], []
    for cohort in _cohorts(labels):
        day = cohort.date()
        if not is_there(day):
            continue
        labelled, in_sample, to_check = (pd.Index(of.loc[of[COHORT_ON] == cohort, ENTITY_ID]) for of in (labels, sampled, results))
        # Only entities that could be listed that day: those that closed since would otherwise be among the visited only.
        others = _active(lake, profile, day, share).difference(labelled)
        rows = read_features(lake, day, among=in_sample.union(others).union(to_check)).assign(**{COHORT_ON: cohort})
        visited.append(rows[rows[ENTITY_ID].isin(in_sample)])
        unvisited.append(rows[rows[ENTITY_ID].isin(others)])
        followed_up.append(rows[rows[ENTITY_ID].isin(to_check)])
    return join_labels(population, sampled, visited, unvisited, share, labels_share, results, followed_up)


def reference_population(lake: Lake, profile: Profile, as_of: date) -> pd.DataFrame:
    """The features of a day of the sample that others are compared with.

    Raises:
        InputMissing: when the day has no features.
    """
    return read_features(lake, as_of, among=sample_reference(_active(lake, profile, as_of)))


def known_visits(lake: Lake, profile: Profile, as_of: date, *, follow_ups: bool = False) -> pd.DataFrame:
    """Visits that took place and were known by the end of ``as_of``, each in its newest version: without follow-ups, or only these.

    A follow-up goes where a violation was found, to check its correction, so it is no label (ADR 0019).
    """
    rows = lake.read(silver.INSPECTION).transform(
        keep_latest_known, (inspection.INSPECTION_ID,), cutoff=profile.end_of(as_of), as_of=as_of, event_on=inspection.INSPECTED_ON
    )
    is_follow_up = F.col(inspection.SELECTED_BY) == inspection.FOLLOW_UP
    made = rows.where((F.col(inspection.VISIT_STATUS) == "inspected") & (is_follow_up if follow_ups else ~is_follow_up))
    columns = (
        ENTITY_ID, inspection.INSPECTED_ON, KNOWN_AT, inspection.FOUND_VIOLATION, inspection.SELECTED_BY,
        inspection.INCLUSION_PROBABILITY, inspection.INSPECTOR_ID,
    )  # fmt: skip
    return made.select(*[str(column) for column in columns]).toPandas()


def _cohorts(labels: pd.DataFrame) -> list[pd.Timestamp]:
    return [pd.Timestamp(cohort) for cohort in sorted(labels[COHORT_ON].unique())]


def _ensure_cohort(lake: Lake, profile: Profile, day: date) -> bool:
    """Build a day's features unless they are current; return whether any entity was known then."""
    try:
        ensure_features(lake, profile, day, is_past=True)
    except InputMissing:
        return False
    return True


def _active(lake: Lake, profile: Profile, as_of: date, share: float = 1.0) -> pd.Index:
    """The entities that could be listed on a day, or a sample of them."""
    return active_ids(known_entities(lake, profile, as_of, (ENTITY_ID, registration.STATUS), share=share), profile)


def _known_labels(lake: Lake, profile: Profile, as_of: date) -> pd.DataFrame:
    policy, cutoff = profile.training, profile.end_of(as_of)
    visits = known_visits(lake, profile, as_of)
    cohorts = _with_entities(lake, profile, cohort_dates(as_of, every_months=policy.cohort_months, count=policy.cohorts))
    labels = build_labels(visits, cohorts, label_days=policy.label_days, known_before=cutoff)
    if len(labels) > PLENTY * policy.most_labels:
        fewer = every_second_cohort(cohorts, every_months=policy.cohort_months, label_days=policy.label_days)
        of_fewer = build_labels(visits, fewer, label_days=policy.label_days, known_before=cutoff)
        is_enough = len(of_fewer) > policy.most_labels and of_fewer[COHORT_ON].nunique() >= FEWEST_COHORTS
        labels = of_fewer if is_enough else labels
    check_labels(labels, known_before=cutoff)
    return labels


def _known_follow_ups(lake: Lake, profile: Profile, as_of: date) -> pd.DataFrame:
    """The results of follow-ups, in the same form as labels."""
    policy = profile.training
    cohorts = cohort_dates(as_of, every_months=policy.cohort_months, count=policy.cohorts)
    visits = known_visits(lake, profile, as_of, follow_ups=True)
    return build_labels(visits, cohorts, label_days=policy.label_days, known_before=profile.end_of(as_of))


def _with_entities(lake: Lake, profile: Profile, cohorts: Sequence[date]) -> list[date]:
    """The cohorts by whose end any entity was known: visits may be older than the register, and their labels are of no use."""
    first = lake.read(silver.ENTITY).agg(F.min(KNOWN_AT).alias(KNOWN_AT)).toPandas()
    (known_at,) = pd.to_datetime(first[KNOWN_AT], utc=True).dt.tz_localize(None)
    return [day for day in cohorts if known_at < pd.Timestamp(profile.end_of(day))]
