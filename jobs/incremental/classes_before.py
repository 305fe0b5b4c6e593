"""The classes that entities had on the last day before a day that every entity's score is kept of."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from expectations.contracts.lineage import AS_OF, ENTITY_ID
from expectations.contracts.scoring import RISK_CLASS, SCORES
from jobs.engine.lake import Lake
from jobs.incremental.scored_whole import is_scored_whole


@dataclass(frozen=True)
class ClassesBefore:
    """The classes of a day before, by entity; of no day where none was scored.

    Attributes:
        as_of: the day.
        letters: indexed by entity.
    """

    as_of: date | None = None
    letters: pd.Series = field(default_factory=lambda: pd.Series(dtype=object))

    @property
    def facts(self) -> dict[str, str | None]:
        """The day, and a hash of its classes, for a run's manifest."""
        if self.as_of is None:
            return {"as_of": None, "digest": None}
        told = "\n".join(f"{name} {letter}" for name, letter in zip(self.letters.index, self.letters, strict=True))
        return {"as_of": str(self.as_of), "digest": hashlib.sha256(told.encode()).hexdigest()[:16]}


def classes_before(lake: Lake, as_of: date) -> ClassesBefore:
    """Read them; what was scored for later days is not looked at."""
    days = {date.fromisoformat(part[AS_OF]) for part in lake.partitions(SCORES)}
    last = next((day for day in sorted(days, reverse=True) if day < as_of and is_scored_whole(lake, day)), None)
    if last is None:
        return ClassesBefore()
    table = lake.arrow(SCORES, columns=[str(ENTITY_ID), str(RISK_CLASS)], where=f"{AS_OF} = '{last}'")
    frame = table.sort_by(str(ENTITY_ID)).to_pandas()
    return ClassesBefore(last, frame.set_index(ENTITY_ID)[RISK_CLASS])
