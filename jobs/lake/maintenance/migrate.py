"""Migrate the tables of a home that an earlier Steelyard wrote to the current contracts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, QueryBuilder, write_deltalake

from expectations.contracts.contract import Contract
from expectations.contracts.migrations import Select, columns_apart, nested
from jobs.foundation.errors import SteelyardError
from jobs.foundation.fault_points import around
from jobs.foundation.log import stage
from jobs.foundation.paths import SCRATCH
from jobs.lake.maintenance.table_files import open_table, tables_of
from jobs.lake.table_version import (
    VERSION,
    check_current,
    check_not_newer,
    columns_of,
    is_current,
    migrations,
    selects_up,
    version_of,
)
from jobs.lake.tables import PROPERTIES, LakeTables, arrow_schema

AT_ONCE = 2_000_000
"""Rows per part where a migration looks at other rows; 4.8 million filings in one part take 3.8 GB."""
MIGRATED_TO = "steelyardMigratedTo"
"""The metadata key of the commit that wrote a table with new columns."""


@dataclass(frozen=True)
class Migrated:
    """A table that was migrated from one contract version to another."""

    table: str
    before: int
    after: int


def migrate(lake: LakeTables) -> tuple[Migrated, ...]:
    """Migrate every older table; current tables are unchanged. Only the holder of the home's lock may call this.

    All tables are checked before the first is written. One commit writes a table with its new columns, a second one its version;
    after a crash between the two, the next call recognises the first commit and writes the second.

    Raises:
        ConfigError: when a later Steelyard wrote a table.
        SteelyardError: when no migration leads to a table's contract.
    """
    older = [(contract, _steps(lake, contract)) for contract in tables_of(lake) if not _is_current(lake, contract)]
    done = []
    for contract, selects in older:
        name, before = contract.full_name, version_of(open_table(lake, contract))
        with stage("migrate", table=name):
            if not _is_written(open_table(lake, contract), contract):
                with around(f"migrated {name}"):
                    _write(lake, contract, selects)
            noted = {**PROPERTIES, VERSION: str(contract.version)}
            with around(f"settings of {name}"):
                open_table(lake, contract).alter.set_table_properties(noted, raise_if_not_exists=False)
        done.append(Migrated(name, before, contract.version))
    return tuple(done)


def check_migrated(lake: LakeTables) -> None:
    """Check that every table has the columns that this Steelyard writes.

    Raises:
        ConfigError: when one was written by an earlier Steelyard and not migrated, or by a later one.
    """
    for contract in tables_of(lake):
        check_current(open_table(lake, contract), contract, lake.home)


def _is_current(lake: LakeTables, contract: Contract) -> bool:
    table = open_table(lake, contract)
    check_not_newer(table, contract, lake.home)
    return is_current(table, contract)


def _is_written(table: DeltaTable, contract: Contract) -> bool:
    """Whether the newest commit already wrote the contract's columns, and only the version is missing."""
    says = table.history(1)[0].get(MIGRATED_TO)
    return says == str(contract.version) and columns_apart(columns_of(table), contract) == ([], [])


def _steps(lake: LakeTables, contract: Contract) -> list[Select]:
    table = open_table(lake, contract)
    if _is_written(table, contract):
        return []
    try:
        return selects_up(table, contract)
    except ValueError as error:
        raise SteelyardError(
            what=str(error),
            where=str(lake.path(contract)),
            next_step="report it; until then use the Steelyard that wrote this home, which was not changed",
        ) from error


def _write(lake: LakeTables, contract: Contract, selects: list[Select]) -> None:
    """Rewrite the whole table with the contract's columns.

    The rows pass through an intermediate file, which the next writer deletes after a crash: a table cannot be queried while it is
    written, and its rows may not fit into memory.
    """
    path = lake.home / SCRATCH / "migrate" / f"{contract.full_name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(path, arrow_schema(contract)) as writer:
        for batch in _rows(open_table(lake, contract), contract, selects):
            writer.write_batch(batch)
    write_deltalake(
        str(lake.path(contract)),
        ds.dataset(path).scanner(use_threads=False).to_reader(),
        mode="overwrite",
        schema_mode="overwrite",
        partition_by=[str(column) for column in contract.partition_by] or None,
        commit_properties=CommitProperties(custom_metadata={MIGRATED_TO: str(contract.version)}),
    )
    path.unlink()


def _rows(table: DeltaTable, contract: Contract, selects: list[Select]) -> Iterator[pa.RecordBatch]:
    schema = arrow_schema(contract)
    columns = ", ".join(f'"{name}"' for name in schema.names)
    for part in _parts(table, contract):
        sql = f"SELECT {columns} FROM {nested(selects, f'(SELECT * FROM t WHERE {part}) AS part')}"
        for batch in pa.RecordBatchReader.from_stream(QueryBuilder().register("t", table).execute(sql)):
            yield from pa.Table.from_batches([batch]).cast(schema).to_batches()


def _parts(table: DeltaTable, contract: Contract) -> list[str]:
    """Predicates that split a table into parts of some two million rows, which can be migrated one by one.

    Rows that a migration compares with each other are in one part: they share the first byte of a hash of their common columns.
    """
    within = {step.within for step in migrations(table, contract)} - {()}
    count = min(-(-table.count() // AT_ONCE), 256)
    if len(within) != 1 or count < 2:
        return ["true"]
    texts = ", ".join(f"coalesce(cast({name} AS string), '')" for name in within.pop())
    byte = f"left(md5(concat_ws('|', {texts})), 2)"
    bounds = [256 * number // count for number in range(count + 1)]
    return [f"{byte} BETWEEN '{first:02x}' AND '{after - 1:02x}'" for first, after in pairwise(bounds)]
