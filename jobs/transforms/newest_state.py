"""Of state that is written by the day, the rows that hold: each key's newest."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from expectations.contracts.lineage import AS_OF


def keep_newest_state(rows: DataFrame, key: str, *, first: str, is_only: bool) -> DataFrame:
    """Each key's row of the newest day that has one.

    The first day holds every key and later days few, so only those few are brought into order, and they come first in the
    join, which makes them the side that the hash table is built of.

    Args:
        rows: one row a key and day.
        key: the column that names a row.
        first: the day, ISO, that holds every key.
        is_only: whether there is no other day.
    """
    if is_only:
        return rows
    is_first = F.col(AS_OF).cast("string") == first
    newest_first = Window.partitionBy(key).orderBy(F.col(AS_OF).desc())
    later = rows.where(~is_first).withColumn("_newest", F.row_number().over(newest_first)).where("_newest = 1").drop("_newest")
    changed = later.select(key).withColumn("_changed", F.lit(True))
    held = changed.join(rows.where(is_first), key, "right").where("_changed IS NULL").select(*rows.columns)
    return held.unionByName(later)
