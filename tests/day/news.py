"""What state holds of a day, as it can be held against what silver gives."""

from __future__ import annotations

from pyspark.sql import DataFrame

from expectations.contracts.lineage import AS_OF
from expectations.contracts.state import CHANGES_ON, REGISTER

_SAID = [str(column) for column in REGISTER.columns if column not in (AS_OF, CHANGES_ON)]
"""On which day a row was reckoned, and when it changes by itself as that day saw it, is not what it says."""


def register(rows: DataFrame) -> list[tuple]:
    """What the register says of each entity, in order."""
    return sorted(tuple(row[name] for name in _SAID) for row in rows.collect())
