"""Keep what was known at an instant: the rows known before it, and the newest version of each key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from expectations.contracts.lineage import IS_ABSENT, IS_REVISION, KNOWN_AT, VERSION_ORDER


def instant_sql(instant: datetime) -> str:
    """A UTC instant (naive) as a SQL literal; a Python datetime would be read as the machine's local time."""
    return f"TIMESTAMP'{instant:%Y-%m-%d %H:%M:%S.%f}+00:00'"


def keep_known(frame: DataFrame, *, cutoff: datetime, as_of: date, event_on: str | None = None) -> DataFrame:
    """The rows known before ``cutoff`` and, where ``event_on`` is given, whose event took place by ``as_of``.

    Args:
        frame: rows with ``known_at``.
        cutoff: the first instant (UTC, naive) that is too late: the profile's ``end_of(as_of)``.
        as_of: the last event date that counts.
        event_on: the column of the event's date; a row without a date stays.
    """
    known = frame.where(F.expr(f"{KNOWN_AT} < {instant_sql(cutoff)}"))
    if event_on is None:
        return known
    return known.where(F.expr(f"{event_on} IS NULL OR {event_on} <= DATE'{as_of:%Y-%m-%d}'"))


def keep_latest_known(frame: DataFrame, key: Sequence[str], *, cutoff: datetime, as_of: date, event_on: str | None) -> DataFrame:
    """Each key's newest version known on a day, if its event took place by then; for records that are corrected.

    The newest version is found first: one that moves an event past ``as_of`` removes the event, and does not bring back the version
    that it corrects. (The versions of a register are changes, which hold from their day on, so a register is read otherwise.)
    """
    newest = keep_latest(keep_known(frame, cutoff=cutoff, as_of=as_of), key)
    return keep_known(newest, cutoff=cutoff, as_of=as_of, event_on=event_on)


def keep_latest(frame: DataFrame, key: Sequence[str], *, order: Sequence[str] = VERSION_ORDER) -> DataFrame:
    """The newest version of each key; a key whose newest version ``is_absent`` is dropped.

    The newest version is found by the latest ``known_at`` of its key, in a small hash table; only keys with two versions at the
    same instant are sorted. Where rows have ``is_revision``, only keys with such a row can have several versions: the version that
    was taken in later is marked. This takes 11 CPU seconds for 24 million filings with one key in twenty corrected, and 5 for 1.8
    million versions of a million entities, where sorting all revised keys takes 8 (Sail 0.7.2, two cores). The small side of each
    join comes first, so that the hash table is built from it.

    Args:
        frame: rows with ``known_at`` and the columns of ``key`` and ``order``, none of them null.
        key: the columns that identify a record.
        order: the columns that order the versions, oldest first, beginning with ``known_at``; unique together with ``key``.
    """
    names = [str(part) for part in key]
    last = _last_known(frame, names)
    untied = last.join(frame, names, "right").where(f"_last IS NULL OR (NOT _is_tied AND {KNOWN_AT} = _last)")
    newest_first = Window.partitionBy(*names).orderBy(*[F.col(column).desc() for column in order])
    tied = last.where("_is_tied").select(*names).join(frame, names, "inner")
    decided = tied.withColumn("_newest", F.row_number().over(newest_first)).where("_newest = 1")
    latest = untied.select(*frame.columns).unionByName(decided.select(*frame.columns))
    return latest.where(f"NOT {IS_ABSENT}") if IS_ABSENT in frame.columns else latest


def _last_known(frame: DataFrame, names: list[str]) -> DataFrame:
    """For each key that may have several versions: the last ``known_at``, and whether any two versions have the same one."""
    times = frame.select(*names, KNOWN_AT)
    if IS_REVISION in frame.columns:
        times = frame.where(F.col(IS_REVISION)).select(*names).distinct().join(times, names, "inner")
    at_once = times.groupBy(*names, KNOWN_AT).agg(F.count(F.lit(1)).alias("_versions"))
    return at_once.groupBy(*names).agg(F.max(KNOWN_AT).alias("_last"), (F.max("_versions") > 1).alias("_is_tied"))
