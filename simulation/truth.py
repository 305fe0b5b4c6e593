"""What is true of the invented world: written apart, read by assessments and tests alone.

Who is violating on a day, by the truth.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from simulation.sources.inspections import History
from simulation.world.clock import Clock
from simulation.world.entities import NEVER, Entities
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


def truth_of(clock: Clock, entities: Entities, roles: Roles, history: History) -> pa.Table:
    """One row an entity: a violator violates from ``began_on`` until ``found_on``, for good where that is null."""

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


class TruthFile:
    """``entities.parquet``, written to chunk by chunk."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._writer = pq.ParquetWriter(folder / "entities.parquet", SCHEMA, compression="zstd")

    def write(self, table: pa.Table) -> None:
        """Append a chunk."""
        self._writer.write_table(table)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


def violating_on(truth: pa.Table, day: date) -> np.ndarray:
    """Whether each entity of the truth is violating at the end of the day: it began, was not yet found, and has not closed."""
    began = on_or_before(truth["began_on"], day)
    return truth["is_violator"].to_numpy() & began & ~on_or_before(truth["found_on"], day) & ~on_or_before(truth["closed_on"], day)


def on_or_before(days: pa.ChunkedArray, day: date) -> np.ndarray:
    """Whether each day is on or before a day; null is not."""
    found: np.ndarray = pc.fill_null(pc.less_equal(days, pa.scalar(day, pa.date32())), False).to_numpy()
    return found
