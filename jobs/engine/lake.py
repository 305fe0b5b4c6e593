"""The only place that reads and writes the lake's tables: Delta, one folder a table, four zones and quarantine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from expectations.contracts.contract import Contract, Type
from expectations.contracts.migrations import Select, nested
from jobs.foundation.errors import InputMissing
from jobs.foundation.fault_points import around
from jobs.foundation.paths import engine_path
from jobs.lake.table_version import VERSION, check_current, check_not_newer, selects_up
from jobs.transforms.frames import select

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_ARROW = {
    Type.STRING: pa.string(),
    Type.DATE: pa.date32(),
    Type.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    Type.BOOLEAN: pa.bool_(),
    Type.INT: pa.int32(),
    Type.BIGINT: pa.int64(),
    Type.DOUBLE: pa.float64(),
}

PROPERTIES = {"delta.checkpointInterval": "1000000", "delta.enableExpiredLogCleanup": "false"}
"""How each table's log is kept: by maintenance alone. Sail reads no version before a checkpoint, and expiry asks the clock."""


def table_name(contract: Contract) -> str:
    """A table as manifests and messages name it, such as ``gold.features``."""
    return contract.full_name


def arrow_schema(contract: Contract) -> pa.Schema:
    """The contract's columns as an Arrow schema."""
    return pa.schema([pa.field(str(column), _ARROW[column.type]) for column in contract.columns])


FIRST_COMMITS, TIMES_MORE = 16, 8
"""How many commits are read of a log at first, and how many times as many when what is looked for is not among them."""


def _newest_commits(table: DeltaTable) -> Iterator[dict[str, Any]]:
    """A table's commits, the newest first, read as far back as they are asked for: a log grows by several a day for years."""
    seen, limit = 0, FIRST_COMMITS
    while True:
        commits = table.history(limit)
        yield from commits[seen:]
        if len(commits) < limit:
            return
        seen, limit = len(commits), limit * TIMES_MORE


class Lake:
    """The tables under ``home/lake``. Reading frames needs a session; reading Arrow does not."""

    def __init__(
        self,
        home: Path,
        session: SparkSession | None = None,
        versions: Mapping[str, int | None] | None = None,
        versions_of: Path | None = None,
    ) -> None:
        """A lake; with ``versions`` (``zone.table`` -> version), those tables are read as they were then, and cannot be written.

        A version of None is a table that was not there. Those tables are in the home ``versions_of``, by default in ``home``.
        """
        self.home = home
        self._session = session
        self._versions = versions or {}
        self._versions_of = versions_of or home

    def at(self, versions: Mapping[str, int | None]) -> Lake:
        """The same lake, with those tables as they were at those versions."""
        return Lake(self.home, self._session, versions)

    def onto(self, home: Path, versions: Mapping[str, int | None]) -> Lake:
        """A lake in another home, which reads those tables of this one as they were, and has all others for itself."""
        return Lake(home, self._session, versions, self.home)

    @property
    def session(self) -> SparkSession:
        """The engine's session."""
        if self._session is None:
            from jobs.engine.session import open_session

            self._session = open_session()
        return self._session

    @property
    def engine(self) -> str:
        """What reads frames: ``sail``, whose version is its package's; else connect or spark with the version that answers."""
        from jobs.engine.session import engine_kind

        kind = engine_kind()
        return kind if kind == "sail" else f"{kind} {self.session.version}"

    def path(self, contract: Contract) -> Path:
        """The folder of a table."""
        home = self._versions_of if self._is_pinned(contract) else self.home
        return engine_path(home) / "lake" / contract.zone.value / contract.name

    def exists(self, contract: Contract) -> bool:
        """Whether the table was ever written, by its version where it is read as it was."""
        if self._is_pinned(contract) and self._pinned(contract) is None:
            return False
        return (self.path(contract) / "_delta_log").is_dir() and DeltaTable.is_deltatable(str(self.path(contract)))

    def version(self, contract: Contract) -> int | None:
        """The table's newest version, or the one that it is read at; None when there is no table."""
        if self._is_pinned(contract):
            return self._pinned(contract)
        return DeltaTable(str(self.path(contract))).version() if self.exists(contract) else None

    def writer_of(self, contract: Contract, where: str) -> str | None:
        """What last replaced the rows that ``where`` selects, as Delta's log names it with its version; None when it does not.

        Of Apache Spark it is ``Apache-Spark/4.2.0 Delta-Lake/4.4.0``, however Delta's JAR came to it.
        """
        commits = _newest_commits(DeltaTable(str(self.path(contract)))) if self.exists(contract) else iter(())
        wrote = (commit for commit in commits if (commit.get("operationParameters") or {}).get("predicate") == where)
        return next((commit.get("engineInfo") for commit in wrote), None)

    def partitions(self, contract: Contract) -> list[dict[str, str]]:
        """The partitions that hold files, as the table's log names them, values as text; none when there is no table."""
        return self._open(contract).partitions() if self.exists(contract) else []

    def read(self, contract: Contract) -> DataFrame:
        """The table as a lazy frame with the contract's columns; an empty one when it was never written."""
        if not self.exists(contract):
            return self.session.createDataFrame([], contract.ddl())
        selects = self._selects_up(self._open(contract), contract)
        reader = self.session.read.format("delta")
        if (pinned := self._pinned(contract)) is not None:
            reader = reader.option("versionAsOf", pinned)
        frame = reader.load(str(self.path(contract)))
        for columns in selects:
            frame = frame.transform(select, *[f"{sql} AS {name}" for name, sql in columns.items()])
        return frame.select(*[str(column) for column in contract.columns])

    def _is_pinned(self, contract: Contract) -> bool:
        return table_name(contract) in self._versions

    def _pinned(self, contract: Contract) -> int | None:
        return self._versions.get(table_name(contract))

    def _open(self, contract: Contract) -> DeltaTable:
        return DeltaTable(str(self.path(contract)), version=self._pinned(contract))

    def _selects_up(self, table: DeltaTable, contract: Contract) -> list[Select]:
        """What turns an old version's rows into the contract's as they are read; the newest must be the contract's already.

        Raises:
            ConfigError: when the newest was made by an earlier Steelyard and not migrated, or by a later one.
        """
        if self._pinned(contract) is None:
            check_current(table, table_name(contract), contract, self.home)
        check_not_newer(table, table_name(contract), contract, self.home)
        return selects_up(table, table_name(contract), contract)

    def _ready(self, contract: Contract) -> None:
        """See that the table is there and may be written.

        Raises:
            ConfigError: when it was made by an earlier Steelyard and not migrated, or by a later one.
            ValueError: when it is read as it was.
        """
        if self._is_pinned(contract):
            raise ValueError(f"{table_name(contract)} is read as it was at a version, and cannot be written")
        if self.exists(contract):
            check_current(DeltaTable(str(self.path(contract))), table_name(contract), contract, self.home)
        else:
            self.create(contract)

    def replace(self, frame: DataFrame, contract: Contract, where: str) -> None:
        """Replace the rows that ``where`` selects by ``frame``, in one commit; the rest stays as it is.

        ``where`` may name partition columns alone. Every row of ``frame`` must satisfy it.
        """
        wanted = frame.transform(select, *[f"cast(`{column}` as {column.type.value}) as `{column}`" for column in contract.columns])
        self._ready(contract)
        writer = wanted.write.format("delta").mode("overwrite").option("replaceWhere", where)
        if contract.partition_by:
            writer = writer.partitionBy(*[str(column) for column in contract.partition_by])
        with around(table_name(contract)):
            writer.save(str(self.path(contract)))

    def version_before(self, contract: Contract, where: str, noted: int | None) -> int:
        """The version to go back to when what is to be written is refused: the newest, 0 where there is no table yet.

        Args:
            where: SQL that every write to those rows begins with.
            noted: what this gave to a process that was killed since, perhaps after it wrote what it would have refused. It holds
                while nothing but such rows was written.
        """
        now = self.version(contract) or 0
        if noted is None or noted >= now:
            return now
        commits = DeltaTable(str(self.path(contract))).history(now - noted)
        wrote = (str((commit.get("operationParameters") or {}).get("predicate") or "") for commit in commits)
        return noted if all(predicate.startswith(where) for predicate in wrote) else now

    @contextmanager
    def put_back_on_failure(self, contract: Contract, before: int) -> Iterator[None]:
        """Let what the block writes to the table stand when it ends well; otherwise its rows are those of a version ``before``.

        The table must have no other writer meanwhile. A process that is killed puts nothing back: who comes after it gives the
        version that :meth:`version_before` gave to it.
        """
        try:
            yield
        except BaseException:
            if self.version(contract) not in (None, before):
                with around(f"put back {table_name(contract)}"):
                    DeltaTable(str(self.path(contract))).restore(before)
            raise

    def create(self, contract: Contract) -> None:
        """Make the table, empty, with the contract's columns and partitions."""
        with around(f"empty {table_name(contract)}"):
            DeltaTable.create(
                str(self.path(contract)),
                schema=arrow_schema(contract),
                partition_by=[str(column) for column in contract.partition_by] or None,
                mode="ignore",
                configuration={**PROPERTIES, VERSION: str(contract.version)},
                raise_if_key_not_exists=False,
            )

    def arrow(self, contract: Contract, *, columns: list[str] | None = None, where: str | None = None) -> pa.Table:
        """The table as Arrow, without an engine.

        Args:
            columns: the columns wanted, all by default.
            where: a SQL predicate over the table's columns, such as ``as_of = '2026-01-31'``.

        Raises:
            InputMissing: when the table was never written.
            ConfigError: when it was made by an earlier Steelyard and not migrated, or by a later one.
        """
        schema, batches = self.batches(contract, columns=columns, where=where)
        return pa.Table.from_batches(batches, schema)

    def batches(
        self, contract: Contract, *, columns: list[str] | None = None, where: str | None = None
    ) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """As :meth:`arrow`, a batch at a time, of rows that need not fit into memory together and come in no order."""
        if not self.exists(contract):
            raise InputMissing(
                what=f"the table {table_name(contract)} is not there yet",
                where=str(self.path(contract)),
                then="run the steps before this one, or the whole day with `steelyard run`",
            )
        from deltalake import QueryBuilder

        wanted = columns or [str(column) for column in contract.columns]
        listed = ", ".join(f'"{name}"' for name in wanted)
        table = self._open(contract)
        rows = nested(self._selects_up(table, contract), "t")
        result = QueryBuilder().register("t", table).execute(f"SELECT {listed} FROM {rows}" + (f" WHERE {where}" if where else ""))
        schema = pa.schema([arrow_schema(contract).field(name) for name in wanted])
        # The reader gives string views, which few of Arrow's own functions take.
        found = pa.RecordBatchReader.from_stream(result)
        return schema, (part for batch in found for part in pa.Table.from_batches([batch]).cast(schema).to_batches())

    def replace_arrow(self, table: pa.Table, contract: Contract, where: str) -> None:
        """As :meth:`replace`, for rows that are in memory."""
        wanted = table.select([str(column) for column in contract.columns]).cast(arrow_schema(contract))
        self._ready(contract)
        with around(table_name(contract)):
            write_deltalake(str(self.path(contract)), wanted, mode="overwrite", predicate=where)
