"""Open a lake for analysis: read-only, in pandas or DuckDB, without an engine.

``lake = open_lake("HOME")``, then ``lake.pandas("gold.risk_list", where="as_of = '2026-06-30'")`` or
``lake.duckdb().sql("SELECT * FROM gold.risk_list")``. Columns with personal data are hidden by default. That
prevents showing them by accident and is no access control: every user who can read the files can read them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
from deltalake.exceptions import DeltaError

from expectations.contracts.contract import Column, Contract, Sensitivity
from jobs.foundation.errors import ConfigError, InputMissing
from jobs.lake.maintenance.table_files import tables_of
from jobs.lake.manifests import lake_of_finished_day
from jobs.lake.tables import LakeTables, arrow_schema

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class OpenLake:
    """A read-only lake.

    Attributes:
        home: the run's home.
        contracts: the contract of each existing table, by ``zone.name``, in the order of the data flow.
        shows_personal: whether columns with personal data are shown.
        as_of: a finished day whose run's table versions are read; the current versions if None.
    """

    home: Path
    contracts: Mapping[str, Contract]
    shows_personal: bool = False
    as_of: date | None = None

    def names(self) -> list[str]:
        """The existing tables, as ``zone.name``."""
        return list(self.contracts)

    def pandas(self, table: str, *, where: str | None = None, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """A table, or a part of it, in memory.

        Args:
            table: such as ``gold.risk_list``.
            where: SQL over the table's columns, such as ``as_of = '2026-06-30'``; all rows by default.
            columns: the wanted columns, in that order; all shown columns by default.

        Raises:
            InputMissing: when there is no such table; the message lists the existing ones.
            ConfigError: when a column does not exist or is hidden, or ``where`` is not valid.
        """
        contract = self._contract(table)
        shown = [str(column) for column in self._shown(contract)]
        wanted = shown if columns is None else [str(column) for column in columns]
        for name in wanted:
            if name not in shown:
                raise self._no_column(table, contract, name, shown)
        try:
            return self._lake.arrow(contract, columns=wanted, where=where).to_pandas()
        except (DeltaError, pa.ArrowException) as error:
            raise ConfigError(
                what=f"the rows cannot be chosen by {where!r}: {str(error).splitlines()[0]}",
                where=table,
                next_step=f"write it as SQL over {', '.join(shown)}",
            ) from error

    def duckdb(self) -> duckdb.DuckDBPyConnection:
        """A new DuckDB connection in memory, with a view of every table under its own name.

        The views show the current version of each table; later runs do not change them. The connection can access no file and no
        network, so it can write nothing; add your own frames with ``register``.

        Raises:
            InputMissing: when DuckDB is not installed.
        """
        try:
            import duckdb
        except ImportError as error:
            raise InputMissing(
                what="DuckDB is not installed",
                where="this Python environment",
                next_step="run `make setup`, which installs it; it is in the extra `notebooks`",
            ) from error
        connection = duckdb.connect(":memory:")
        connection.execute("SET TimeZone = 'UTC'")
        for zone in dict.fromkeys(contract.zone.value for contract in self.contracts.values()):
            connection.execute(f'CREATE SCHEMA "{zone}"')
        for name, contract in self.contracts.items():
            schema = arrow_schema(contract)
            shown = pa.schema([schema.field(str(column)) for column in self._shown(contract)])
            rows = self._lake.open(contract).to_pyarrow_dataset().replace_schema(shown)
            connection.register(f"rows of {name}", rows)
            connection.execute(f'CREATE VIEW "{contract.zone.value}"."{contract.name}" AS SELECT * FROM "rows of {name}"')
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        return connection

    def contents(self) -> pd.DataFrame:
        """The tables: ``table, rows, grain, about``, one row for each."""
        rows = [(name, self._lake.open(one).count(), one.grain, one.about) for name, one in self.contracts.items()]
        return pd.DataFrame(rows, columns=["table", "rows", "grain", "about"])

    def columns(self, table: str) -> pd.DataFrame:
        """The shown columns of a table: ``column, type, unit, about``.

        Raises:
            InputMissing: when there is no such table.
        """
        shown = self._shown(self._contract(table))
        rows = [(str(column), column.type.value, column.unit, column.about) for column in shown]
        return pd.DataFrame(rows, columns=["column", "type", "unit", "about"])

    def _contract(self, table: str) -> Contract:
        if table not in self.contracts:
            raise InputMissing(
                what=f"there is no table {table!r}",
                where=str(self.home / "lake"),
                next_step=f"name one of {', '.join(self.contracts)}",
            )
        return self.contracts[table]

    def _shown(self, contract: Contract) -> list[Column]:
        return [column for column in contract.columns if self.shows_personal or column.sensitivity is not Sensitivity.PERSONAL]

    def _no_column(self, table: str, contract: Contract, name: str, shown: list[str]) -> ConfigError:
        if name in contract.columns:
            return ConfigError(
                what=f"the column {name!r} holds personal data and is hidden",
                where=table,
                next_step="leave it out, or open the lake with personal=True if you are entitled to",
            )
        return ConfigError(what=f"there is no column {name!r}", where=table, next_step=f"name some of {', '.join(shown)}")

    @property
    def _lake(self) -> LakeTables:
        return _lake_of(self.home, self.as_of)


def open_lake(home: str | Path, *, personal: bool = False, as_of: date | None = None) -> OpenLake:
    """Open the lake of a run's home for reading.

    Args:
        home: the folder that holds ``lake/``.
        personal: whether to show columns with personal data too.
        as_of: a finished day, to read its run's table versions; the current versions by default.

    Raises:
        InputMissing: when there is no such folder, or no table in it.
    """
    folder = Path(home).expanduser().resolve()
    found = {contract.full_name: contract for contract in tables_of(_lake_of(folder, as_of))}
    if not found:
        raise InputMissing(
            what="there is no lake here" if folder.is_dir() else "there is no such folder",
            where=str(folder),
            next_step="give the home of a run, the folder that holds lake/, or make one with `steelyard run --home`",
        )
    return OpenLake(folder, found, personal, as_of)


def _lake_of(home: Path, as_of: date | None) -> LakeTables:
    return LakeTables(home) if as_of is None else lake_of_finished_day(LakeTables(home), as_of)
