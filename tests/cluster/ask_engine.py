"""Evaluate every example on the engine of ``STEELYARD_ENGINE``, and write the results as JSON."""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from jobs.engine.session import open_session
from tests.cluster.function_examples import EDGES, queries

RAISES = "raises"


def answers(session: SparkSession) -> dict[str, Any]:
    """The rows of each expression, or :data:`RAISES` if it raises."""
    session.sql(EDGES).createOrReplaceTempView("edges")
    return {sql: _answer(session, query) for sql, query in queries().items()}


def _answer(session: SparkSession, query: str) -> Any:
    try:
        return [[_plain(value) for value in row] for row in session.sql(query).collect()]
    except PySparkException:
        return RAISES


def _plain(value: Any) -> Any:
    """A value for JSON; types stay distinct and floats exact."""
    if isinstance(value, float):
        return f"double {value.hex()}"
    if isinstance(value, datetime.datetime):
        return f"instant {value.isoformat()}"
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in sorted(value.items())}
    if hasattr(value, "asDict"):
        return _plain(value.asDict())
    return value if value is None or isinstance(value, bool | int | str) else f"{type(value).__name__} {value}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(answers(open_session()), ensure_ascii=False, indent=1), encoding="utf-8")
