"""Whether two sets of features are the same, column by column, so that large ones need not be held twice."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from deltalake import DeltaTable

from expectations.contracts.indicators import features_contract
from jobs.lake.tables import LakeTables

TOLERANCE = 1e-9
"""By how much a float may differ, of its own size."""
NEARLY_ZERO = 1e-10
"""By how much it may differ whatever its size: how far one stands from its peers is the difference of two numbers that may be
almost equal."""


class FeaturesDiffer(Exception):
    """Two sets of features are not the same."""


def features_of(home: Path, as_of: date) -> ds.Dataset:
    """The features that a home holds for a day."""
    table = DeltaTable(str(LakeTables(home).path(features_contract())))
    files = table.file_uris([("as_of", "=", as_of.isoformat())])
    return ds.dataset(sorted(files), format="parquet")


def differences(ours: ds.Dataset, theirs: ds.Dataset, columns: list[str]) -> dict[str, list[tuple[object, object]]]:
    """By column, the first pairs of values that differ: text and whole numbers at all, floats by more than the tolerance.

    Raises:
        FeaturesDiffer: when the entities are not the same, or one has two rows.
    """
    orders = [_order(side) for side in (ours, theirs)]
    entities, others = (
        side.to_table(columns=["entity_id"])["entity_id"].take(order) for side, order in zip((ours, theirs), orders, strict=True)
    )
    if not entities.cast(pa.string()).equals(others.cast(pa.string())):
        raise FeaturesDiffer(f"{len(entities)} entities against {len(others)}, and they are not the same")
    found = {}
    for column in columns:
        one, other = (
            side.to_table(columns=[column])[column].take(order) for side, order in zip((ours, theirs), orders, strict=True)
        )
        differ = _differ(one, other)
        if differ.any():
            rows = pa.array(np.flatnonzero(differ)[:3])
            found[column] = list(zip(one.take(rows).to_pylist(), other.take(rows).to_pylist(), strict=True))
    return found


def _order(side: ds.Dataset) -> pa.Array:
    return pc.sort_indices(side.to_table(columns=["entity_id"])["entity_id"].cast(pa.string()))


def _differ(one: pa.ChunkedArray, other: pa.ChunkedArray) -> np.ndarray:
    if pa.types.is_floating(one.type) and pa.types.is_floating(other.type):
        values, others = (np.asarray(side.to_numpy(), dtype=float) for side in (one, other))
        return ~np.isclose(others, values, rtol=TOLERANCE, atol=NEARLY_ZERO, equal_nan=True)
    is_same = pc.equal(one, other.cast(one.type))
    both_unknown = pc.and_(pc.is_null(one), pc.is_null(other))
    return ~pc.or_(pc.fill_null(is_same, False), both_unknown).to_numpy().astype(bool)


def assert_same(home: Path, as_of: date, file: Path) -> None:
    """See that a file holds the features that a home holds for a day.

    Raises:
        FeaturesDiffer: when it does not; the message names the columns and some values.
    """
    columns = [str(column) for column in features_contract().columns if str(column) not in ("entity_id", "as_of")]
    found = differences(features_of(home, as_of), ds.dataset(file, format="parquet"), columns)
    if found:
        raise FeaturesDiffer("; ".join(f"{column}: {pairs}" for column, pairs in found.items()))
