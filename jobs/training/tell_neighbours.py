"""The same labelled rows with what was found at each entity's neighbours, for an evaluation to show apart what that would add."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pandas as pd

from expectations.contracts import inspection
from expectations.contracts.lineage import ENTITY_ID, KNOWN_AT
from jobs.profile.profile import Profile
from models.evaluation.neighbours import COLUMN, DAYS, region_rate
from models.inputs import Inputs
from models.labels.cohorts import COHORT_ON
from models.labels.training_set import TrainingSet


def add_region_rate(
    known: TrainingSet, scored: pd.DataFrame, visits: pd.DataFrame, regions: pd.Series, profile: Profile, as_of: date
) -> tuple[TrainingSet, pd.DataFrame]:
    """The training set and the rows to score, each with the column ``found_at_neighbours`` as it could be told on its day.

    Args:
        known: what the day's model learnt from.
        scored: the rows to score, of ``as_of``.
        visits: all visits, in the columns of :func:`jobs.training.gather_training_set.known_visits`.
        regions: each entity's region, by entity.
    """

    def told(rows: pd.DataFrame, days: pd.Series) -> pd.DataFrame:
        values = pd.Series(index=rows.index, dtype=float)
        for day in sorted(days.unique()):
            at = days == day
            on = pd.Timestamp(day).date()
            values[at] = region_rate(rows.loc[at, str(ENTITY_ID)], regions, _lately(visits, on, profile.end_of(on)))
        return rows.assign(**{COLUMN: values})

    def of_today(rows: pd.DataFrame) -> pd.DataFrame:
        return told(rows, pd.Series(pd.Timestamp(as_of), index=rows.index))

    inputs = known.inputs
    added = Inputs((*inputs.columns, COLUMN), (*inputs.directions, 1), (*inputs.dimensions, "supervision"))
    unvisited = None if known.unvisited is None else told(known.unvisited, known.unvisited[COHORT_ON])
    features = told(known.features, known.labels[COHORT_ON])
    return (
        replace(known, population=of_today(known.population), features=features, unvisited=unvisited, inputs=added),
        of_today(scored),
    )


def _lately(visits: pd.DataFrame, day: date, end: datetime) -> pd.DataFrame:
    """The visits of the days up to ``day`` whose result was known by its end."""
    on = pd.to_datetime(visits[inspection.INSPECTED_ON])
    is_recent = (on > pd.Timestamp(day - timedelta(days=DAYS))) & (on <= pd.Timestamp(day))
    known_at = pd.to_datetime(visits[KNOWN_AT], utc=True).dt.tz_localize(None)
    return visits[is_recent & (known_at < end) & visits[inspection.FOUND_VIOLATION].notna()]
