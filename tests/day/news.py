"""Read the state of a day in a form that can be compared with a full computation."""

from __future__ import annotations

from pyspark.sql import DataFrame

from expectations.contracts.lineage import AS_OF
from expectations.contracts.state import CHANGES_ON, REGISTER

_SAID = [str(column) for column in REGISTER.columns if column not in (AS_OF, CHANGES_ON)]
"""The rows without the day of their computation and ``changes_on``, which depends on it."""


def register(rows: DataFrame) -> list[tuple]:
    """What the register says of each entity, in order."""
    return sorted(tuple(row[name] for name in _SAID) for row in rows.collect())
