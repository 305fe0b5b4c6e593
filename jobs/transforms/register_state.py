"""What the register says of each entity on a day: its newest version, and how often and when it changed.

A row changes for two reasons only: something new is known of the entity, or the date ``changes_on`` passes, on which an announced
change takes effect or a change leaves the window in which changes are counted, which ends where the coverage of its source ends
(:mod:`jobs.transforms.coverage`). So a day computes only those entities.
"""

from __future__ import annotations

from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts import registration, silver
from expectations.contracts.lineage import AS_OF, ENTITY_ID, IS_ABSENT, IS_REVISION, VERSION_ORDER
from expectations.contracts.state import REGISTER, TRADING_NAME_KEY
from jobs.transforms.conform import compare_key
from jobs.transforms.coverage import Coverage
from jobs.transforms.frames import aggregate, join_few, select
from jobs.transforms.latest_known import keep_known, keep_latest

CHANGE_DAYS = 365
PAIRED_CHANGE_DAYS = 30

_OF_VERSIONS = tuple(str(column) for column in REGISTER.columns if column in silver.ENTITY.columns and column not in VERSION_ORDER)
READ = (
    *_OF_VERSIONS,
    registration.TRADING_NAME,
    registration.CHANGED_ON,
    registration.CHANGE_TYPE,
    *VERSION_ORDER,
    IS_ABSENT,
    IS_REVISION,
)
"""The columns that are read of a version."""

_IN_WINDOW = f"days_before < {CHANGE_DAYS}"
_CHANGES = {
    "changes_12m": f"count_if({_IN_WINDOW})",
    "last_changed_on": "max(changed_on)",
    "leaves_on": f"min(CASE WHEN {_IN_WINDOW} THEN date_add(changed_on, {CHANGE_DAYS}) END)",
    "rep_days": f"collect_list(CASE WHEN change_type = 'legal_rep' AND {_IN_WINDOW} THEN days_ago END)",
    "address_days": f"collect_list(CASE WHEN change_type = 'address' AND {_IN_WINDOW} THEN days_ago END)",
}
_PAIRED = f"coalesce(exists(rep_days, r -> exists(address_days, a -> abs(r - a) <= {PAIRED_CHANGE_DAYS})), false)"
_MADE = {
    "is_there": "known_at IS NOT NULL",
    "changes_on": "least(leaves_on, begins_on)",
    "changes_12m": "coalesce(changes_12m, 0L)",
    "rep_and_address_changed": f"CASE WHEN {_PAIRED} THEN 1 ELSE 0 END",
    "tells_changes": "change_type IS NOT NULL OR last_changed_on IS NOT NULL",
}


def register_as_of(versions: DataFrame, coverage: Coverage, cutoff: datetime) -> DataFrame:
    """One row per entity in the register, or announced for it: the columns of ``state.register`` without the day.

    A change is identified by its day and kind, so that a corrected or repeated record counts once.

    Args:
        versions: every version of some entities, with the columns :data:`READ`.
        coverage: the day, and where the windows of each source end.
        cutoff: the first instant (UTC, naive) that is too late to have been known.
    """
    as_of = coverage.as_of
    known = keep_known(versions.select(*READ), cutoff=cutoff, as_of=as_of)
    took_place = keep_known(known, cutoff=cutoff, as_of=as_of, event_on=registration.CHANGED_ON)
    newest = keep_latest(took_place, silver.ENTITY.key)
    keyed = newest.withColumn(TRADING_NAME_KEY, compare_key(F.col(registration.TRADING_NAME)))
    ahead = (
        known.where(f"{registration.CHANGED_ON} > DATE'{as_of}'")
        .groupBy(ENTITY_ID)
        .agg(F.min(registration.CHANGED_ON).alias("begins_on"))
    )
    merged = ahead.join(join_few(keyed, count_changes(took_place, coverage=coverage), ENTITY_ID), ENTITY_ID, "full")
    names = [str(column) for column in REGISTER.columns if column != AS_OF]
    return merged.transform(select, *[f"{_MADE[name]} AS {name}" if name in _MADE else name for name in names])


def count_changes(versions: DataFrame, *, coverage: Coverage) -> DataFrame:
    """One row per entity that changed: changes in the window, the last one, when the next leaves the window, days of two kinds.

    Args:
        versions: versions whose changes took place by ``as_of``.
    """
    changes = (
        versions.where("change_type IS NOT NULL AND change_type <> 'new' AND changed_on IS NOT NULL")
        .transform(coverage.add_to)
        .groupBy(ENTITY_ID, "changed_on", "change_type")
        .agg(F.max("window_end").alias("window_end"))
        .transform(
            select,
            "*",
            f"datediff(DATE'{coverage.as_of}', changed_on) AS days_ago",
            "datediff(window_end, changed_on) AS days_before",
        )
    )
    return changes.transform(aggregate, [ENTITY_ID], _CHANGES)
