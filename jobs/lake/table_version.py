"""Which version of its contract a table has, and what that means for who opens it."""

from __future__ import annotations

from pathlib import Path

from deltalake import DeltaTable

from expectations.contracts.contract import Contract
from expectations.contracts.migrations import MIGRATIONS, Migration, Select, columns_apart, steps_up
from jobs.foundation.errors import ConfigError

VERSION = "steelyard.contractVersion"
"""The table property that holds it. Delta keeps properties with each version of a table, so a restored one has its own again."""


def version_of(table: DeltaTable) -> int:
    """The version of its contract that a table has; tables made before versions were noted have the first."""
    return int(table.metadata().configuration.get(VERSION, 1))


def columns_of(table: DeltaTable) -> list[str]:
    """The columns that a table has."""
    return [field.name for field in table.schema().fields]


def is_current(table: DeltaTable, contract: Contract) -> bool:
    """Whether a table has its contract's version and columns."""
    return version_of(table) == contract.version and columns_apart(columns_of(table), contract) == ([], [])


def check_current(table: DeltaTable, name: str, contract: Contract, home: Path) -> None:
    """See that a table is as this Steelyard writes it.

    Raises:
        ConfigError: when it is older, and must be migrated first, or newer.
    """
    check_not_newer(table, name, contract, home)
    if is_current(table, contract):
        return
    there = version_of(table)
    if there < contract.version:
        what = f"the table {name} has version {there} of its columns, and this Steelyard writes version {contract.version}"
    else:
        lacking, besides = columns_apart(columns_of(table), contract)
        what = f"the table {name} has not the columns that this Steelyard writes: " + "; ".join(
            f"{said} {', '.join(names)}" for said, names in (("it lacks", lacking), ("it has besides", besides)) if names
        )
    raise ConfigError(
        what=what,
        where=str(home / "lake"),
        next_step=f"bring the home up once with `steelyard lake migrate --home {home}`, then give the same command again",
    )


def check_not_newer(table: DeltaTable, name: str, contract: Contract, home: Path) -> None:
    """See that a table was not made by a later Steelyard.

    Raises:
        ConfigError: when it was.
    """
    there = version_of(table)
    if there > contract.version:
        raise ConfigError(
            what=f"the table {name} has version {there} of its columns, and this Steelyard knows version {contract.version}",
            where=str(home / "lake"),
            next_step="use the Steelyard that made it, or a later one; this one would lose what it does not know",
        )


def migrations(table: DeltaTable, name: str, contract: Contract) -> list[Migration]:
    """The migrations that an older table has before it."""
    there = version_of(table)
    return [step for step in MIGRATIONS if step.table == name and there < step.version <= contract.version]


def selects_up(table: DeltaTable, name: str, contract: Contract) -> list[Select]:
    """What turns the rows of an older table into rows of its contract; nothing for one that is current."""
    return steps_up(name, contract, version_of(table), columns_of(table), MIGRATIONS)
