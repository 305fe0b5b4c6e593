"""The chance that a visit to each entity finds a violation, from the truth of a simulated world."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from expectations.contracts.lineage import ENTITY_ID
from jobs.engine.lake import Lake
from simulation.assessment.assess import industries_of
from simulation.assessment.truth import chance_of_finding, violating_on
from simulation.world.industries import minor_breach_rates

VIOLATES, WOULD_FIND = "violates", "would_find"


def true_chances(lake: Lake, truth_folder: Path, as_of: date) -> pd.DataFrame:
    """The truth of each entity that had not closed by the day; an unknown industry has the mean rate of minor breaches.

    Returns:
        ``entity_id, violates`` (bool), ``would_find`` (a probability), sorted by ``entity_id``.
    """
    truth = pq.read_table(truth_folder / "entities.parquet")
    frame = truth.select([str(ENTITY_ID), "closed_on"]).to_pandas()
    frame[VIOLATES] = violating_on(truth, as_of)
    is_open = frame["closed_on"].isna() | (pd.to_datetime(frame["closed_on"]) > pd.Timestamp(as_of))
    chance = chance_of_finding(frame[VIOLATES].to_numpy(), frame[ENTITY_ID].map(industries_of(lake)))
    frame[WOULD_FIND] = np.where(np.isnan(chance), np.mean(list(minor_breach_rates().values())), chance)
    return frame[is_open].sort_values(ENTITY_ID)[[str(ENTITY_ID), VIOLATES, WOULD_FIND]].reset_index(drop=True)
