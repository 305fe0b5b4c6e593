"""Two homes held against each other, table by table: the same keys, counts and whole numbers, and equal measures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from expectations.contracts.contract import Contract, Type
from expectations.contracts.lineage import DELIVERED_ON, SOURCE_FILE, SOURCE_ROW
from jobs.engine.lake import Lake

TOLERANCE = 1e-9
"""How far two measures may be apart, against the larger: sums of fractions are taken in another order."""
_VERSION = (DELIVERED_ON, SOURCE_FILE, SOURCE_ROW)
_MOST_SHOWN = 5


def differences(one: Path, other: Path, contracts: Iterable[Contract], where: str | None = None) -> list[str]:
    """What two homes disagree on, a sentence each; none when they agree.

    Args:
        one: a home.
        other: a home that was given the same files.
        contracts: the tables to compare; each must have rows in ``one``.
        where: a SQL predicate that picks the rows to compare.
    """
    return [said for contract in contracts for said in _table_differences(one, other, contract, where)]


def _table_differences(one: Path, other: Path, contract: Contract, where: str | None) -> Iterator[str]:
    left, right = (_rows(home, contract, where) for home in (one, other))
    if left.empty:
        yield f"{contract.name}: there is nothing to compare"
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
    # Bronze and silver hold every version of a key.
    name = [column for column in dict.fromkeys(map(str, (*contract.key, *_VERSION))) if column in rows.columns]
    return rows.set_index(name, drop=False).sort_index()


def _apart(left: pd.Series, right: pd.Series) -> np.ndarray:
    a, b = left.to_numpy(np.float64), right.to_numpy(np.float64)
    return ~np.isclose(a, b, rtol=TOLERANCE, atol=0, equal_nan=True)


def _unequal(left: pd.Series, right: pd.Series) -> np.ndarray:
    a, b = left.to_numpy(object), right.to_numpy(object)
    both_unknown = pd.isna(a) & pd.isna(b)
    return np.array((a != b) & ~both_unknown, dtype=bool)
