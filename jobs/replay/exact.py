"""Two tables of one contract held against each other, to the last bit of each number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class Difference:
    """One way in which the tables differ, at the first key where they do; ``column`` is empty where a whole row is one table's."""

    column: str
    rows: int
    key: dict[str, Any]
    published: Any
    made: Any


@dataclass(frozen=True)
class Comparison:
    """A table held against itself, done again: its rows as published, and how those done again differ."""

    table: str
    rows: int
    differences: tuple[Difference, ...]

    @property
    def is_same(self) -> bool:
        """Whether both have the same rows with the same values."""
        return not self.differences


def compare(table: str, published: pa.Table, made: pa.Table, key: Sequence[str]) -> Comparison:
    """Hold two tables of the same columns against each other, whatever the order of their rows.

    Rows that one of them lacks come first, then each column that differs, in the order of columns. A float is its bits: NaN is
    the same as itself, and 0.0 is not -0.0.

    Args:
        table: the name for messages.
        published: what was published.
        made: what was made again.
        key: the columns that name a row.
    """
    names = [str(name) for name in key]
    lacking = [
        _rows_alone(published, made, names, is_published=True),
        _rows_alone(made, published, names, is_published=False),
    ]
    ours, theirs = _sorted(_with_keys_of(published, made, names), names), _sorted(_with_keys_of(made, published, names), names)
    columns = [_column(name, ours, theirs, names) for name in published.column_names if name not in names]
    return Comparison(table, published.num_rows, tuple(found for found in (*lacking, *columns) if found))


def _rows_alone(one: pa.Table, other: pa.Table, key: list[str], *, is_published: bool) -> Difference | None:
    """The rows of one table whose keys the other lacks."""
    alone = _sorted(one.select(key).join(other.select(key), key, join_type="left anti"), key)
    if not alone.num_rows:
        return None
    row = "a row", "no row"
    return Difference("", alone.num_rows, alone.slice(0, 1).to_pylist()[0], *(row if is_published else reversed(row)))


def _with_keys_of(one: pa.Table, other: pa.Table, key: list[str]) -> pa.Table:
    return one.join(other.select(key), key, join_type="left semi")


def _sorted(table: pa.Table, key: list[str]) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in key])


def _column(name: str, ours: pa.Table, theirs: pa.Table, key: list[str]) -> Difference | None:
    differs = _differs(ours[name].combine_chunks(), theirs[name].combine_chunks())
    rows = int(differs.sum())
    if not rows:
        return None
    at = int(differs.argmax())
    where = {column: ours[column][at].as_py() for column in key}
    return Difference(name, rows, where, ours[name][at].as_py(), theirs[name][at].as_py())


def _differs(one: pa.Array, other: pa.Array) -> np.ndarray:
    """Which values differ; null is the same as null alone."""
    there, here = (np.asarray(array.is_valid()) for array in (one, other))
    if pa.types.is_floating(one.type):
        bits = [np.asarray(array.fill_null(0.0), dtype=np.float64).view(np.int64) for array in (one, other)]
        unequal = bits[0] != bits[1]
    else:
        unequal = np.asarray(pc.fill_null(pc.not_equal(one, other), False))
    return reduce(np.logical_or, [there != here, there & here & unequal])
