"""Backtest a profile: score past days with only what was known then, and compare with the visits that followed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from expectations.contracts import inspection, registration, silver
from expectations.contracts.lineage import ENTITY_ID, KNOWN_AT
from expectations.contracts.scoring import MARGIN, PROBABILITY
from jobs.engine.lake import Lake
from jobs.foundation.errors import ConfigError, InputMissing, LeakFound
from jobs.profile.mapping import SourceMapping
from jobs.profile.profile import Profile
from jobs.steps.known_entities import REGION_OF_LEVEL, known_entities
from jobs.steps.score_entities import read_features
from jobs.training.fit_model import fit
from jobs.training.gather_training_set import known_visits, training_set
from models.evaluation.baselines import BEST, BOOSTING, PAST, fit_baselines
from models.evaluation.baselines import INDUSTRY as CODE
from models.evaluation.evaluate import DAY, ENTITY, FOUND, PREDICTED, WINDOW
from models.evaluation.leakage import LeakedFeatureError, check_features, check_outcomes, check_train_test_disjoint
from models.evaluation.region_rate import add_region_rate
from models.foundation.inputs import catalogue_inputs
from models.labels.cohorts import COHORT_ON, LeakedLabelError
from models.labels.training_set import TrainingSet
from models.risk.candidates import CANDIDATES

MODEL, NEIGHBOURS = "model", "with neighbours"
ORDERS = (MODEL, PAST, BEST, BOOSTING, NEIGHBOURS)
"""The orders that are evaluated, all fitted on the known past; the last has an indicator that the model does not use."""
REGION, INDUSTRY, ENTITY_TYPE, SELECTED_BY = "region", "industry", "entity_type", "selected_by"
GROUPS = (REGION, INDUSTRY, ENTITY_TYPE, SELECTED_BY)
"""Columns of the visits by which metrics are grouped."""


@dataclass(frozen=True)
class Window:
    """One day of scoring and the visits that followed it.

    Attributes:
        as_of: the day.
        visited: entities visited in the window, each by its first visit.
        unknown: how many of them were not known on the day, and so could not be scored.
        labels: visits that the day's model was fitted on.
        labels_found: how many of those had found a violation.
        kind: ``learnt``, or ``rule`` where too few visits were known to fit a model.
        best_indicator: the column that ordered the known past best, with its direction; empty where none was known.
        visits: the scored visits: ``as_of, entity_id, day, found, probability``, :data:`ORDERS`, :data:`GROUPS`,
            ``inclusion_probability``, and the catalogue's columns as they were known on the day.
    """

    as_of: date
    visited: int
    unknown: int
    labels: int
    labels_found: int
    kind: str
    best_indicator: str
    visits: pd.DataFrame

    @property
    def found(self) -> int:
        """How many of the scored visits found a violation."""
        return int(self.visits[FOUND].sum())


def month_ends(first: date, last: date) -> list[date]:
    """The last day of each month from ``first``'s to ``last``'s.

    Raises:
        ConfigError: when there is none.
    """
    days = [month.end_time.date() for month in pd.period_range(first, last, freq="M")]
    if not days:
        raise ConfigError(
            what=f"no month ends between {first} and {last}", where="--first and --last", next_step="choose a --first before --last"
        )
    return days


def last_window_end(profile: Profile, days: list[date]) -> date:
    """The last day on which a visit counts for the evaluation of some days."""
    return max(days) + timedelta(days=profile.training.label_days)


def check_has_outcomes(mappings: Mapping[str, SourceMapping], profile: Profile) -> None:
    """Check that some source of a profile has outcomes.

    Raises:
        InputMissing: when none has: nothing could be judged, whatever the day.
    """
    if not any(mapping.contract is inspection.CONTRACT for mapping in mappings.values()):
        raise InputMissing(
            what=f"the profile {profile.name} has no results of visits, so nothing says whether a score was right",
            where=str(profile.folder),
            next_step="map a source of the contract inspection, or record results in the console; until then a rule ranks the list",
        )


def evaluate_days(
    lake: Lake, profile: Profile, days: list[date], progress: Callable[[date], None] = lambda _day: None
) -> list[Window]:
    """Score each day as it would have been scored, beside the visits of the ``label_days`` after it.

    The sources must be taken in up to :func:`last_window_end` or later. A day's model, baselines and scores use only what was known
    on that day; the visits that evaluate them are read separately, afterwards.

    Raises:
        InputMissing: when no visit followed a day, none was of an entity known then, or all visits have the same result.
        LeakFound: when a label, an outcome or an indicator is from the wrong time.
    """
    outcomes = known_visits(lake, profile, last_window_end(profile, days))
    windows = []
    for as_of in days:
        progress(as_of)
        try:
            windows.append(_window(lake, profile, as_of, outcomes))
        except (LeakedLabelError, LeakedFeatureError) as error:
            raise LeakFound(
                what=str(error),
                where=f"the evaluation of {as_of}",
                next_step="check how the source's mapping sets known_at; no metric was computed",
            ) from error
    _check_both_outcomes(windows)
    return windows


def _window(lake: Lake, profile: Profile, as_of: date, outcomes: pd.DataFrame) -> Window:
    label_days = profile.training.label_days
    known = training_set(lake, profile, as_of)
    visits = _first_visits(outcomes, as_of, as_of + timedelta(days=label_days))
    if visits.empty:
        raise InputMissing(
            what=f"no visit is known in the {label_days} days after {as_of}",
            where="silver.inspection",
            next_step="choose days with visits after them",
        )
    features = read_features(lake, as_of, among=pd.Index(visits[ENTITY_ID]))
    scored = visits.merge(features, on=str(ENTITY_ID), how="inner", validate="one_to_one")
    if scored.empty:
        raise InputMissing(
            what=f"none of the {len(visits)} entities visited in the {label_days} days after {as_of} was known that day",
            where=str(lake.home),
            next_step="choose later days, or deliver the registrations that were known then",
        )
    _check_time(known, scored, profile, as_of)
    found = known.labels[inspection.FOUND_VIOLATION]
    model = fit(known, profile)
    groups = _groups(lake, profile, as_of)
    regions, industries = groups.set_index(ENTITY)[REGION], groups.set_index(ENTITY)[INDUSTRY]
    known_rows, scored_rows = (rows.assign(**{CODE: rows[ENTITY_ID].map(industries)}) for rows in (known.features, scored))
    baselines = fit_baselines(known_rows, found, known.inputs, seed=profile.training.seed)
    best, scores = baselines.best, model.score(scored)
    known_with_rate, scored_with_rate = add_region_rate(known, scored, outcomes, regions, profile.end_of, as_of)
    champion = model.facts.get("champion")
    model_with_rate = fit(known_with_rate, profile, candidates=(champion,) if champion else CANDIDATES)
    evaluated = scored[[str(inspection.INCLUSION_PROBABILITY), SELECTED_BY, *catalogue_inputs().columns]].copy()
    evaluated[WINDOW] = as_of
    evaluated[ENTITY] = scored[ENTITY_ID]
    evaluated[DAY] = pd.to_datetime(scored[inspection.INSPECTED_ON])
    evaluated[FOUND] = scored[inspection.FOUND_VIOLATION].astype(float)
    evaluated[PREDICTED], evaluated[MODEL] = scores[PROBABILITY], scores[MARGIN]
    for name, order in baselines.scores(scored_rows).items():
        evaluated[name] = order
    evaluated[NEIGHBOURS] = model_with_rate.score(scored_with_rate)[MARGIN]
    return Window(
        as_of=as_of,
        visited=len(visits),
        unknown=len(visits) - len(scored),
        labels=len(found),
        labels_found=int(found.sum()),
        kind=str(model.facts["kind"]),
        best_indicator=f"{best.column} {'↑' if best.direction > 0 else '↓'}" if best.column else "",
        visits=evaluated.merge(groups, on=ENTITY, how="left", validate="one_to_one"),
    )


def _check_time(known: TrainingSet, scored: pd.DataFrame, profile: Profile, as_of: date) -> None:
    """Check that no visit is in both training and test, no test visit was known, and every indicator is from its row's day."""
    check_features(known.features, known.labels[COHORT_ON])
    check_features(scored, pd.Series([as_of] * len(scored)))
    check_outcomes(scored, as_of=as_of, label_days=profile.training.label_days, known_from=profile.end_of(as_of))
    check_train_test_disjoint(known.labels, scored)


def _first_visits(outcomes: pd.DataFrame, after: date, until: date) -> pd.DataFrame:
    """Each entity's first visit in a window; several visits of one day are one, which found a violation if any did."""
    on = pd.to_datetime(outcomes[inspection.INSPECTED_ON])
    inside = outcomes[(on > pd.Timestamp(after)) & (on <= pd.Timestamp(until)) & outcomes[inspection.FOUND_VIOLATION].notna()]
    columns = [
        str(column)
        for column in (
            ENTITY_ID, inspection.INSPECTED_ON, inspection.FOUND_VIOLATION, KNOWN_AT, inspection.SELECTED_BY,
            inspection.INCLUSION_PROBABILITY,
        )
    ]  # fmt: skip
    ordered = inside.sort_values(columns, ascending=[True, True, False, True, True, True], kind="stable")
    return ordered.drop_duplicates(ENTITY_ID)[columns]


def _groups(lake: Lake, profile: Profile, as_of: date) -> pd.DataFrame:
    """Each known entity's region, as used for capacity, broadest industry and legal form, as known on the day."""
    region = REGION_OF_LEVEL[profile.capacity.region_level]
    industry = silver.INDUSTRY_SECTION if profile.industry_scheme else registration.INDUSTRY_CODE
    columns = (ENTITY_ID, region, industry, registration.ENTITY_TYPE)
    names = {str(region): REGION, str(industry): INDUSTRY, str(registration.ENTITY_TYPE): ENTITY_TYPE}
    return known_entities(lake, profile, as_of, columns).rename(columns=names)


def _check_both_outcomes(windows: list[Window]) -> None:
    """Refuse an evaluation in which all visits have the same result: every order is equally good then."""
    visits, found = sum(len(window.visits) for window in windows), sum(window.found for window in windows)
    if found in (0, visits):
        outcome = "none" if found == 0 else "every one"
        raise InputMissing(
            what=f"{outcome} of the {visits} visits that followed found a violation, so every order is equally good",
            where=f"the windows of {windows[0].as_of} to {windows[-1].as_of}",
            next_step="choose days after which some visits found a violation and some did not",
        )
