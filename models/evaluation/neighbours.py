"""What visits to others of the same region found lately: told beside a model's figures, and never a part of the model.

Outcomes of a neighbourhood order visits well where inspectors have areas of their own, since they stand for who works the area.
And a business would be judged by where it is.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from expectations.contracts.inspection import FOUND_VIOLATION
from expectations.contracts.lineage import ENTITY_ID
from models.inputs import Floats

COLUMN = "found_at_neighbours"
DAYS = 60
USUAL = 10
"""A region's share is drawn towards that of all regions as if so many visits more had found as often as all did."""


def region_rate(entities: pd.Series, regions: pd.Series, visits: pd.DataFrame) -> Floats:
    """The share of the visits to others of the same region that found a violation, drawn towards that of all.

    Args:
        entities: whom to tell it of, shape (n,).
        regions: each entity's region, by entity; an entity that it lacks, or whose region is unknown, is told nothing.
        visits: ``entity_id`` and ``found_violation`` (0 or 1) of the visits that count.

    Returns:
        Shape (n,), NaN where the region is unknown; the share of all where there was no visit to another of the region.
    """
    if visits.empty:
        return np.full(len(entities), np.nan)
    found = visits[FOUND_VIOLATION].to_numpy(dtype=np.float64)
    of_visit = visits[ENTITY_ID].map(regions)
    of_region = pd.DataFrame({"visits": 1.0, "found": found}).groupby(of_visit.to_numpy(dtype=object)).sum()
    of_entity = pd.DataFrame({"visits": 1.0, "found": found}).groupby(visits[ENTITY_ID].to_numpy(dtype=object)).sum()
    region = entities.map(regions)
    around = of_region.reindex(region).fillna(0.0).to_numpy()
    # Whoever moved was visited elsewhere: the region of today is that of all of an entity's visits.
    own = of_entity.reindex(entities).fillna(0.0).to_numpy()
    others = around - own
    share = (others[:, 1] + USUAL * found.mean()) / (others[:, 0] + USUAL)
    return np.where(region.isna().to_numpy(), np.nan, share)
