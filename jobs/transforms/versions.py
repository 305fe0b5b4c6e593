"""Find which records are new versions, which are duplicates, and which keys a snapshot no longer has."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from expectations.contracts.contract import Column
from expectations.contracts.lineage import CONTENT_HASH, DELIVERED_ON, IS_ABSENT, IS_REVISION, KNOWN_AT, SOURCE_FILE, SOURCE_ROW
from jobs.transforms.frames import Materialise, join_few

IS_DUPLICATE = "is_duplicate"
IS_CONFLICT = "is_conflict"
ABSENT_HASH = "absent"
_IS_EARLIER = "is_earlier"
_IS_AGAIN = "is_again"
_HASH = "key_hash"
ARRIVAL = (DELIVERED_ON, KNOWN_AT, SOURCE_FILE, SOURCE_ROW)
"""The order in which versions of a key arrived."""
RECORD = (DELIVERED_ON, SOURCE_FILE, SOURCE_ROW)
"""The columns that identify a record of a source."""


def add_content_hash(rows: DataFrame, columns: Sequence[Column]) -> DataFrame:
    """Add the SHA-256 of the contract's columns; NULL and the empty text differ."""
    parts = [F.coalesce(F.col(column).cast("string"), F.lit("\x00")) for column in columns]
    return rows.withColumn(CONTENT_HASH, F.sha2(F.concat_ws("\x1f", *parts), 256))


def keep_latest_kept(bronze: DataFrame, key: Sequence[Column]) -> DataFrame:
    """The latest kept version of each key, in order of arrival."""
    window = Window.partitionBy(*key).orderBy(*[F.col(column).desc() for column in ARRIVAL])
    return bronze.withColumn("arrival", F.row_number().over(window)).where("arrival = 1").drop("arrival")


def find_marks(
    rows: DataFrame,
    kept: DataFrame,
    elsewhere: DataFrame | None,
    key: Sequence[Column],
    materialise: Materialise,
    comparable: str | None = None,
) -> DataFrame:
    """Which rows are in conflict, duplicates or revisions, among the rows whose key occurs more than once or existed before.

    A row is in *conflict* when another ``comparable`` row of its delivery has its key and ``known_at`` and differs. Among the rest,
    a row is a *duplicate* when it is equal to the version of its key before it, and a *revision* when its key has a version before
    it, or one elsewhere. The version before is, in order of arrival, the row before in ``rows``, else the key's latest in ``kept``.
    Keys with one row only are found by 64-bit hashes, which are shorter than the keys; the remaining rows are sorted by the keys
    themselves, so that hash collisions do no harm.

    Args:
        rows: a bronze frame of the days to take in.
        kept: the bronze rows of the days before.
        elsewhere: other bronze rows that stay, of other sources or later days; None when there are none.
        comparable: SQL of the rows that can be in conflict; None where a delivery may hold several versions of a key.

    Returns:
        The columns :data:`RECORD`, ``is_conflict``, ``is_duplicate`` and ``is_again``, for :func:`add_marks`.
    """
    names = [str(part) for part in key]
    hashed = rows.select(F.xxhash64(*key).alias(_HASH), *names, CONTENT_HASH, *ARRIVAL)
    keys = materialise(hashed.groupBy(_HASH).agg(F.expr("count(1)").alias("times")))
    before = materialise(_of(keys, kept.select(*names, CONTENT_HASH, *ARRIVAL), names))
    other = None if elsewhere is None else materialise(_of(keys, elsewhere.select(*names), names).select(_HASH, *names).distinct())
    found = [keys.where("times > 1"), before, *([] if other is None else [other])]
    compared = materialise(reduce(DataFrame.unionByName, [frame.select(_HASH) for frame in found]).distinct())
    repeated = materialise(compared.join(hashed, _HASH, "inner"))
    conflicts = None if comparable is None else _conflicts(rows, repeated, names, comparable, materialise)
    versions = (
        (repeated if conflicts is None else repeated.join(conflicts, [str(column) for column in RECORD], "left_anti"))
        .withColumn(_IS_EARLIER, F.lit(False))
        .unionByName(before.withColumn(_IS_EARLIER, F.lit(True)))
    )
    in_order = Window.partitionBy(*names).orderBy(F.col(_IS_EARLIER).desc(), *[F.col(column) for column in ARRIVAL])
    marked = versions.withColumn("_before", F.lag(CONTENT_HASH).over(in_order)).where(f"NOT {_IS_EARLIER}")
    is_again = F.col("_before").isNotNull()
    if other is not None:
        marked = join_few(marked, other.drop(_HASH).withColumn("_there", F.lit(True)), names)
        is_again |= F.col("_there").isNotNull()
    is_duplicate = F.coalesce(F.col("_before") == F.col(CONTENT_HASH), F.lit(False))
    marks = marked.select(*RECORD, F.lit(False).alias(IS_CONFLICT), is_duplicate.alias(IS_DUPLICATE), is_again.alias(_IS_AGAIN))
    if conflicts is None:
        return marks
    flags = {IS_CONFLICT: F.lit(True), IS_DUPLICATE: F.lit(False), _IS_AGAIN: F.lit(False)}
    return marks.unionByName(conflicts.withColumns(flags))


def _conflicts(
    rows: DataFrame, repeated: DataFrame, names: Sequence[str], comparable: str, materialise: Materialise
) -> DataFrame | None:
    """The comparable rows that differ from another of the same delivery, key and ``known_at``; None when there are none.

    Whether rows are comparable is computed for the few that differ from another one, not for all.
    """
    different = materialise(_different(repeated, names))
    if not different.head(1):
        return None
    sound = join_few(rows, different.withColumn("_there", F.lit(True)), RECORD).where("_there").where(comparable)
    return materialise(_different(sound, names))


def _different(rows: DataFrame, names: Sequence[str]) -> DataFrame:
    group = [*names, str(DELIVERED_ON), str(KNOWN_AT)]
    contents = rows.groupBy(*group).agg(F.min(CONTENT_HASH).alias("_least"), F.max(CONTENT_HASH).alias("_most"))
    return contents.where("_least <> _most").select(*group).join(rows, group, "inner").select(*RECORD)


def _of(keys: DataFrame, rows: DataFrame, names: Sequence[str]) -> DataFrame:
    """The rows whose key's hash is among ``keys``, with it."""
    return keys.select(_HASH).join(rows.withColumn(_HASH, F.xxhash64(*names)), _HASH, "inner")


def add_marks(rows: DataFrame, marks: DataFrame) -> DataFrame:
    """``rows`` with ``is_conflict`` and ``is_duplicate``, and with ``is_revision`` where the marks say so.

    Args:
        marks: the result of :func:`find_marks` for these rows.
    """
    marked = join_few(rows, marks, RECORD)
    return marked.withColumns(
        {
            IS_CONFLICT: F.coalesce(F.col(IS_CONFLICT), F.lit(False)),
            IS_DUPLICATE: F.coalesce(F.col(IS_DUPLICATE), F.lit(False)),
            str(IS_REVISION): F.col(IS_REVISION) | F.coalesce(F.col(_IS_AGAIN), F.lit(False)),
        }
    ).drop(_IS_AGAIN)


def absent_from(snapshot: DataFrame, latest: DataFrame, key: Sequence[Column]) -> DataFrame:
    """A row for each key that is in ``latest`` but not in the snapshot.

    Args:
        snapshot: one delivery's rows.
        latest: :func:`keep_latest_kept` of the days before; keys already absent are left out.

    Returns:
        ``latest``'s columns; the caller sets the delivery's own lineage.
    """
    gone = latest.where(f"NOT {IS_ABSENT}").join(snapshot.select(*key).distinct(), on=[str(part) for part in key], how="left_anti")
    return gone.withColumns({str(IS_ABSENT): F.lit(True), str(IS_REVISION): F.lit(True), str(CONTENT_HASH): F.lit(ABSENT_HASH)})
