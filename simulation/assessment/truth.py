"""The truth of a simulated world: who violates and when. Only assessments, benchmarks and tests read it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from simulation.sources.inspections import DETECTION_RATE, History
from simulation.world.clock import Clock
from simulation.world.entities import NEVER, Entities
from simulation.world.industries import minor_breach_rates
from simulation.world.population import Roles
from simulation.world.text import pick, strings
from simulation.world.typologies import TYPOLOGIES

SCHEMA = pa.schema(
    [
        pa.field("entity_id", pa.string()),
        pa.field("is_violator", pa.bool_()),
        pa.field("typology", pa.string()),
        pa.field("mimic", pa.string()),
        pa.field("began_on", pa.date32()),
        pa.field("found_on", pa.date32()),
        pa.field("closed_on", pa.date32()),
    ]
)


def truth_table(clock: Clock, entities: Entities, roles: Roles, history: History) -> pa.Table:
    """One row per entity. A violator violates from ``began_on`` to ``found_on``, or to the end if that is null."""

    def day(days: np.ndarray) -> pa.Array:
        return pa.array(days.astype(np.int32), pa.int32(), mask=days > clock.last).cast(pa.date32())

    return pa.table(
        [
            strings(entities.code),
            pa.array(roles.is_violator),
            pick([kind.name for kind in TYPOLOGIES], roles.typology.astype(np.int64)),
            pick([kind.mimic for kind in TYPOLOGIES], roles.mimic.astype(np.int64)),
            day(roles.began),
            day(history.found),
            day(np.minimum(entities.closed, NEVER)),
        ],
        schema=SCHEMA,
    )


def violating_on(truth: pa.Table, day: date) -> np.ndarray:
    """Whether each entity is violating at the end of the day: it has begun, is not yet found, and has not closed."""
    began = on_or_before(truth["began_on"], day)
    return truth["is_violator"].to_numpy() & began & ~on_or_before(truth["found_on"], day) & ~on_or_before(truth["closed_on"], day)


def on_or_before(days: pa.ChunkedArray, day: date) -> np.ndarray:
    """Whether each value of ``days`` is on or before ``day``; false for null."""
    result: np.ndarray = pc.fill_null(pc.less_equal(days, pa.scalar(day, pa.date32())), False).to_numpy()
    return result


def chance_of_finding(is_violating: np.ndarray, industry: pd.Series) -> np.ndarray:
    """The chance that a usual inspector's visit finds a violation, shape (n,).

    For a violator it is the detection rate, for others the rate of minor breaches in their industry; NaN if that is unknown.
    """
    return np.where(is_violating, DETECTION_RATE, industry.map(minor_breach_rates()).to_numpy(dtype=np.float64))
