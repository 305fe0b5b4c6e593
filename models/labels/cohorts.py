"""Labels: which entity, seen on which cohort date, turned out how at its next visit, as far as that was known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
import pandas as pd

from expectations.contracts.inspection import FOUND_VIOLATION, INCLUSION_PROBABILITY, INSPECTED_ON, INSPECTOR_ID, SELECTED_BY
from expectations.contracts.lineage import ENTITY_ID, KNOWN_AT

COHORT_ON = "cohort_on"
HELD_OUT_COHORTS = 2
"""So many of the last cohorts judge a model that was kept from them,"""
FEWEST_COHORTS = 4
"""where there are so many."""
PLENTY = 2
"""Of so many times the labels that are learnt from, those of every second cohort are enough. Where many are labelled, many more are
registered, and the features of all of them on a day in the past take longer than what is learnt from them."""
SHORTEST_MONTHS = 29.5
"""Days a month, of the shortest two; of longer ones visits of the last days label no cohort."""
LABEL_COLUMNS = (ENTITY_ID, COHORT_ON, FOUND_VIOLATION, INSPECTED_ON, KNOWN_AT, SELECTED_BY, INCLUSION_PROBABILITY, INSPECTOR_ID)


class LeakedLabelError(ValueError):
    """A label that could not have been known when the model was trained, or a feature date not before its visit."""


def cohort_dates(as_of: date, *, every_months: int, count: int) -> tuple[date, ...]:
    """At most ``count`` month ends before ``as_of``, ``every_months`` apart, earliest first."""
    if every_months < 1 or count < 1:
        raise ValueError(f"cohorts need at least one month and one cohort, not {every_months} and {count}")
    month = pd.Period(as_of, freq="M")
    return tuple((month - 1 - step * every_months).end_time.date() for step in reversed(range(count)))


def every_second(cohorts: Sequence[date], *, every_months: int, label_days: int) -> tuple[date, ...]:
    """Every second cohort, the same ones whichever is the last; none where visits of more than the last days before one label none.

    Args:
        cohorts: as :func:`cohort_dates` gives them.
        every_months: how far apart they are.
        label_days: how long after a cohort a visit still speaks of it.
    """
    if label_days < 2 * every_months * SHORTEST_MONTHS:
        return ()
    return tuple(day for day in cohorts if (day.year * 12 + day.month) // every_months % 2 == 0)


def build_labels(visits: pd.DataFrame, cohorts: Sequence[date], *, label_days: int, known_before: datetime) -> pd.DataFrame:
    """One row for each entity and cohort that a visit followed.

    A visit belongs to the latest cohort before its day, if that is at most ``label_days`` days before. Of several
    visits after one cohort the first counts; visits of one entity on one day are one visit, which found a violation
    if any of them did.

    Args:
        visits: ``entity_id, inspected_on, known_at`` (UTC), ``found_violation, selected_by, inclusion_probability, inspector_id``
            (the last may be left out); a visit once, in its newest known version. Rows without a day or a result are no labels.
        cohorts: dates on which features were taken, in any order.
        label_days: how long after a cohort a visit still speaks of it.
        known_before: the training's cut-off (UTC); what became known at or after it is not used.

    Returns:
        ``entity_id, cohort_on, found_violation`` (0.0 or 1.0), ``inspected_on, known_at, selected_by,
        inclusion_probability, inspector_id`` (a nuisance to adjust for, never a feature), ordered by cohort and entity; dates as
        datetime64.
    """
    if label_days < 1:
        raise ValueError(f"labels need at least one day, not {label_days}")
    frame = pd.DataFrame(
        {
            ENTITY_ID: visits[ENTITY_ID].astype(str),
            INSPECTED_ON: pd.to_datetime(visits[INSPECTED_ON]).astype("datetime64[ns]").dt.normalize(),
            KNOWN_AT: _utc(visits[KNOWN_AT]),
            FOUND_VIOLATION: visits[FOUND_VIOLATION].astype("boolean").astype("Float64").to_numpy(dtype=float, na_value=np.nan),
            SELECTED_BY: visits[SELECTED_BY].astype(object),
            INCLUSION_PROBABILITY: visits[INCLUSION_PROBABILITY].astype(float),
            INSPECTOR_ID: visits.get(INSPECTOR_ID, pd.Series(None, index=visits.index, dtype=object)).astype(object),
        }
    )
    is_known = frame[KNOWN_AT] < pd.Timestamp(known_before)
    frame = frame[is_known & frame[INSPECTED_ON].notna() & frame[FOUND_VIOLATION].notna()]
    dates = np.array(sorted(set(cohorts)), dtype="datetime64[ns]")
    place = np.searchsorted(dates, frame[INSPECTED_ON].to_numpy(dtype="datetime64[ns]"), side="left") - 1
    frame, place = frame[place >= 0], place[place >= 0]
    frame = frame.assign(**{COHORT_ON: dates[place]})
    frame = frame[frame[INSPECTED_ON] - frame[COHORT_ON] <= pd.Timedelta(days=label_days)]
    frame = frame.sort_values(
        [COHORT_ON, ENTITY_ID, INSPECTED_ON, FOUND_VIOLATION, KNOWN_AT, SELECTED_BY, INCLUSION_PROBABILITY, INSPECTOR_ID],
        ascending=[True, True, True, False, True, True, True, True],
        kind="stable",
    )
    first = frame.drop_duplicates([COHORT_ON, ENTITY_ID])
    return first.loc[:, list(LABEL_COLUMNS)].reset_index(drop=True)


def begin_of_held_out(labels: pd.DataFrame) -> pd.Timestamp | None:
    """The first of the cohorts that judge a model; None where there are too few cohorts to keep any from it."""
    cohorts = sorted(labels[COHORT_ON].unique())
    return pd.Timestamp(cohorts[-HELD_OUT_COHORTS]) if len(cohorts) >= FEWEST_COHORTS else None


def check_labels(labels: pd.DataFrame, *, known_before: datetime) -> None:
    """Refuse labels that look into the future.

    Raises:
        LeakedLabelError: when a label was not known before the cut-off, or its visit is not after its cohort; the message
            names the first such row.
    """
    unknown = _utc(labels[KNOWN_AT]) >= pd.Timestamp(known_before)
    not_after = pd.to_datetime(labels[INSPECTED_ON]) <= pd.to_datetime(labels[COHORT_ON])
    for is_wrong, why in ((unknown, f"was not known before {known_before}"), (not_after, "is not after its cohort")):
        if is_wrong.any():
            row = labels[is_wrong.to_numpy()].iloc[0]
            raise LeakedLabelError(
                f"the visit of {row[ENTITY_ID]} on {pd.Timestamp(row[INSPECTED_ON]):%Y-%m-%d} (cohort "
                f"{pd.Timestamp(row[COHORT_ON]):%Y-%m-%d}, known at {row[KNOWN_AT]}) {why}: it must not train a model"
            )


def _utc(instants: pd.Series) -> pd.Series:
    """Naive UTC instants at nanoseconds, whether given with a zone or without."""
    parsed = pd.to_datetime(instants)
    if parsed.dt.tz is not None:
        parsed = parsed.dt.tz_convert("UTC").dt.tz_localize(None)
    return parsed.astype("datetime64[ns]")
