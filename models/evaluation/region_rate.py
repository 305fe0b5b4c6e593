"""The violation rate of recent visits to others of the same region, as an extra column for an evaluation; never part of a model.

Where inspectors have areas of their own, outcomes of the neighbourhood order visits well because they identify the inspector.
They would also rate a business by its location.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from expectations.contracts.inspection import FOUND_VIOLATION, INSPECTED_ON
from expectations.contracts.lineage import ENTITY_ID, KNOWN_AT
from models.foundation.inputs import Floats, Inputs
from models.labels.cohorts import COHORT_ON
from models.labels.training_set import TrainingSet

COLUMN = "found_at_neighbours"
DAYS = 60
PRIOR_VISITS = 10
"""A region's rate is shrunk towards the rate of all regions, which weighs as many visits."""


def add_region_rate(
    known: TrainingSet,
    scored: pd.DataFrame,
    visits: pd.DataFrame,
    regions: pd.Series,
    end_of_day: Callable[[date], datetime],
    as_of: date,
) -> tuple[TrainingSet, pd.DataFrame]:
    """The training set and the rows to score, each with the column ``found_at_neighbours`` as known on its day.

    Args:
        known: what the day's model is fitted on.
        scored: the rows to score on ``as_of``.
        visits: ``entity_id, inspected_on, known_at, found_violation`` of all visits.
        regions: each entity's region, indexed by entity.
        end_of_day: the first instant (UTC, naive) after a day.
        as_of: the day of scoring.
    """

    def add_on(rows: pd.DataFrame, days: pd.Series) -> pd.DataFrame:
        values = pd.Series(index=rows.index, dtype=float)
        for day in sorted(days.unique()):
            is_on, on = days == day, pd.Timestamp(day).date()
            values[is_on] = region_rate(rows.loc[is_on, str(ENTITY_ID)], regions, _recent_visits(visits, on, end_of_day(on)))
        return rows.assign(**{COLUMN: values})

    def add_today(rows: pd.DataFrame) -> pd.DataFrame:
        return add_on(rows, pd.Series(pd.Timestamp(as_of), index=rows.index))

    inputs, unvisited, follow_ups = known.inputs, known.unvisited, known.follow_ups
    extended = replace(
        known,
        population=add_today(known.population),
        features=add_on(known.features, known.labels[COHORT_ON]),
        unvisited=None if unvisited is None else add_on(unvisited, unvisited[COHORT_ON]),
        follow_ups=None if follow_ups is None else add_on(follow_ups, follow_ups[COHORT_ON]),
        inputs=Inputs((*inputs.columns, COLUMN), (*inputs.directions, 1), (*inputs.dimensions, "supervision")),
    )
    return extended, add_today(scored)


def region_rate(entities: pd.Series, regions: pd.Series, visits: pd.DataFrame) -> Floats:
    """The share of visits to others of the same region that found a violation, shrunk towards the share of all visits.

    Args:
        entities: shape (n,).
        regions: each entity's region, indexed by entity; may lack entities or regions.
        visits: ``entity_id`` and ``found_violation`` (0 or 1) of the visits that count.

    Returns:
        Shape (n,); NaN where the region is unknown, the share of all where no other entity of the region was visited.
    """
    if visits.empty:
        return np.full(len(entities), np.nan)
    found = visits[FOUND_VIOLATION].to_numpy(dtype=np.float64)
    counts = pd.DataFrame({"visits": 1.0, "found": found})
    of_region = counts.groupby(visits[ENTITY_ID].map(regions).to_numpy(dtype=object)).sum()
    of_entity = counts.groupby(visits[ENTITY_ID].to_numpy(dtype=object)).sum()
    region = entities.map(regions)
    # All visits of an entity count in its region of today, also those before it moved.
    others = of_region.reindex(region).fillna(0.0).to_numpy() - of_entity.reindex(entities).fillna(0.0).to_numpy()
    share = (others[:, 1] + PRIOR_VISITS * found.mean()) / (others[:, 0] + PRIOR_VISITS)
    return np.where(region.isna().to_numpy(), np.nan, share)


def _recent_visits(visits: pd.DataFrame, day: date, end: datetime) -> pd.DataFrame:
    """Visits of the :data:`DAYS` up to ``day`` whose result was known before ``end``."""
    on = pd.to_datetime(visits[INSPECTED_ON])
    is_recent = (on > pd.Timestamp(day - timedelta(days=DAYS))) & (on <= pd.Timestamp(day))
    known_at = pd.to_datetime(visits[KNOWN_AT], utc=True).dt.tz_localize(None)
    return visits[is_recent & (known_at < end) & visits[FOUND_VIOLATION].notna()]
