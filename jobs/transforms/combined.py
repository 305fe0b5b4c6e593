"""Combine records of a delivery that belong together: the sum of parts, or the newest of several.

The record that stays has the sums; each other one names it in ``into_file`` and ``into_row``. A group is the rows of one delivery
that could be read, with equal key and ``known_at``.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame

from expectations.contracts.contract import LARGEST_EXACT, Column, Type
from expectations.contracts.lineage import DELIVERED_ON, KNOWN_AT, SOURCE_FILE, SOURCE_ROW
from expectations.contracts.quarantine import INTO_FILE, INTO_ROW
from jobs.transforms.frames import select
from jobs.transforms.mapped import IN_SCOPE, UNREADABLE_COLUMN, UNREADABLE_REASON, UNREADABLE_VALUE

NEWEST_BY = "newest_by"
"""The column whose greatest value is the newest record."""
_IS_READ = f"({IN_SCOPE} AND {UNREADABLE_COLUMN} IS NULL)"
_BROKEN = "broken_part"
_IS_FIRST = "is_first"
_LARGEST = {Type.INT: 2**31 - 1, Type.BIGINT: LARGEST_EXACT + 1}
"""A larger sum becomes this number, which the rules of the contract reject where it is a BIGINT."""


def add_sums(
    rows: DataFrame, others: Sequence[str], key: Sequence[Column], sums: Sequence[Column], columns: Sequence[Column]
) -> DataFrame:
    """Add up the parts of a record: rows of a group that are equal in every column of the contract but ``sums``.

    The first part, by file and row, stays. When a part of a key cannot be read, its other parts are unreadable too, since their
    sum would be too small.

    Args:
        rows: mapped records with their lineage: ``columns``, and ``others``.
        columns: the columns of the contract.
    """
    said = {
        UNREADABLE_COLUMN: _BROKEN,
        UNREADABLE_VALUE: "''",
        UNREADABLE_REASON: "'another part of this record cannot be read, so the sum of its parts would be too small'",
    }
    is_beside = f"{_IS_READ} AND {_BROKEN} IS NOT NULL"
    broken = f"max(CASE WHEN {IN_SCOPE} THEN {UNREADABLE_COLUMN} END) OVER ({_group(key)})"
    kept = [name for name in (*columns, *others) if name not in said]
    whole = select(
        select(rows, "*", f"{broken} AS {_BROKEN}"),
        *kept,
        *[f"CASE WHEN {is_beside} THEN {value} ELSE {name} END AS {name}" for name, value in said.items()],
    )
    parts = _ordered(_group([column for column in columns if column not in sums], _IS_READ), "")
    return select(
        whole,
        *[name for name in (*columns, *others) if name not in sums],
        *[f"CASE WHEN {_IS_READ} THEN {_sum(column, parts)} ELSE {column} END AS {column}" for column in sums],
        *_into(f"{_IS_READ} AND row_number() OVER ({parts.partition(' ROWS ')[0]}) > 1", parts),
    )


def add_newest(rows: DataFrame, key: Sequence[Column], newest_by: str) -> DataFrame:
    """Keep the newest rows of each group. Rows that are equally new stay: they are duplicates, or in conflict.

    Args:
        newest_by: the column whose greatest value is the newest; a row without a value is the oldest.
    """
    group = _group(key, _IS_READ)
    ranked = select(rows, "*", f"({newest_by} <=> max({newest_by}) OVER ({group})) AS {_IS_FIRST}")
    return select(ranked, "*", *_into(f"{_IS_READ} AND NOT {_IS_FIRST}", _ordered(group, f"{_IS_FIRST} DESC, ")))


def _group(columns: Sequence[str], *more: str) -> str:
    return f"PARTITION BY {', '.join([*more, DELIVERED_ON, KNOWN_AT, *columns])}"


def _ordered(group: str, first: str) -> str:
    return f"{group} ORDER BY {first}{SOURCE_FILE}, {SOURCE_ROW} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"


def _into(condition: str, ordered: str) -> list[str]:
    places = ((SOURCE_FILE, INTO_FILE), (SOURCE_ROW, INTO_ROW))
    return [f"CASE WHEN {condition} THEN first_value({at}) OVER ({ordered}) END AS {into}" for at, into in places]


def _sum(column: Column, parts: str) -> str:
    if column.type is Type.DOUBLE:
        return f"sum({column}) OVER ({parts})"
    # A decimal, since a sum of whole numbers may not fit.
    most, total = _LARGEST[column.type], f"sum(cast({column} AS decimal(28,0))) OVER ({parts})"
    fits = f"CASE WHEN {total} > {most} THEN {most} WHEN {total} < -{most} THEN -{most} ELSE {total} END"
    return f"cast({fits} AS {column.type.value})"
