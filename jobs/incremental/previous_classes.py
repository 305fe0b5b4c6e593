"""Read the classes of the last earlier day that still has every entity's scores; old days keep only listed entities."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.contract import Contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from expectations.contracts.scoring import RISK_CLASS, RISK_LIST, SCORES
from jobs.engine.lake import Lake
from jobs.foundation.files import read_json
from jobs.lake.manifests import run_manifest_path


def has_all_scores(lake: Lake, as_of: date) -> bool:
    """Whether a day has as many scores as its run counted, or scores of entities that are not listed.

    A day that was not finished has lost none.
    """
    counted = (read_json(run_manifest_path(lake.home, as_of)) or {}).get("entities")
    if counted is None:
        return True
    scored = _entities(lake, SCORES, as_of)
    return len(scored) >= counted or not pc.all(pc.is_in(scored, _entities(lake, RISK_LIST, as_of))).as_py()


def _entities(lake: Lake, contract: Contract, as_of: date) -> pa.ChunkedArray:
    return lake.arrow(contract, columns=[str(ENTITY_ID)], where=f"{AS_OF} = '{as_of}'")[str(ENTITY_ID)]


@dataclass(frozen=True)
class ClassesBefore:
    """The classes of an earlier day.

    Attributes:
        as_of: the day; None where no earlier day was scored.
        letters: the class letters, indexed by entity.
    """

    as_of: date | None = None
    letters: pd.Series = field(default_factory=lambda: pd.Series(dtype=object))

    @property
    def facts(self) -> dict[str, str | None]:
        """The day, and a hash of its classes, for a run's manifest."""
        if self.as_of is None:
            return {"as_of": None, "digest": None}
        text = "\n".join(f"{name} {letter}" for name, letter in zip(self.letters.index, self.letters, strict=True))
        return {"as_of": str(self.as_of), "digest": hashlib.sha256(text.encode()).hexdigest()[:16]}


def previous_classes(lake: Lake, as_of: date) -> ClassesBefore:
    """Read the classes of the last earlier day with all scores; later days are not read."""
    days = {date.fromisoformat(part[AS_OF]) for part in lake.partitions(SCORES)}
    last = next((day for day in sorted(days, reverse=True) if day < as_of and has_all_scores(lake, day)), None)
    if last is None:
        return ClassesBefore()
    table = lake.arrow(SCORES, columns=[str(ENTITY_ID), str(RISK_CLASS)], where=f"{AS_OF} = '{last}'")
    frame = table.sort_by(str(ENTITY_ID)).to_pandas()
    return ClassesBefore(last, frame.set_index(ENTITY_ID)[RISK_CLASS])
