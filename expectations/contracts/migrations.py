"""How a table made by an earlier version of its contract becomes one of the version that holds: steps, as data.

Whoever changes a contract's columns raises its ``version`` by one and adds a :class:`Migration` to :data:`MIGRATIONS`. A step is
one SELECT in the SQL that every engine has, so the same steps bring up a whole table and read an old version of one as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from expectations.contracts import lineage, scoring
from expectations.contracts.contract import Column, Contract, Type
from expectations.contracts.registry import BRONZE, SILVER

Select = Mapping[str, str]
"""A SELECT over one table: the SQL of each column of its result, by name, in order."""


@dataclass(frozen=True)
class AddColumn:
    """A new column, filled by SQL over the columns there were."""

    name: str
    type: Type
    fill: str = "NULL"

    def select(self, names: Sequence[str]) -> Select:
        """The columns ``names`` after the step."""
        return {**_same(names), self.name: f"CAST({self.fill} AS {self.type.value})"}


@dataclass(frozen=True)
class RenameColumn:
    """The same column under another name."""

    old: str
    new: str

    def select(self, names: Sequence[str]) -> Select:
        """The columns ``names`` after the step."""
        return {(self.new if name == self.old else name): name for name in names}


@dataclass(frozen=True)
class WidenColumn:
    """A column in a type that holds all values it had."""

    name: str
    type: Type

    def select(self, names: Sequence[str]) -> Select:
        """The columns ``names`` after the step."""
        return {**_same(names), self.name: f"CAST({self.name} AS {self.type.value})"}


@dataclass(frozen=True)
class FillColumn:
    """A column whose values are made anew by SQL over the columns there were."""

    name: str
    sql: str

    def select(self, names: Sequence[str]) -> Select:
        """The columns ``names`` after the step."""
        return {**_same(names), self.name: self.sql}


@dataclass(frozen=True)
class DropColumn:
    """A column that the contract has no longer."""

    name: str

    def select(self, names: Sequence[str]) -> Select:
        """The columns ``names`` after the step."""
        return _same([name for name in names if name != self.name])


Step = AddColumn | RenameColumn | WidenColumn | FillColumn | DropColumn


@dataclass(frozen=True)
class Migration:
    """What leads a table (``zone.name``) from the version before to ``version``.

    ``within`` names the columns within whose values a step looks at other rows, so that a large table can be done in parts;
    none where each row is made of itself alone.
    """

    table: str
    version: int
    about: str
    steps: tuple[Step, ...]
    within: tuple[str, ...] = ()


def _told_revisions(contract: Contract) -> Migration:
    """Records of a key after its first are told, in the order in which they arrived, as far as the table itself holds them."""
    arrival = (lineage.DELIVERED_ON, lineage.KNOWN_AT, lineage.SOURCE, lineage.SOURCE_FILE, lineage.SOURCE_ROW)
    window = f"PARTITION BY {', '.join(contract.key)} ORDER BY {', '.join(arrival)}"
    return Migration(
        contract.full_name,
        2,
        "records tell whether another of their key was there before them",
        (AddColumn(str(lineage.IS_REVISION), Type.BOOLEAN, f"row_number() OVER ({window}) > 1"),),
        tuple(map(str, contract.key)),
    )


def _told_certainty(contract: Contract, *columns: Column) -> Migration:
    """What a day made before did not tell of how certain it was stays unknown."""
    return Migration(
        contract.full_name,
        2,
        "how certain a score is, and what would change it, is told",
        tuple(AddColumn(str(column), column.type) for column in columns),
    )


_CERTAINTY = (scoring.PROBABILITY_LOW, scoring.PROBABILITY_HIGH, scoring.EVIDENCE, scoring.HELD_CLASS, scoring.HELD_SOURCE)

MIGRATIONS: tuple[Migration, ...] = (
    *(_told_revisions(contract) for contract in (*BRONZE.values(), *SILVER.values())),
    _told_certainty(scoring.SCORES, *_CERTAINTY),
    _told_certainty(
        scoring.REASONS, scoring.RESTS_ON, scoring.NEWEST_ON, scoring.BASIS_EN, scoring.BASIS_ZH_HANS, scoring.BASIS_ZH_HANT,
        scoring.CHANGE_EN, scoring.CHANGE_ZH_HANS, scoring.CHANGE_ZH_HANT,
    ),
    _told_certainty(
        scoring.RISK_LIST, *_CERTAINTY, scoring.BETTER_CLASS, scoring.BETTER_EN, scoring.BETTER_ZH_HANS, scoring.BETTER_ZH_HANT
    ),
)  # fmt: skip

BUILT_AGAIN = frozenset({"gold.features"})
"""Tables with a column an indicator: a column that one lacks is null, and who needs it builds the day again."""


def steps_up(table: str, contract: Contract, version: int, names: Sequence[str], known: Sequence[Migration]) -> list[Select]:
    """The SELECTs that bring rows of an older version up to the contract, each over the one before.

    Args:
        table: its name with its zone.
        contract: what it is to be.
        version: the version that it has.
        names: the columns that it has.
        known: the migrations there are.

    Raises:
        ValueError: when they do not lead to the contract's columns; the message says which are too few or too many.
    """
    selects: list[Select] = []
    names = list(names)
    wanted = {migration.version: migration for migration in known if migration.table == table}
    for number in range(version + 1, contract.version + 1):
        for step in wanted[number].steps if number in wanted else ():
            selects.append(step.select(names))
            names = list(selects[-1])
    if table in BUILT_AGAIN and set(names) != {str(column) for column in contract.columns}:
        selects.append(
            {str(column): str(column) if column in names else f"CAST(NULL AS {column.type.value})" for column in contract.columns}
        )
        names = list(selects[-1])
    lacking, besides = columns_apart(names, contract)
    if lacking or besides:
        raise ValueError(f"no migration leads {table} from version {version} to its contract: lacking {lacking}, besides {besides}")
    return selects


def columns_apart(names: Sequence[str], contract: Contract) -> tuple[list[str], list[str]]:
    """The contract's columns that are not among ``names``, and the names that are none of its columns."""
    wanted = [str(column) for column in contract.columns]
    return [name for name in wanted if name not in names], [name for name in names if name not in wanted]


def nested(selects: Sequence[Select], source: str) -> str:
    """The SELECTs, one within the other, as what a FROM can name; ``source`` itself when there are none."""
    for number, select in enumerate(selects):
        columns = ", ".join(f"{sql} AS {name}" for name, sql in select.items())
        source = f"(SELECT {columns} FROM {source}) AS step_{number}"
    return source


def _same(names: Sequence[str]) -> dict[str, str]:
    return {name: name for name in names}
