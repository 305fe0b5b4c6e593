"""Metrics of each delivered day of a source: number of rows, ratio to the expected volume, age, share of unusable rows.

**Expected volume.** A delivery is compared with earlier ones after a similar gap (at least half and at most twice as many days
since the delivery before), since monthly deliveries may become daily ones and a Monday delivers a weekend. The first, often a
backlog, is left out; with fewer than three there is no ratio (NaN). The expected volume is the smaller of the medians of the last
12 and of the last 60: the long one covers the low after a monthly peak, the short one follows a source that has become smaller for
good.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from statistics import median

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.batch_metrics import AGE_DAYS, COLUMNS, QUARANTINED_SHARE, ROWS, UNKNOWN_ENTITY_SHARE, VOLUME_RATIO
from expectations.contracts.contract import Contract
from expectations.contracts.lineage import DELIVERED_ON, ENTITY_ID, IS_ABSENT
from expectations.row_rules import add_missing_columns, is_sound_sql

BROKEN = "broken"
"""Rows of the day that break a critical row rule."""
NEWEST_EVENT_ON = "newest_event_on"
NAMED = "named"
"""Rows of the day with an entity_id."""
UNKNOWN = "unknown"
"""Rows of the day with an entity_id that no registration has."""
COUNT_COLUMNS = (DELIVERED_ON, ROWS, BROKEN, NEWEST_EVENT_ON, NAMED, UNKNOWN)

READ, QUARANTINED, OUT_OF_SCOPE = "read", "quarantined", "out_of_scope"
READ_COLUMNS = (DELIVERED_ON, READ, QUARANTINED, OUT_OF_SCOPE)
"""The counts of ingest for each batch, by their names in its manifest."""

LIKE_GAP = 2
RECENT_DELIVERIES = 12
LONG_DELIVERIES = 60
FEWEST_DELIVERIES = 3
FEWEST_EVENTS = 10
"""With fewer rows the age is NaN: all of them may be late, or about old events."""


def count_days(rows: DataFrame, contract: Contract, entity_ids: DataFrame | None = None) -> DataFrame:
    """Count a source's bronze rows by delivered day; one row per day, columns :data:`COUNT_COLUMNS`.

    Rows that record an absence from a snapshot were not delivered and are left out. ``newest_event_on`` uses only events up to the
    delivery, so that one date in the future cannot make an old delivery look new; it is NULL where there is none, as for a file
    without a delivery date.

    Args:
        rows: bronze rows: the contract's columns with their lineage.
        entity_ids: the known ``entity_id``s, repeated or not; without it no row is looked up, and ``named`` is 0.
    """
    delivered = add_missing_columns(rows, contract).filter(~F.col(IS_ABSENT)).withColumn(BROKEN, ~F.expr(is_sound_sql(contract)))
    has_entities = entity_ids is not None and ENTITY_ID in contract.columns
    if entity_ids is not None and has_entities:
        known = entity_ids.select(ENTITY_ID).distinct().withColumn(UNKNOWN, F.lit(False))
        delivered = delivered.join(known, on=ENTITY_ID, how="left")
    event_on = F.col(contract.event_on) if contract.event_on else F.lit(None).cast("date")
    is_named = F.col(ENTITY_ID).isNotNull() if has_entities else F.lit(False)
    is_unknown = is_named & F.col(UNKNOWN).isNull() if has_entities else F.lit(False)
    return delivered.groupBy(DELIVERED_ON).agg(
        F.count(F.lit(1)).alias(ROWS),
        F.count_if(F.col(BROKEN)).alias(BROKEN),
        F.max(F.when(event_on <= F.col(DELIVERED_ON), event_on)).alias(NEWEST_EVENT_ON),
        F.count_if(is_named).alias(NAMED),
        F.count_if(is_unknown).alias(UNKNOWN),
    )


def day_facts(counts: pd.DataFrame, reads: pd.DataFrame) -> pd.DataFrame:
    """The metrics that batch rules check, one row per delivered day in order, columns of :mod:`expectations.batch_metrics`.

    Args:
        counts: the result of :func:`count_days`, in pandas.
        reads: the counts of ingest, columns :data:`READ_COLUMNS`, one row per batch. A day that was counted but not read (an older
            lake) is taken as read without loss; a day that was read but not counted delivered nothing usable.
    """
    read = reads.loc[:, list(READ_COLUMNS)].groupby(DELIVERED_ON, as_index=False).sum()
    days = counts.loc[:, list(COUNT_COLUMNS)].merge(read, on=DELIVERED_ON, how="outer").sort_values(DELIVERED_ON, ignore_index=True)
    in_scope = (days[READ] - days[OUT_OF_SCOPE]).fillna(days[ROWS]).astype(float)
    unusable = days[QUARANTINED].fillna(0) + days[BROKEN].fillna(0)
    ages = pd.Series([_days_between(*day) for day in zip(days[NEWEST_EVENT_ON], days[DELIVERED_ON], strict=True)], dtype=float)
    return pd.DataFrame(
        {
            DELIVERED_ON: days[DELIVERED_ON],
            ROWS: in_scope,
            VOLUME_RATIO: volume_ratios(list(days[DELIVERED_ON]), list(in_scope)),
            AGE_DAYS: ages.where(days[ROWS] >= FEWEST_EVENTS),
            QUARANTINED_SHARE: _share(unusable, in_scope),
            UNKNOWN_ENTITY_SHARE: _share(days[UNKNOWN], days[NAMED]),
        },
        columns=list(COLUMNS),
    )


def volume_ratios(days: Sequence[date], rows: Sequence[float]) -> list[float]:
    """Each day's rows divided by its expected volume; NaN where too few earlier deliveries are comparable.

    Args:
        days: delivered days, ascending.
        rows: rows delivered on each.
    """
    gaps = [0, *((later - earlier).days for earlier, later in pairwise(days))][: len(days)]
    ratios = []
    for at, gap in enumerate(gaps):
        past = [rows[i] for i in range(1, at) if gap <= LIKE_GAP * gaps[i] and gaps[i] <= LIKE_GAP * gap]
        if len(past) < FEWEST_DELIVERIES:
            ratios.append(float("nan"))
            continue
        expected = min(median(past[-RECENT_DELIVERIES:]), median(past[-LONG_DELIVERIES:]))
        ratios.append(rows[at] / expected if expected else float("nan"))
    return ratios


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """``part / whole``, NaN where ``whole`` is 0."""
    whole = whole.astype(float)
    return part.astype(float) / whole.where(whole > 0)


def _days_between(earlier: date | None, later: date) -> float:
    return float("nan") if earlier is None or pd.isna(earlier) else float((later - earlier).days)
