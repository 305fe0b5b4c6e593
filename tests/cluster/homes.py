"""Compare two homes table by table: equal keys, counts and whole numbers, and equal floats within a tolerance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from expectations.contracts.contract import Contract, Type
from expectations.contracts.lineage import DELIVERED_ON, SOURCE_FILE, SOURCE_ROW
from jobs.engine.lake import Lake

TOLERANCE = 1e-9
"""Relative tolerance of floats, since engines sum in different orders."""
_VERSION = (DELIVERED_ON, SOURCE_FILE, SOURCE_ROW)
_MOST_SHOWN = 5


def differences(one: Path, other: Path, contracts: Iterable[Contract], where: str | None = None) -> list[str]:
    """Describe the differences between two homes with the same deliveries; empty if there are none.

    Args:
        one: a home.
        other: another home.
        contracts: the tables to compare; each must have rows in ``one``.
        where: a SQL predicate that selects the rows to compare.
    """
    return [difference for contract in contracts for difference in _table_differences(one, other, contract, where)]


def _table_differences(one: Path, other: Path, contract: Contract, where: str | None) -> Iterator[str]:
    left, right = (_rows(home, contract, where) for home in (one, other))
    if left.empty:
        yield f"{contract.name}: no rows to compare"
    if len(left) != len(right) or not left.index.equals(right.index):
        only = [sorted(map(str, a.index.difference(b.index)))[:_MOST_SHOWN] for a, b in ((left, right), (right, left))]
        yield f"{contract.name}: {len(left)} rows against {len(right)}; only here {only[0]}, only there {only[1]}"
        return
    for column in contract.columns:
        name = str(column)
        if name in left.columns:
            wrong = _apart(left[name], right[name]) if column.type is Type.DOUBLE else _unequal(left[name], right[name])
            if wrong.any():
                shown = pd.DataFrame({"here": left[name][wrong], "there": right[name][wrong]}).head(_MOST_SHOWN)
                yield f"{contract.name}.{name}: {int(wrong.sum())} of {len(left)} differ:\n{shown.to_string()}"


def _rows(home: Path, contract: Contract, where: str | None) -> pd.DataFrame:
    rows = Lake(home).arrow(contract, where=where).to_pandas(integer_object_nulls=True)
    # Bronze and silver have all versions of a key.
    name = [column for column in dict.fromkeys(map(str, (*contract.key, *_VERSION))) if column in rows.columns]
    return rows.set_index(name, drop=False).sort_index()


def _apart(left: pd.Series, right: pd.Series) -> np.ndarray:
    a, b = left.to_numpy(np.float64), right.to_numpy(np.float64)
    return ~np.isclose(a, b, rtol=TOLERANCE, atol=0, equal_nan=True)


def _unequal(left: pd.Series, right: pd.Series) -> np.ndarray:
    a, b = left.to_numpy(object), right.to_numpy(object)
    both_unknown = pd.isna(a) & pd.isna(b)
    return np.array((a != b) & ~both_unknown, dtype=bool)
