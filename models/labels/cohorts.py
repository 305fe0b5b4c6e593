"""Labels: the outcome of an entity's next visit after a cohort date, as far as it was known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
import pandas as pd

from expectations.contracts.inspection import FOUND_VIOLATION, INCLUSION_PROBABILITY, INSPECTED_ON, INSPECTOR_ID, SELECTED_BY
from expectations.contracts.lineage import ENTITY_ID, KNOWN_AT

COHORT_ON = "cohort_on"
HELD_OUT_COHORTS = 2
"""Number of the newest cohorts that are held out to evaluate a model."""
FEWEST_COHORTS = 4
"""With fewer cohorts none is held out."""
PLENTY = 2
"""With so many times the labels that a model is fitted on, every second cohort is enough: features of past days cost more than the
fit."""
SHORTEST_MONTHS = 29.5
"""Mean days a month of the shortest two consecutive months."""
LABEL_COLUMNS = (ENTITY_ID, COHORT_ON, FOUND_VIOLATION, INSPECTED_ON, KNOWN_AT, SELECTED_BY, INCLUSION_PROBABILITY, INSPECTOR_ID)


class LeakedLabelError(ValueError):
    """A label was not known when the model was trained, or its visit is not after its cohort."""


def cohort_dates(as_of: date, *, every_months: int, count: int) -> tuple[date, ...]:
    """At most ``count`` month ends before ``as_of``, ``every_months`` apart, earliest first."""
    if every_months < 1 or count < 1:
        raise ValueError(f"cohorts need at least one month and one cohort, not {every_months} and {count}")
    month = pd.Period(as_of, freq="M")
    return tuple((month - 1 - step * every_months).end_time.date() for step in reversed(range(count)))


def every_second_cohort(cohorts: Sequence[date], *, every_months: int, label_days: int) -> tuple[date, ...]:
    """Every second cohort, the same ones whatever the last is; none if then some visits would follow no cohort.

    Args:
        cohorts: from :func:`cohort_dates`.
        every_months: months between cohorts.
        label_days: days after a cohort in which a visit labels it.
    """
    if label_days < 2 * every_months * SHORTEST_MONTHS:
        return ()
    return tuple(day for day in cohorts if (day.year * 12 + day.month) // every_months % 2 == 0)


def build_labels(visits: pd.DataFrame, cohorts: Sequence[date], *, label_days: int, known_before: datetime) -> pd.DataFrame:
    """One row for each entity and cohort followed by a visit.

    A visit belongs to the latest cohort before its day, at most ``label_days`` earlier. Of several visits after one cohort the
    first counts; visits of one entity on one day are one visit, which found a violation if any of them did.

    Args:
        visits: ``entity_id, inspected_on, known_at`` (UTC), ``found_violation, selected_by, inclusion_probability, inspector_id``
            (the last is optional); each visit once, in its newest known version. Rows without a day or a result are skipped.
        cohorts: dates of features, in any order.
        label_days: days after a cohort in which a visit labels it.
        known_before: the training's cut-off (UTC); later knowledge is not used.

    Returns:
        ``entity_id, cohort_on, found_violation`` (0.0 or 1.0), ``inspected_on, known_at, selected_by,
        inclusion_probability, inspector_id`` (to adjust for, never a feature), ordered by cohort and entity; dates as datetime64.
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


def first_held_out_cohort(labels: pd.DataFrame) -> pd.Timestamp | None:
    """The first held-out cohort; None where there are too few cohorts to hold any out."""
    cohorts = sorted(labels[COHORT_ON].unique())
    return pd.Timestamp(cohorts[-HELD_OUT_COHORTS]) if len(cohorts) >= FEWEST_COHORTS else None


def check_labels(labels: pd.DataFrame, *, known_before: datetime) -> None:
    """Refuse labels from the future.

    Raises:
        LeakedLabelError: when a label was not known before the cut-off, or its visit is not after its cohort; names the first row.
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
    """Naive UTC instants in nanoseconds, from instants with or without a zone."""
    return pd.to_datetime(instants, utc=True).dt.tz_localize(None).astype("datetime64[ns]")
