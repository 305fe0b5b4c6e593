"""Joins in the order that costs least.

What a transform needs of its caller to have a frame computed once.

Selections and sums that are written in SQL, asked of the engine as one statement.

``selectExpr`` and ``expr`` send each expression by itself, and Sail keeps some 30 kB of each that it reads (0.7.2): a gigabyte in a
small day's process, and a third of one for each past day that a model is trained on. One statement is read once.

``sql`` of a session that is reached through Connect sends a statement at once, with all that its rows are made from, only to be
given it back: a hundred times a day, a fifth of what a small day costs. So the statement is put into the frame as ``sql`` would put
it there, and sent with what is done to it. Some twenty may stand within each other before one is materialised: a message of Connect
nests no deeper.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.connect.dataframe import DataFrame as ConnectFrame


def join_few(many: DataFrame, few: DataFrame, key: str | Sequence[str]) -> DataFrame:
    """All rows of ``many``, with the columns of ``few`` where its key is theirs, NULL elsewhere; columns in no order.

    The few come first: engines build the hash table of the first side where they know no sizes, and a table of a million
    wide rows takes far more time and memory than one of some thousand.

    Args:
        many, few: frames that share the columns of ``key`` and no other; ``few`` has each key once.
        key: the columns that name a row of ``few``.
    """
    return few.join(many, [key] if isinstance(key, str) else [str(part) for part in key], "right")


Materialise = Callable[[DataFrame], DataFrame]
"""Makes a frame be computed once, where several branches read it; gives the same rows."""


_numbers = count()


def select(rows: DataFrame, *expressions: str) -> DataFrame:
    """``SELECT expressions FROM rows``.

    Args:
        rows: a frame.
        expressions: SQL, each with its name where it is no column: ``*``, ``a``, ``a + b AS c``.
    """
    return _ask(rows, f"SELECT {', '.join(expressions)}")


def aggregate(rows: DataFrame, by: Sequence[str], sums: Mapping[str, str]) -> DataFrame:
    """One row a group: its columns ``by``, and ``sums``, SQL by the name it gets; one row of all when ``by`` is empty."""
    names = [str(column) for column in by]
    grouped = f" GROUP BY {', '.join(names)}" if names else ""
    return _ask(rows, f"SELECT {', '.join([*names, *(f'{sql} AS {name}' for name, sql in sums.items())])}", grouped)


def _ask(rows: DataFrame, selection: str, rest: str = "") -> DataFrame:
    # Whoever has such a frame has loaded its module; whoever has none needs nothing that it needs.
    connect = sys.modules.get("pyspark.sql.connect.dataframe")
    if connect is not None and isinstance(rows, connect.DataFrame):
        return _put(rows, selection, rest)
    literal = selection.replace("{", "{{").replace("}", "}}")
    return rows.sparkSession.sql(f"{literal} FROM {{rows}}{rest}", rows=rows)


def _put(rows: ConnectFrame, selection: str, rest: str) -> DataFrame:
    from pyspark.sql.connect.dataframe import DataFrame as ConnectFrame
    from pyspark.sql.connect.plan import SQL, SubqueryAlias

    # A name of its own, since one statement's rows are often another's.
    name = f"rows_{next(_numbers)}"
    return ConnectFrame(SQL(f"{selection} FROM {name}{rest}", views=[SubqueryAlias(rows._plan, name)]), rows.sparkSession)
