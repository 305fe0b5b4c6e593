"""The expressions of ``function_examples.toml``, and the query that asks each of an engine."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

EXAMPLES: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
EDGES: str = EXAMPLES["edges"]
DIFFERENT: dict[str, str] = {one["sql"]: one["why"] for one in EXAMPLES["different"]}
"""What the engines disagree on, and why that does no harm."""


def queries() -> dict[str, str]:
    """Each expression with the query over the view ``edges`` that asks it, its rows in an order that all engines keep."""
    each = [sql for sqls in EXAMPLES["each_row"].values() for sql in sqls]
    ordered = [sql for sqls in EXAMPLES["in_order"].values() for sql in sqls]
    return {
        **{sql: f"SELECT {sql} FROM edges ORDER BY k" for sql in each},
        **{sql: f"SELECT {sql}, k FROM edges ORDER BY k" for sql in ordered},
        **{sql: f"SELECT {sql} FROM edges" for sqls in EXAMPLES["of_all"].values() for sql in sqls},
        **{
            one["sql"]: f"SELECT {one['sql']} FROM edges{'' if one.get('is_of_all') else ' ORDER BY k'}"
            for one in EXAMPLES["different"]
        },
    }


def functions_with_examples() -> set[str]:
    """The functions that have an example of their own."""
    return {name for part in ("each_row", "in_order", "of_all") for name in EXAMPLES[part]} - {"operators"}
