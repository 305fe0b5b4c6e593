"""The lake as analysts open it: read-only, in pandas or DuckDB, without an engine.

``lake = open_lake("HOME")``, then ``lake.pandas("gold.risk_list", where="as_of = '2026-06-30'")`` or
``lake.duckdb().sql("SELECT * FROM gold.risk_list")``. Columns that tell of a person stay shut unless they are asked for; that
guards against showing them by accident, and is no access control: whoever can read the files can read them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
from deltalake import DeltaTable
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
    """A lake that can be read and not written.

    Attributes:
        home: the run's home.
        contracts: the contract of each table that is there, by ``zone.name``, in the order that data passes through them.
        shows_personal: whether columns that tell of a person are among those shown.
        as_of: a finished day, as whose run left the tables they are read; as they are now by default.
    """

    home: Path
    contracts: Mapping[str, Contract]
    shows_personal: bool = False
    as_of: date | None = None

    def names(self) -> list[str]:
        """The tables that there are, as ``zone.name``."""
        return list(self.contracts)

    def pandas(self, table: str, *, where: str | None = None, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """A table, or a part of it, in memory.

        Args:
            table: such as ``gold.risk_list``.
            where: SQL over the table's columns, such as ``as_of = '2026-06-30'``; all rows by default.
            columns: the columns wanted, in that order; all that may be shown by default.

        Raises:
            InputMissing: when there is no such table; the message lists those there are.
            ConfigError: when a column is not there or may not be shown, or ``where`` cannot be understood.
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

        The views show each table as it is now; a run that writes it later does not change them. The connection can reach no
        file and no network, so that nothing can be written through it; give it a frame of your own with ``register``.

        Raises:
            InputMissing: when DuckDB is not installed.
        """
        try:
            import duckdb
        except ImportError as error:
            raise InputMissing(
                what="DuckDB is not installed",
                where="this Python environment",
                next_step="run `make setup`, which installs it; it is of the extra `notebooks`",
            ) from error
        connection = duckdb.connect(":memory:")
        connection.execute("SET TimeZone = 'UTC'")
        for zone in dict.fromkeys(contract.zone.value for contract in self.contracts.values()):
            connection.execute(f'CREATE SCHEMA "{zone}"')
        for name, contract in self.contracts.items():
            schema = arrow_schema(contract)
            shown = pa.schema([schema.field(str(column)) for column in self._shown(contract)])
            rows = self._table(contract).to_pyarrow_dataset().replace_schema(shown)
            connection.register(f"rows of {name}", rows)
            connection.execute(f'CREATE VIEW "{contract.zone.value}"."{contract.name}" AS SELECT * FROM "rows of {name}"')
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        return connection

    def contents(self) -> pd.DataFrame:
        """What there is: ``table, rows, grain, about``, one row a table."""
        return pd.DataFrame(
            {
                "table": self.names(),
                "rows": [self._count(contract) for contract in self.contracts.values()],
                "grain": [contract.grain for contract in self.contracts.values()],
                "about": [contract.about for contract in self.contracts.values()],
            }
        )

    def columns(self, table: str) -> pd.DataFrame:
        """What a table's columns mean: ``column, type, unit, about``, those that may be shown.

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
                what=f"the column {name!r} tells of a person and is not shown",
                where=table,
                next_step="do without it, or open the lake with personal=True where you are entitled to",
            )
        return ConfigError(what=f"there is no column {name!r}", where=table, next_step=f"name some of {', '.join(shown)}")

    def _count(self, contract: Contract) -> int:
        return int(self._table(contract).to_pyarrow_dataset().count_rows())

    def _table(self, contract: Contract) -> DeltaTable:
        lake = self._lake
        return DeltaTable(str(lake.path(contract)), version=lake.version(contract))

    @property
    def _lake(self) -> LakeTables:
        return _lake_of(self.home, self.as_of)


def open_lake(home: str | Path, *, personal: bool = False, as_of: date | None = None) -> OpenLake:
    """Open the lake of a run's home for reading.

    Args:
        home: the folder that holds ``lake/``.
        personal: whether to show the columns that tell of a person too.
        as_of: a finished day, to read the tables as its run left them; as they are now by default.

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
