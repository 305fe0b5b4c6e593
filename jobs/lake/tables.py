"""The lake's tables, read and written as Arrow: Delta, one folder a table, four zones and quarantine. No engine is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder, write_deltalake

from expectations.contracts.contract import Contract, Type
from expectations.contracts.migrations import Select, nested
from jobs.foundation.errors import InputMissing
from jobs.foundation.fault_points import around
from jobs.foundation.paths import engine_path
from jobs.lake.table_version import VERSION, check_current, check_not_newer, selects_up

PROPERTIES = {"delta.checkpointInterval": "1000000", "delta.enableExpiredLogCleanup": "false"}
"""Only maintenance shortens a table's log: Sail reads no version before a checkpoint, and expiry depends on the clock."""
FIRST_COMMITS, TIMES_MORE = 16, 8
"""How many commits of a log are read first, and the factor by which more are read while the search finds nothing."""
_ARROW = {
    Type.STRING: pa.string(),
    Type.DATE: pa.date32(),
    Type.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    Type.BOOLEAN: pa.bool_(),
    Type.INT: pa.int32(),
    Type.BIGINT: pa.int64(),
    Type.DOUBLE: pa.float64(),
}


def arrow_schema(contract: Contract) -> pa.Schema:
    """The contract's columns as an Arrow schema."""
    return pa.schema([pa.field(str(column), _ARROW[column.type]) for column in contract.columns])


class LakeTables:
    """The tables under ``home/lake``.

    Tables may be pinned to a version (``zone.table`` -> version; None: the table did not exist). A pinned table is read at that
    version and cannot be written.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._versions: Mapping[str, int | None] = {}
        self._versions_of = home

    def at(self, versions: Mapping[str, int | None]) -> Self:
        """The same lake with these tables pinned."""
        return self._pinned_to(versions, self.home)

    def onto(self, home: Path, versions: Mapping[str, int | None]) -> Self:
        """A lake in another home that reads these tables of this home, pinned, and has all other tables of its own."""
        return self._pinned_to(versions, home)

    def _pinned_to(self, versions: Mapping[str, int | None], home: Path) -> Self:
        lake = copy(self)
        lake.home, lake._versions, lake._versions_of = home, versions, self.home
        return lake

    def path(self, contract: Contract) -> Path:
        """The folder of a table."""
        home = self._versions_of if self._is_pinned(contract) else self.home
        return engine_path(home) / "lake" / contract.zone.value / contract.name

    def open(self, contract: Contract) -> DeltaTable:
        """The table as Delta's library opens it, at its pinned version or the newest."""
        return DeltaTable(str(self.path(contract)), version=self._pinned(contract))

    def exists(self, contract: Contract) -> bool:
        """Whether the table was ever written; of a pinned table, whether its version exists."""
        if self._is_pinned(contract) and self._pinned(contract) is None:
            return False
        return (self.path(contract) / "_delta_log").is_dir() and DeltaTable.is_deltatable(str(self.path(contract)))

    def version(self, contract: Contract) -> int | None:
        """The table's newest version, or the one it is pinned to; None when there is no table."""
        if self._is_pinned(contract):
            return self._pinned(contract)
        return self.open(contract).version() if self.exists(contract) else None

    def writer_of(self, contract: Contract, where: str) -> str | None:
        """The writer, with version, of the last commit that replaced the rows ``where``; None when the log does not say.

        For Apache Spark it is ``Apache-Spark/4.2.0 Delta-Lake/4.4.0``, wherever Delta's JAR came from.
        """
        commits = _newest_commits(DeltaTable(str(self.path(contract)))) if self.exists(contract) else iter(())
        return next((commit.get("engineInfo") for commit in commits if _predicate(commit) == where), None)

    def partitions(self, contract: Contract) -> list[dict[str, str]]:
        """The partitions that have files, values as text; none when there is no table."""
        return self.open(contract).partitions() if self.exists(contract) else []

    def arrow(self, contract: Contract, *, columns: list[str] | None = None, where: str | None = None) -> pa.Table:
        """The table as Arrow.

        Args:
            columns: the columns wanted, all by default.
            where: a SQL predicate over the table's columns, such as ``as_of = '2026-01-31'``.

        Raises:
            InputMissing: when the table was never written.
            ConfigError: when it was written by an earlier Steelyard and not migrated, or by a later one.
        """
        schema, batches = self.batches(contract, columns=columns, where=where)
        return pa.Table.from_batches(batches, schema)

    def batches(
        self, contract: Contract, *, columns: list[str] | None = None, where: str | None = None
    ) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """As :meth:`arrow`, one batch at a time, in no order, for tables that do not fit into memory."""
        if not self.exists(contract):
            raise InputMissing(
                what=f"the table {contract.full_name} does not exist yet",
                where=str(self.path(contract)),
                next_step="run the steps before this one, or the whole day with `steelyard run`",
            )
        wanted = columns or [str(column) for column in contract.columns]
        listed = ", ".join(f'"{name}"' for name in wanted)
        table = self.open(contract)
        rows = nested(self._selects_up(table, contract), "t")
        result = QueryBuilder().register("t", table).execute(f"SELECT {listed} FROM {rows}" + (f" WHERE {where}" if where else ""))
        schema = pa.schema([arrow_schema(contract).field(name) for name in wanted])
        # The reader gives string views, which few Arrow functions accept.
        found = pa.RecordBatchReader.from_stream(result)
        return schema, (part for batch in found for part in pa.Table.from_batches([batch]).cast(schema).to_batches())

    def create(self, contract: Contract) -> None:
        """Create the empty table with the contract's columns and partitions."""
        with around(f"empty {contract.full_name}"):
            DeltaTable.create(
                str(self.path(contract)),
                schema=arrow_schema(contract),
                partition_by=[str(column) for column in contract.partition_by] or None,
                mode="ignore",
                configuration={**PROPERTIES, VERSION: str(contract.version)},
                raise_if_key_not_exists=False,
            )

    def replace_arrow(self, table: pa.Table, contract: Contract, where: str) -> None:
        """Replace the rows ``where`` by those of ``table`` in one commit; all other rows stay.

        ``where`` may use partition columns only. Every row of ``table`` must satisfy it.
        """
        wanted = table.select([str(column) for column in contract.columns]).cast(arrow_schema(contract))
        self._ready(contract)
        with around(contract.full_name):
            write_deltalake(str(self.path(contract)), wanted, mode="overwrite", predicate=where)

    def version_before(self, contract: Contract, where: str, noted: int | None) -> int:
        """The version to restore when the coming write is refused: the newest, 0 when there is no table yet.

        Args:
            where: SQL that the predicate of every write to those rows begins with.
            noted: the result of this call in a process that was killed since, perhaps after it wrote rows that it would have
                refused. It is valid while only such rows were written.
        """
        now = self.version(contract) or 0
        if noted is None or noted >= now:
            return now
        commits = DeltaTable(str(self.path(contract))).history(now - noted)
        return noted if all(str(_predicate(commit) or "").startswith(where) for commit in commits) else now

    @contextmanager
    def put_back_on_failure(self, contract: Contract, before: int) -> Iterator[None]:
        """Keep what the block writes to the table when it succeeds; otherwise restore the rows of version ``before``.

        The table must have no other writer meanwhile. A killed process restores nothing: the next one passes the version that
        :meth:`version_before` gave.
        """
        try:
            yield
        except BaseException:
            if self.version(contract) not in (None, before):
                with around(f"put back {contract.full_name}"):
                    DeltaTable(str(self.path(contract))).restore(before)
            raise

    def _is_pinned(self, contract: Contract) -> bool:
        return contract.full_name in self._versions

    def _pinned(self, contract: Contract) -> int | None:
        return self._versions.get(contract.full_name)

    def _selects_up(self, table: DeltaTable, contract: Contract) -> list[Select]:
        """The selects that convert rows of a pinned older version to the contract. The newest version must be current.

        Raises:
            ConfigError: when the newest version was written by an earlier Steelyard and not migrated, or by a later one.
        """
        if self._pinned(contract) is None:
            check_current(table, contract, self.home)
        check_not_newer(table, contract, self.home)
        return selects_up(table, contract)

    def _ready(self, contract: Contract) -> None:
        """Check that the table may be written, and create it when it does not exist.

        Raises:
            ConfigError: when it was written by an earlier Steelyard and not migrated, or by a later one.
            ValueError: when it is pinned.
        """
        if self._is_pinned(contract):
            raise ValueError(f"{contract.full_name} is read as it was at a version, and cannot be written")
        if self.exists(contract):
            check_current(self.open(contract), contract, self.home)
        else:
            self.create(contract)


def _newest_commits(table: DeltaTable) -> Iterator[dict[str, Any]]:
    """A table's commits, newest first, read only as far back as needed: a log grows by several commits a day for years."""
    seen, limit = 0, FIRST_COMMITS
    while True:
        commits = table.history(limit)
        yield from commits[seen:]
        if len(commits) < limit:
            return
        seen, limit = len(commits), limit * TIMES_MORE


def _predicate(commit: dict[str, Any]) -> Any:
    """The predicate of the rows that a commit replaced; None when it names none."""
    return (commit.get("operationParameters") or {}).get("predicate")
