"""What a visit to anybody would find, which in an invented world is known."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from expectations.contracts.lineage import ENTITY_ID
from expectations.contracts.registration import INDUSTRY_CODE
from expectations.contracts.silver import ENTITY
from jobs.engine.lake import Lake
from simulation.assessment.assess import violating_on
from simulation.sources.inspections import FINDS
from simulation.world.industries import trades

VIOLATES, WOULD_FIND = "violates", "would_find"


def true_chances(lake: Lake, truth_folder: Path, as_of: date) -> pd.DataFrame:
    """Of each entity that had not closed by the day: whether it violates, and the chance that a usual inspector finds something.

    A usual inspector finds an ongoing violation with the world's chance, and of others the breaches that its trade slips into.

    Returns:
        ``entity_id, violates`` (bool), ``would_find`` (a probability), in order of ``entity_id``.
    """
    truth = pq.read_table(truth_folder / "entities.parquet")
    frame = truth.select([str(ENTITY_ID), "closed_on"]).to_pandas()
    frame[VIOLATES] = violating_on(truth, as_of)
    is_open = frame["closed_on"].isna() | (pd.to_datetime(frame["closed_on"]) > pd.Timestamp(as_of))
    codes = lake.arrow(ENTITY, columns=[str(ENTITY_ID), str(INDUSTRY_CODE)]).to_pandas().drop_duplicates(str(ENTITY_ID))
    slips = {trade.code: trade.slip / 100 for trade in trades()}
    slip = frame[ENTITY_ID].map(codes.set_index(str(ENTITY_ID))[str(INDUSTRY_CODE)]).map(slips)
    frame[WOULD_FIND] = np.where(frame[VIOLATES], FINDS, slip.fillna(float(np.mean(list(slips.values())))))
    return frame[is_open].sort_values(ENTITY_ID)[[str(ENTITY_ID), VIOLATES, WOULD_FIND]].reset_index(drop=True)
