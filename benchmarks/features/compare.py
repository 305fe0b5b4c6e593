"""Compare two sets of features, column by column to save memory."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from deltalake import DeltaTable

from benchmarks.features.request import COLUMNS
from expectations.contracts.indicators import features_contract
from jobs.lake.tables import LakeTables

RELATIVE_TOLERANCE = 1e-9
ABSOLUTE_TOLERANCE = 1e-10
"""Needed because a deviation from peers is the difference of two numbers that may be almost equal."""


class FeaturesDiffer(Exception):
    """Two sets of features differ."""


def features_of(home: Path, as_of: date) -> ds.Dataset:
    """The features of a day in a home."""
    table = DeltaTable(str(LakeTables(home).path(features_contract())))
    files = table.file_uris([("as_of", "=", as_of.isoformat())])
    return ds.dataset(sorted(files), format="parquet")


def differences(ours: ds.Dataset, theirs: ds.Dataset, columns: list[str]) -> dict[str, list[tuple[object, object]]]:
    """The first pairs of different values, by column. Floats may differ within the tolerances.

    Raises:
        FeaturesDiffer: the entities differ, or an entity has two rows.
    """
    orders = [(side, _order(side)) for side in (ours, theirs)]
    entities, others = (_column(side, "entity_id").take(order) for side, order in orders)
    if not entities.cast(pa.string()).equals(others.cast(pa.string())):
        raise FeaturesDiffer(f"the {len(entities)} entities are not the same as the {len(others)} others")
    different = {}
    for column in columns:
        one, other = (_column(side, column).take(order) for side, order in orders)
        differ = _differ(one, other)
        if differ.any():
            rows = pa.array(np.flatnonzero(differ)[:3])
            different[column] = list(zip(one.take(rows).to_pylist(), other.take(rows).to_pylist(), strict=True))
    return different


def _order(side: ds.Dataset) -> pa.Array:
    return pc.sort_indices(_column(side, "entity_id").cast(pa.string()))


def _column(side: ds.Dataset, name: str) -> pa.ChunkedArray:
    return side.to_table(columns=[name])[name]


def _differ(one: pa.ChunkedArray, other: pa.ChunkedArray) -> np.ndarray:
    if pa.types.is_floating(one.type) and pa.types.is_floating(other.type):
        values, others = (np.asarray(side.to_numpy(), dtype=float) for side in (one, other))
        return ~np.isclose(others, values, rtol=RELATIVE_TOLERANCE, atol=ABSOLUTE_TOLERANCE, equal_nan=True)
    is_same = pc.equal(one, other.cast(one.type))
    both_null = pc.and_(pc.is_null(one), pc.is_null(other))
    return ~pc.or_(pc.fill_null(is_same, False), both_null).to_numpy().astype(bool)


def assert_same(home: Path, as_of: date, file: Path) -> None:
    """Check that the features in a file equal those of a day in a home.

    Raises:
        FeaturesDiffer: they differ; the message names the columns and some values.
    """
    columns = [column for column in COLUMNS if column not in ("entity_id", "as_of")]
    different = differences(features_of(home, as_of), ds.dataset(file, format="parquet"), columns)
    if different:
        raise FeaturesDiffer("; ".join(f"{column}: {pairs}" for column, pairs in different.items()))
