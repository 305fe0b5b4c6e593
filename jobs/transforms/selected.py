"""Selections and sums that are written in SQL, asked of the engine as one statement.

``selectExpr`` and ``expr`` send each expression by itself, and Sail keeps some 30 kB of each that it reads (0.7.2): a gigabyte in a
small day's process, and a third of one for each past day that a model is trained on. One statement is read once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


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
    literal = selection.replace("{", "{{").replace("}", "}}")
    return rows.sparkSession.sql(f"{literal} FROM {{rows}}{rest}", rows=rows)
