"""Check a table against its contract and its own log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from datetime import date
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from expectations.contracts.contract import Contract
from expectations.contracts.lineage import AS_OF, DELIVERED_ON, IS_ABSENT, SOURCE, SOURCE_FILE, SOURCE_ROW
from jobs.foundation.errors import ConfigError
from jobs.foundation.findings import Finding, fail, ok, some, warn
from jobs.lake.batches import day_ranges
from jobs.lake.maintenance.retention import files_needed, retained_versions
from jobs.lake.maintenance.table_files import checkpoints, files_on_disk, named_files, open_table, select, sizes_of
from jobs.lake.table_version import check_current, version_of
from jobs.lake.tables import LakeTables, arrow_schema

AT_ONCE = 2_000_000
"""Rows whose keys are compared at once; a key never spans two days."""
GO_BACK = "restore it: `steelyard lake restore` to a version that is whole, or the files from a backup; then check again"


def check_table(lake: LakeTables, contract: Contract, named: Mapping[str, Set[int]]) -> Iterator[Finding]:
    """All checks of one table; those that read files are skipped when files are missing."""
    name = contract.full_name
    try:
        table = open_table(lake, contract)
        sizes = sizes_of(table)
    except (DeltaError, OSError) as error:
        yield fail(name, f"its log cannot be read: {str(error).splitlines()[0]}", GO_BACK, check="log")
        return
    yield _shape(lake, table, contract, name)
    files = _files(lake, table, contract, name, sizes)
    yield files
    if not files.next_step:
        yield _keys(lake, table, contract, name)
    yield from _room(lake, contract, name, named)


def _shape(lake: LakeTables, table: DeltaTable, contract: Contract, name: str) -> Finding:
    """Columns, types, partitions and version match the contract."""
    try:
        check_current(table, contract, lake.home)
    except ConfigError as error:
        return fail(name, error.what, error.next_step, check="columns")
    there = {field.name: field.type for field in pa.schema(table.schema().to_arrow())}
    apart = [
        f"{field.name} is {there[field.name]} and should be {field.type}"
        for field in arrow_schema(contract)
        if there[field.name] != field.type
    ]
    partitions = table.metadata().partition_columns
    if partitions != [str(column) for column in contract.partition_by]:
        apart.append(f"it is partitioned by {', '.join(partitions) or 'nothing'}, not {', '.join(contract.partition_by)}")
    if apart:
        return fail(name, some(apart), "report it; `steelyard lake restore` brings back a version from before", check="columns")
    return ok(name, f"{len(contract.columns)} columns of version {version_of(table)}", check="columns")


def _files(lake: LakeTables, table: DeltaTable, contract: Contract, name: str, sizes: dict[str, int]) -> Finding:
    """The files that the log names exist with its sizes and row counts."""
    there = files_on_disk(lake, contract)
    lost = sorted(path for path in sizes if path not in there)
    if lost:
        return fail(name, f"{len(lost)} of {len(sizes)} files are gone: {some(lost)}", GO_BACK, check="files")
    apart = sorted(path for path, size in sizes.items() if there[path] != size)
    if apart:
        return fail(name, f"{len(apart)} of {len(sizes)} files have another size: {some(apart)}", GO_BACK, check="files")
    added = pa.table(table.get_add_actions()).select(["path", "num_records"]).to_pylist()
    broken = sorted(path for row in added if not _holds(lake, contract, path := unquote(row["path"]), row["num_records"]))
    if broken:
        return fail(
            name, f"{len(broken)} of {len(sizes)} files cannot be read or lack rows: {some(broken)}", GO_BACK, check="files"
        )
    return ok(name, f"{len(sizes)} files, {sum(sizes.values()):,} bytes, {table.count():,} rows", check="files")


def _holds(lake: LakeTables, contract: Contract, path: str, rows: int | None) -> bool:
    try:
        found = pq.read_metadata(lake.path(contract) / path).num_rows
    except (pa.ArrowException, OSError):
        return False
    return rows is None or found == rows


def _keys(lake: LakeTables, table: DeltaTable, contract: Contract, name: str) -> Finding:
    """Keys are unique and not null: a record's place in its file, or else the contract's key."""
    twice = 0
    for key, of_rows in _what_is_unique(contract):
        columns = ", ".join(key)
        for days in _slices(table, contract):
            rows = f"SELECT {columns} FROM t WHERE {days} AND {of_rows}"
            doubled = (
                "SELECT coalesce(sum(n - 1), 0) AS n "
                f"FROM (SELECT count(*) AS n FROM ({rows}) GROUP BY {columns} HAVING count(*) > 1)"
            )
            null = f"SELECT count(*) AS n FROM ({rows}) WHERE {' OR '.join(f'{column} IS NULL' for column in key)}"
            twice += sum(int(select(lake, sql, t=contract)["n"][0].as_py()) for sql in (doubled, null))
    if twice:
        return fail(
            name,
            f"{twice:,} rows have a repeated key or no key",
            "run the day again, which replaces its rows; report it if they come back",
            check="keys",
        )
    return ok(name, "every row has its own key", check="keys")


def _what_is_unique(contract: Contract) -> list[tuple[list[str], str]]:
    """The unique columns, each with a predicate for the rows they are unique in."""
    key = [str(column) for column in contract.key]
    if IS_ABSENT not in contract.columns:
        return [(key, "true")]
    # A record that a snapshot no longer has has no place in a file.
    lineage = [str(column) for column in (SOURCE, SOURCE_FILE, SOURCE_ROW)]
    return [(lineage, f"NOT {IS_ABSENT}"), ([str(SOURCE), str(DELIVERED_ON), *key], f"{IS_ABSENT}")]


def _slices(table: DeltaTable, contract: Contract) -> Iterator[str]:
    """Predicates that split a table by days into parts of some two million rows, so that one part's keys fit into memory."""
    day = next((column for column in contract.partition_by if column in (AS_OF, DELIVERED_ON)), None)
    if day is None:
        yield "true"
        return
    rows: Counter[date] = Counter()
    for file in pa.table(table.get_add_actions(flatten=True)).to_pylist():
        rows[file[f"partition.{day}"]] += file["num_records"] or 0
    for first, last in day_ranges(rows, min(rows), max(rows), AT_ONCE) if rows else ():
        yield f"{day} >= '{first}' AND {day} <= '{last}'"


def _room(lake: LakeTables, contract: Contract, name: str, named: Mapping[str, Set[int]]) -> Iterator[Finding]:
    """Files that no version needs, and a log that hides versions from the engine."""
    versions = retained_versions(lake, contract, named)
    there, needed = files_on_disk(lake, contract), files_needed(lake, contract, versions)
    spare = there.keys() - needed
    stray = sorted(spare - named_files(lake.path(contract)))
    if stray:
        found = f"{len(stray)} files that no version names, left by a writer that died: {some(stray)}"
        yield warn(name, found, "`steelyard lake maintain` removes them", check="room")
    else:
        freed = sum(there[path] for path in spare)
        yield ok(name, f"{len(versions)} versions kept; {len(spare)} files, {freed:,} bytes, are of others", check="room")
    hidden = [version for version in versions if version < max(checkpoints(lake.path(contract)), default=0)]
    if hidden:
        found = f"{len(hidden)} kept versions are before a checkpoint, where the engine cannot read them"
        yield warn(name, found, "`steelyard lake maintain` repairs the log", check="log")
