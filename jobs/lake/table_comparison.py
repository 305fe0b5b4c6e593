"""Two tables of one contract held against each other, to the last bit of each number."""

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
    """One way in which the tables differ, at the first key where they do; ``column`` is empty where whole rows are one table's."""

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

    Rows that one of them lacks come first, then keys that name several rows of either, then each column that differs, in the order
    of columns. A float is its bits: NaN is the same as itself, and 0.0 is not -0.0.

    Args:
        table: the name for messages.
        published: what was published.
        made: what was made again.
        key: the columns that name a row.
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
    """How many rows each key names."""
    return one.group_by(key).aggregate([([], "count_all")]).rename_columns([*key, _TIMES])


def _rows(counted: pa.Table, key: list[str]) -> Difference | None:
    """Keys that do not name one row on either side, as a difference in whole rows."""
    if not counted.num_rows:
        return None
    first = _sorted(counted, key).slice(0, 1).to_pylist()[0]
    said = [_said(first[_TIMES]), _said(first[_TIMES + _MADE])]
    return Difference("", counted.num_rows, {name: first[name] for name in key}, *said)


def _said(times: int | None) -> str:
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
    """Which values differ; null is the same as null alone."""
    there, here = (np.asarray(array.is_valid()) for array in (one, other))
    if pa.types.is_floating(one.type):
        bits = [np.asarray(array.fill_null(0.0), dtype=np.float64).view(np.int64) for array in (one, other)]
        unequal = bits[0] != bits[1]
    else:
        unequal = np.asarray(pc.fill_null(pc.not_equal(one, other), False))
    return reduce(np.logical_or, [there != here, there & here & unequal])
