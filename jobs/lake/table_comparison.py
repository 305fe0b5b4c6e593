"""Compare two tables of one contract, to the last bit of each number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_TIMES, _MADE = "times", "_made"


@dataclass(frozen=True)
class Difference:
    """One kind of difference, at its first key; ``column`` is empty when whole rows are missing in one table."""

    column: str
    rows: int
    key: dict[str, Any]
    published: Any
    made: Any


@dataclass(frozen=True)
class Comparison:
    """A published table compared with its replay."""

    table: str
    rows: int
    differences: tuple[Difference, ...]

    @property
    def is_same(self) -> bool:
        """Whether both have the same rows with the same values."""
        return not self.differences


def compare(table: str, published: pa.Table, made: pa.Table, key: Sequence[str]) -> Comparison:
    """Compare two tables with the same columns; the order of rows does not matter.

    Differences come in this order: rows missing in one table, keys with several rows in either, then columns that differ. Floats
    are compared by their bits: NaN equals itself, and 0.0 differs from -0.0.

    Args:
        table: the name for messages.
        made: the table of the replay.
        key: the columns that identify a row.
    """
    names = [str(name) for name in key]
    counted = _counted(published, names).join(_counted(made, names), names, join_type="full outer", right_suffix=_MADE)
    was, is_now = (pc.fill_null(counted[column], 0) for column in (_TIMES, _TIMES + _MADE))
    least, most = pc.min_element_wise(was, is_now), pc.max_element_wise(was, is_now)
    kinds = pc.equal(is_now, 0), pc.equal(was, 0), pc.and_(pc.greater(least, 0), pc.greater(most, 1))
    rows = [_rows(counted.filter(kind), names) for kind in kinds]
    once = counted.filter(pc.and_(pc.equal(least, 1), pc.equal(most, 1))).select(names)
    ours, theirs = (_sorted(side.join(once, names, join_type="left semi"), names) for side in (published, made))
    columns = [_column(name, ours, theirs, names) for name in published.column_names if name not in names]
    return Comparison(table, published.num_rows, tuple(found for found in (*rows, *columns) if found))


def _counted(one: pa.Table, key: list[str]) -> pa.Table:
    """The number of rows of each key."""
    return one.group_by(key).aggregate([([], "count_all")]).rename_columns([*key, _TIMES])


def _rows(counted: pa.Table, key: list[str]) -> Difference | None:
    """Keys without exactly one row on both sides, as a difference in whole rows."""
    if not counted.num_rows:
        return None
    first = _sorted(counted, key).slice(0, 1).to_pylist()[0]
    counts = [_row_count(first[_TIMES]), _row_count(first[_TIMES + _MADE])]
    return Difference("", counted.num_rows, {name: first[name] for name in key}, *counts)


def _row_count(times: int | None) -> str:
    return {None: "no row", 1: "a row"}.get(times, f"{times} rows")


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
    """Which values differ; null equals only null."""
    there, here = (np.asarray(array.is_valid()) for array in (one, other))
    if pa.types.is_floating(one.type):
        bits = [np.asarray(array.fill_null(0.0), dtype=np.float64).view(np.int64) for array in (one, other)]
        unequal = bits[0] != bits[1]
    else:
        unequal = np.asarray(pc.fill_null(pc.not_equal(one, other), False))
    return reduce(np.logical_or, [there != here, there & here & unequal])
