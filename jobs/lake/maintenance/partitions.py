"""Which partitions of a table differ between two of its versions."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder

from expectations.contracts.contract import Contract
from jobs.engine.lake import Lake
from jobs.lake.maintenance.tables import open_table
from jobs.lake.table_version import columns_of

Partition = tuple[tuple[str, Any], ...]
"""A partition's columns and values, in the order of the contract."""


def changed_partitions(lake: Lake, contract: Contract, first: int, second: int) -> list[Partition]:
    """The partitions whose rows differ between two versions of a table that can both be read, in order of their values.

    Files that were only joined, or split, hold the same rows.
    """
    tables = open_table(lake, contract, first), open_table(lake, contract, second)
    files = [_files(table, contract) for table in tables]
    apart = [part for part in sorted({*files[0], *files[1]}, key=str) if files[0].get(part) != files[1].get(part)]
    return [part for part in apart if not _hold_the_same(tables, part)]


def is_same_in(first: DeltaTable, second: DeltaTable, contract: Contract, part: Partition) -> bool:
    """Whether two versions of a table hold the same rows in one partition; the first must be one whose keys are unique."""
    is_same_files = _files(first, contract).get(part) == _files(second, contract).get(part)
    return is_same_files or _hold_the_same((first, second), part)


def _files(table: DeltaTable, contract: Contract) -> dict[Partition, set[str]]:
    found: dict[Partition, set[str]] = defaultdict(set)
    for row in pa.table(table.get_add_actions(flatten=True)).to_pylist():
        found[tuple((str(name), row[f"partition.{name}"]) for name in contract.partition_by)].add(unquote(row["path"]))
    return found


def _hold_the_same(tables: tuple[DeltaTable, DeltaTable], part: Partition) -> bool:
    first, second = tables
    if columns_of(first) != columns_of(second):
        return False
    where = " AND ".join(f"{name} = '{_quoted(value)}'" for name, value in part)
    query = QueryBuilder().register("a", first).register("b", second)
    rows = f"(SELECT * FROM {{}} WHERE {where})"
    a, b = rows.format("a"), rows.format("b")
    counted = (
        "SELECT (SELECT count(*) FROM {}) AS a, (SELECT count(*) FROM {}) AS b, (SELECT count(*) FROM ({} EXCEPT {})) AS apart"
    )
    found = pa.table(query.execute(counted.format(a, b, a, b)).read_all()).to_pylist()[0]
    # Keys are unique, so as many rows of which none is missing are the same rows.
    return bool(found["a"] == found["b"] and found["apart"] == 0)


def _quoted(value: object) -> str:
    return str(value).replace("'", "''")
