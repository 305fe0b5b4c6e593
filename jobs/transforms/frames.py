"""Cheap joins, and selections and aggregations written in SQL and sent to the engine as one statement.

``selectExpr`` and ``expr`` send each expression separately, and Sail 0.7.2 keeps about 30 kB for each, a gigabyte for a small day.
``sql`` of a Spark Connect session sends the whole plan at once, a fifth of a small day's time. So :func:`select` and
:func:`aggregate` put the statement into the frame's plan, and it is sent with the next action. About twenty may be nested before
one must be materialised: a Connect message nests no deeper.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame as ConnectFrame

Materialise = Callable[[DataFrame], DataFrame]
"""Computes a frame once, where several branches read it, and returns the same rows."""
_numbers = count()


def join_few(many: DataFrame, few: DataFrame, key: str | Sequence[str]) -> DataFrame:
    """Left join ``few`` to ``many``: all rows of ``many``, NULL where ``few`` has no such key; columns in no order.

    ``few`` comes first: engines build the hash table from the first side when they know no sizes, and a table of a million wide
    rows takes far more time and memory than one of some thousands.

    Args:
        many, few: frames that share the columns of ``key`` and no other; ``few`` has each key once.
        key: the columns that identify a row of ``few``.
    """
    return few.join(many, [key] if isinstance(key, str) else [str(part) for part in key], "right")


def select(rows: DataFrame, *expressions: str) -> DataFrame:
    """``SELECT expressions FROM rows``.

    Args:
        expressions: SQL, each with an alias where it is not a column: ``*``, ``a``, ``a + b AS c``.
    """
    return _query(rows, f"SELECT {', '.join(expressions)}")


def replace_columns(frame: DataFrame, columns: Mapping[str, str]) -> DataFrame:
    """The frame with columns (name -> SQL) in place of its own of the same names, or added."""
    kept = [name for name in frame.columns if name not in columns]
    return frame.transform(select, *kept, *[f"{sql} AS {name}" for name, sql in columns.items()])


def aggregate(rows: DataFrame, by: Sequence[str], sums: Mapping[str, str]) -> DataFrame:
    """One row per group with the columns ``by`` and ``sums`` (name -> SQL); one row for the whole frame when ``by`` is empty."""
    names = [str(column) for column in by]
    grouped = f" GROUP BY {', '.join(names)}" if names else ""
    return _query(rows, f"SELECT {', '.join([*names, *(f'{sql} AS {name}' for name, sql in sums.items())])}", grouped)


def _query(rows: DataFrame, selection: str, rest: str = "") -> DataFrame:
    # Looked up, not imported: a process without such a frame need not have the packages of Connect.
    connect = sys.modules.get("pyspark.sql.connect.dataframe")
    if connect is not None and isinstance(rows, connect.DataFrame):
        return _query_plan(rows, selection, rest)
    literal = selection.replace("{", "{{").replace("}", "}}")
    return rows.sparkSession.sql(f"{literal} FROM {{rows}}{rest}", rows=rows)


def _query_plan(rows: ConnectFrame, selection: str, rest: str) -> DataFrame:
    from pyspark.sql.connect.dataframe import DataFrame as ConnectFrame
    from pyspark.sql.connect.plan import SQL, SubqueryAlias

    # A unique name, since the rows of one statement are often those of another.
    name = f"rows_{next(_numbers)}"
    return ConnectFrame(SQL(f"{selection} FROM {name}{rest}", views=[SubqueryAlias(rows._plan, name)]), rows.sparkSession)
