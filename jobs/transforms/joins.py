"""Joins in the order that costs least."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame


def join_few(many: DataFrame, few: DataFrame, key: str | Sequence[str]) -> DataFrame:
    """All rows of ``many``, with the columns of ``few`` where its key is theirs, NULL elsewhere; columns in no order.

    The few come first: engines build the hash table of the first side where they know no sizes, and a table of a million
    wide rows takes far more time and memory than one of some thousand.

    Args:
        many, few: frames that share the columns of ``key`` and no other; ``few`` has each key once.
        key: the columns that name a row of ``few``.
    """
    return few.join(many, [key] if isinstance(key, str) else [str(part) for part in key], "right")
