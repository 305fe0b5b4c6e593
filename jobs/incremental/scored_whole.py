"""Whether a day still has every entity's score: of old days upkeep keeps those of the listed alone."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.contract import Contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from expectations.contracts.scoring import RISK_LIST, SCORES
from jobs.engine.lake import Lake
from jobs.foundation.files import read_json
from jobs.lake.manifests import run_manifest_path


def is_scored_whole(lake: Lake, as_of: date) -> bool:
    """Whether a day's scores are those that were made: as many as its run counted, or some of entities that are not listed.

    A day that was not finished has lost none.
    """
    made = (read_json(run_manifest_path(lake.home, as_of)) or {}).get("entities")
    if made is None:
        return True
    there = _entities(lake, SCORES, as_of)
    return len(there) >= made or not pc.all(pc.is_in(there, _entities(lake, RISK_LIST, as_of))).as_py()


def _entities(lake: Lake, contract: Contract, as_of: date) -> pa.ChunkedArray:
    return lake.arrow(contract, columns=[str(ENTITY_ID)], where=f"{AS_OF} = '{as_of}'")[str(ENTITY_ID)]
