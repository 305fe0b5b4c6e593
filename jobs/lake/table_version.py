"""The version of its contract that a table has, and whether this Steelyard can use the table."""

from __future__ import annotations

from pathlib import Path

from deltalake import DeltaTable

from expectations.contracts.contract import Contract
from expectations.contracts.migrations import MIGRATIONS, Migration, Select, columns_apart, steps_up
from jobs.foundation.errors import ConfigError

VERSION = "steelyard.contractVersion"
"""The table property with the contract version. Delta versions properties too, so a restored table gets its own back."""


def version_of(table: DeltaTable) -> int:
    """The contract version of a table; tables without the property have version 1."""
    return int(table.metadata().configuration.get(VERSION, 1))


def columns_of(table: DeltaTable) -> list[str]:
    """The columns of a table."""
    return [field.name for field in table.schema().fields]


def is_current(table: DeltaTable, contract: Contract) -> bool:
    """Whether a table has its contract's version and columns."""
    return version_of(table) == contract.version and columns_apart(columns_of(table), contract) == ([], [])


def check_current(table: DeltaTable, contract: Contract, home: Path) -> None:
    """Check that a table has the current contract version and columns.

    Raises:
        ConfigError: when it is older and must be migrated first, or newer.
    """
    check_not_newer(table, contract, home)
    if is_current(table, contract):
        return
    name, found = contract.full_name, version_of(table)
    if found < contract.version:
        what = f"the table {name} has version {found} of its columns, and this Steelyard writes version {contract.version}"
    else:
        lacking, besides = columns_apart(columns_of(table), contract)
        what = f"the table {name} does not have the columns that this Steelyard writes: " + "; ".join(
            f"{said} {', '.join(names)}" for said, names in (("it lacks", lacking), ("it also has", besides)) if names
        )
    raise ConfigError(
        what=what,
        where=str(home / "lake"),
        next_step=f"migrate the home once with `steelyard lake migrate --home {home}`, then run the same command again",
    )


def check_not_newer(table: DeltaTable, contract: Contract, home: Path) -> None:
    """Check that a table was not written by a later Steelyard.

    Raises:
        ConfigError: when it was.
    """
    name, found = contract.full_name, version_of(table)
    if found > contract.version:
        raise ConfigError(
            what=f"the table {name} has version {found} of its columns, but this Steelyard knows only version {contract.version}",
            where=str(home / "lake"),
            next_step="use the Steelyard that wrote it, or a later one; this one would lose columns that it does not know",
        )


def migrations(table: DeltaTable, contract: Contract) -> list[Migration]:
    """The migrations that an older table still needs."""
    found = version_of(table)
    return [step for step in MIGRATIONS if step.table == contract.full_name and found < step.version <= contract.version]


def selects_up(table: DeltaTable, contract: Contract) -> list[Select]:
    """The selects that convert rows of an older table to its contract; none for a current table."""
    return steps_up(contract.full_name, contract, version_of(table), columns_of(table), MIGRATIONS)
