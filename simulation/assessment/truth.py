"""The truth of a simulated world: who violates and when. Only assessments, benchmarks and tests read it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.foundation.errors import ConfigError
from simulation.sources.inspections import DETECTION_RATE, History
from simulation.world.clock import Clock
from simulation.world.entities import NEVER, Entities
from simulation.world.industries import minor_breach_rates
from simulation.world.population import Roles
from simulation.world.text import pick, strings
from simulation.world.typologies import TYPOLOGIES

DAYS = pa.list_(pa.date32())
SCHEMA = pa.schema(
    [
        pa.field("entity_id", pa.string()),
        pa.field("is_violator", pa.bool_()),
        pa.field("typology", pa.string()),
        pa.field("mimic", pa.string()),
        pa.field("began_on", DAYS),
        pa.field("ended_on", DAYS),
        pa.field("found_on", DAYS),
        pa.field("unreachable_on", pa.date32()),
        pa.field("closed_on", pa.date32()),
    ]
)
"""One row per entity.

A violator violates from each day of ``began_on`` until the day of ``ended_on`` at the same place, or to the world's end if there is
none. ``found_on`` has the days of the visits that found it violating, ``unreachable_on`` the day from which it cannot be met at its
address. ``closed_on`` is the day on which it closed, or was revoked or suspended after a finding.
"""


def truth_table(clock: Clock, entities: Entities, roles: Roles, history: History) -> pa.Table:
    """The truth of a chunk, as :data:`SCHEMA`. Days after the world's last day are left out."""
    conduct, visits = history.conduct, history.visits
    found = visits[visits.is_violation & visits.was_violating]

    def day(days: np.ndarray) -> pa.Array:
        return pa.array(np.minimum(days, NEVER).astype(np.int32), pa.int32(), mask=days > clock.last).cast(pa.date32())

    def lists(parts: list[tuple[np.ndarray, np.ndarray]]) -> pa.Array:
        who, days = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((days, who))
        order = order[days[order] <= clock.last]
        begins = np.searchsorted(who[order], np.arange(len(entities) + 1)).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(begins), day(days[order]))

    return pa.table(
        [
            strings(entities.code),
            pa.array(roles.is_violator),
            pick([kind.name for kind in TYPOLOGIES], roles.typology.astype(np.int64)),
            pick([kind.mimic for kind in TYPOLOGIES], roles.mimic.astype(np.int64)),
            lists(conduct.spells),
            lists(conduct.ends),
            lists([(found.entity.to_numpy(), found.planned.to_numpy())]),
            day(conduct.unreachable),
            day(np.minimum(entities.closed, conduct.left)),
        ],
        schema=SCHEMA,
    )


def read_truth(folder: Path) -> pa.Table:
    """The truth in the folder ``OUT/truth`` of a generated world, as :data:`SCHEMA`.

    Raises:
        ConfigError: the folder has no truth, or that of another version.
    """
    path = folder / "entities.parquet"
    if not path.is_file():
        next_step = "give the folder OUT/truth that `steelyard generate` wrote"
        raise ConfigError(what="the truth file is missing", where=str(path), next_step=next_step)
    if pq.read_schema(path) != SCHEMA:
        next_step = "generate the world again with `steelyard generate`"
        raise ConfigError(what="the truth was written by another version", where=str(path), next_step=next_step)
    return pq.read_table(path)


def violating_on(truth: pa.Table, day: date) -> np.ndarray:
    """Whether each entity is violating at the end of the day: a violation has begun and not ended, and it has not closed."""
    is_open = count_by(truth["began_on"], day) > count_by(truth["ended_on"], day)
    return is_open & ~on_or_before(truth["closed_on"], day)


def count_by(days: pa.ChunkedArray, day: date) -> np.ndarray:
    """How many days of each list are on or before ``day``, shape (n,)."""
    parents = pc.list_parent_indices(days.combine_chunks())
    known = on_or_before(pc.list_flatten(days), day)
    return np.bincount(parents.to_numpy(zero_copy_only=False)[known], minlength=len(days))


def on_or_before(days: pa.ChunkedArray, day: date) -> np.ndarray:
    """Whether each value of ``days`` is on or before ``day``; false for null."""
    result: np.ndarray = pc.fill_null(pc.less_equal(days, pa.scalar(day, pa.date32())), False).to_numpy()
    return result


def chance_of_finding(is_violating: np.ndarray, industry: pd.Series) -> np.ndarray:
    """The chance that a usual inspector's visit finds a violation, shape (n,).

    For a violator it is the detection rate, for others the rate of minor breaches in their industry; NaN if that is unknown.
    """
    return np.where(is_violating, DETECTION_RATE, industry.map(minor_breach_rates()).to_numpy(dtype=np.float64))
