"""Which records are new versions, which are duplicates, and what a snapshot no longer holds."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from expectations.contracts.core import Column
from expectations.contracts.lineage import CONTENT_HASH, DELIVERED_ON, IS_ABSENT, IS_REVISION, KNOWN_AT, SOURCE_FILE, SOURCE_ROW

IS_DUPLICATE = "is_duplicate"
ABSENT_HASH = "absent"
_IS_EARLIER = "is_earlier"
ARRIVAL = (DELIVERED_ON, KNOWN_AT, SOURCE_FILE, SOURCE_ROW)
"""The order in which versions of a key arrived."""


def add_content_hash(rows: DataFrame, columns: Sequence[Column]) -> DataFrame:
    """Add the SHA-256 of the contract's columns; NULL and the empty text differ."""
    parts = [F.coalesce(F.col(column).cast("string"), F.lit("\x00")) for column in columns]
    return rows.withColumn(CONTENT_HASH, F.sha2(F.concat_ws("\x1f", *parts), 256))


def keep_latest_kept(bronze: DataFrame, key: Sequence[Column]) -> DataFrame:
    """The latest kept version of each key, in order of arrival."""
    window = Window.partitionBy(*key).orderBy(*[F.col(column).desc() for column in ARRIVAL])
    return bronze.withColumn("arrival", F.row_number().over(window)).where("arrival = 1").drop("arrival")


def compare_with_kept(rows: DataFrame, latest: DataFrame, key: Sequence[Column]) -> DataFrame:
    """Mark each row that is equal to the version of its key before it, and each that has a version before it at all.

    The version before is, in order of arrival, the row before in ``rows``, else the key's row in ``latest``: when that row
    was itself a duplicate it equals the latest kept version, so comparing neighbours compares with what was kept.

    Args:
        rows: a bronze frame of the days to take in.
        latest: :func:`keep_latest_kept` of the days before.
        key: the contract's key.

    Returns:
        ``rows`` with ``is_duplicate``, and with ``is_revision`` as it is.
    """
    wanted = [*key, CONTENT_HASH, *ARRIVAL]
    before = latest.select(*wanted).withColumn(_IS_EARLIER, F.lit(True))
    both = rows.withColumn(_IS_EARLIER, F.lit(False)).unionByName(before, allowMissingColumns=True)
    window = Window.partitionBy(*key).orderBy(F.col(_IS_EARLIER).desc(), *[F.col(column) for column in ARRIVAL])
    held_against = both.withColumn("_before", F.lag(CONTENT_HASH).over(window)).where(f"NOT {_IS_EARLIER}")
    return held_against.withColumns(
        {
            IS_DUPLICATE: F.coalesce(F.col("_before") == F.col(CONTENT_HASH), F.lit(False)),
            str(IS_REVISION): F.col(IS_REVISION) | F.col("_before").isNotNull(),
        }
    ).drop("_before", _IS_EARLIER)


def add_is_revision(rows: DataFrame, elsewhere: DataFrame, key: Sequence[Column]) -> DataFrame:
    """Mark each row whose key is also ``elsewhere``: with another source, or in a delivery that came after."""
    names = [str(part) for part in key]
    there = elsewhere.select(*names).distinct().withColumn("_there", F.lit(True))
    joined = rows.join(there, names, "left").withColumn(IS_REVISION, F.col(IS_REVISION) | F.col("_there").isNotNull())
    return joined.select(*rows.columns)


def absent_from(snapshot: DataFrame, latest: DataFrame, key: Sequence[Column]) -> DataFrame:
    """A row for each key that is in ``latest`` and no longer in the snapshot.

    Args:
        snapshot: one delivery's rows.
        latest: :func:`keep_latest_kept` of the days before; keys already absent are left out.
        key: the contract's key.

    Returns:
        ``latest``'s columns; the caller sets the delivery's own lineage.
    """
    gone = latest.where(f"NOT {IS_ABSENT}").join(snapshot.select(*key).distinct(), on=[str(part) for part in key], how="left_anti")
    return gone.withColumns({str(IS_ABSENT): F.lit(True), str(IS_REVISION): F.lit(True), str(CONTENT_HASH): F.lit(ABSENT_HASH)})
