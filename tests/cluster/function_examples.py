"""The expressions of ``function_examples.toml`` and their queries."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

EXAMPLES: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
EDGES: str = EXAMPLES["edges"]
DIFFERENT: dict[str, str] = {one["sql"]: one["why"] for one in EXAMPLES["different"]}
"""Expressions with different results on the engines, and why this does no harm."""


def queries() -> dict[str, str]:
    """The query over the view ``edges`` by expression, with a defined row order."""
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
    """The functions with examples."""
    return {name for part in ("each_row", "in_order", "of_all") for name in EXAMPLES[part]} - {"operators"}
