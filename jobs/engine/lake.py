"""The lake with an engine: its tables as lazy frames, read and replaced."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from expectations.contracts.contract import Contract
from jobs.engine.session import engine_kind, open_session
from jobs.foundation.fault_points import around
from jobs.lake.tables import LakeTables
from jobs.transforms.frames import select


class Lake(LakeTables):
    """The tables under ``home/lake``. The session is opened when the first frame is read or written."""

    def __init__(self, home: Path, session: SparkSession | None = None) -> None:
        super().__init__(home)
        self._session = session

    @property
    def session(self) -> SparkSession:
        """The engine's session."""
        if self._session is None:
            self._session = open_session()
        return self._session

    @property
    def engine(self) -> str:
        """The engine: ``sail``, whose version is its package's; else ``connect`` or ``spark`` with the version that answers."""
        kind = engine_kind()
        return kind if kind == "sail" else f"{kind} {self.session.version}"

    def read(self, contract: Contract) -> DataFrame:
        """The table as a lazy frame with the contract's columns; an empty one when it was never written."""
        if not self.exists(contract):
            return self.session.createDataFrame([], contract.ddl())
        selects = self._selects_up(self.open(contract), contract)
        reader = self.session.read.format("delta")
        if (pinned := self._pinned(contract)) is not None:
            reader = reader.option("versionAsOf", pinned)
        frame = reader.load(str(self.path(contract)))
        for columns in selects:
            frame = frame.transform(select, *[f"{sql} AS {name}" for name, sql in columns.items()])
        return frame.select(*[str(column) for column in contract.columns])

    def replace(self, frame: DataFrame, contract: Contract, where: str) -> None:
        """As :meth:`replace_arrow`, for the rows of a frame."""
        wanted = frame.transform(select, *[f"cast(`{column}` as {column.type.value}) as `{column}`" for column in contract.columns])
        self._ready(contract)
        writer = wanted.write.format("delta").mode("overwrite").option("replaceWhere", where)
        if contract.partition_by:
            writer = writer.partitionBy(*[str(column) for column in contract.partition_by])
        with around(contract.full_name):
            writer.save(str(self.path(contract)))
