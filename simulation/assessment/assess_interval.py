"""Whether the probabilities' intervals hold the share of visits that would in truth find a violation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from simulation.sources.inspections import FINDS
from simulation.violating import on_or_before, violating_on
from simulation.world.industries import trades

GROUPS = 20


@dataclass(frozen=True)
class IntervalCoverage:
    """Entities in groups of equal number by their probability.

    Attributes:
        groups: of each group its size, its mean probability, the means of the interval's two ends, and the mean chance that a visit
            finds a violation.
        covered: the share of groups in which that chance lies within the mean interval.
    """

    groups: tuple[dict[str, float], ...]
    covered: float


def assess_intervals(
    truth: pa.Table, scores: pa.Table, industries: pd.Series, found: Collection[str], as_of: date
) -> IntervalCoverage | None:
    """Hold the intervals of the entities that no inspection has found against the truth; None where there is no probability.

    A visit finds what a violator does with a chance of 0.86; of others it finds a minor breach with the chance of their trade.

    Args:
        truth: as :data:`simulation.truth.SCHEMA`.
        scores: ``entity_id, probability, probability_low, probability_high`` of the day.
        industries: each entity's industry code, by entity.
        found: entities that an inspection known by the day has found in violation.
        as_of: the day.
    """
    known = truth.select(["entity_id"]).to_pandas()
    known["violates"] = violating_on(truth, as_of)
    known = known[~on_or_before(truth["closed_on"], as_of)]
    rows = scores.to_pandas().merge(known, on="entity_id")
    rows = rows[~rows["entity_id"].isin(list(found))]
    slips = {trade.code: trade.slip / 100 for trade in trades()}
    slip = industries.reindex(rows["entity_id"]).map(slips).to_numpy(dtype=np.float64)
    chance = np.where(rows["violates"], FINDS, slip)
    return interval_coverage(rows["probability"], rows["probability_low"], rows["probability_high"], chance)


def interval_coverage(
    probability: pd.Series, low: pd.Series, high: pd.Series, chance: np.ndarray, *, groups: int = GROUPS
) -> IntervalCoverage | None:
    """Hold intervals against chances, row by row of one order; rows in which one is not known are left out."""
    rows = pd.DataFrame(
        {"probability": np.asarray(probability), "low": np.asarray(low), "high": np.asarray(high), "chance": chance}, dtype=float
    ).dropna()
    if rows.empty:
        return None
    rows = rows.sort_values(["probability", "high", "low", "chance"], ignore_index=True)
    parts = np.array_split(np.arange(len(rows)), min(groups, len(rows)))
    told = [{"entities": float(len(part)), **{str(name): float(rows[name].iloc[part].mean()) for name in rows}} for part in parts]
    return IntervalCoverage(tuple(told), float(np.mean([one["low"] <= one["chance"] <= one["high"] for one in told])))
