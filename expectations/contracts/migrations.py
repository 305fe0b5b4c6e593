"""Migrations of tables to a newer version of their contract, as data.

A change of a contract's columns increases its ``version`` by one and adds a :class:`Migration` to :data:`MIGRATIONS`. A step is one
SELECT in SQL that every engine has, so the same steps migrate a whole table and read an old version of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from expectations.contracts import lineage, scoring, tax_filing
from expectations.contracts.contract import Column, Contract, Type
from expectations.contracts.registry import BRONZE, SILVER

Select = Mapping[str, str]
"""A SELECT over one table: the SQL of each result column by name, in order."""


@dataclass(frozen=True)
class AddColumn:
    """Add a column, filled by SQL over the old columns."""

    name: str
    type: Type
    fill: str = "NULL"

    def select(self, names: Sequence[str]) -> Select:
        """The columns ``names`` after the step."""
        return {**_same(names), self.name: f"CAST({self.fill} AS {self.type.value})"}


@dataclass(frozen=True)
class RenameColumn:
    """Rename a column."""

    old: str
    new: str

    def select(self, names: Sequence[str]) -> Select:
        """The columns ``names`` after the step."""
        return {(self.new if name == self.old else name): name for name in names}


@dataclass(frozen=True)
class WidenColumn:
    """Change a column to a wider type."""

    name: str
    type: Type

    def select(self, names: Sequence[str]) -> Select:
        """The columns ``names`` after the step."""
        return {**_same(names), self.name: f"CAST({self.name} AS {self.type.value})"}


@dataclass(frozen=True)
class FillColumn:
    """Compute a column's values again by SQL over the old columns."""

    name: str
    sql: str

    def select(self, names: Sequence[str]) -> Select:
        """The columns ``names`` after the step."""
        return {**_same(names), self.name: self.sql}


@dataclass(frozen=True)
class DropColumn:
    """Remove a column."""

    name: str

    def select(self, names: Sequence[str]) -> Select:
        """The columns ``names`` after the step."""
        return _same([name for name in names if name != self.name])


Step = AddColumn | RenameColumn | WidenColumn | FillColumn | DropColumn


@dataclass(frozen=True)
class Migration:
    """The steps of a table (``zone.name``) from the version before to ``version``.

    ``within`` names the columns that bound the rows that a step reads together, so a large table can be migrated in parts; none if
    each row needs only itself.
    """

    table: str
    version: int
    about: str
    steps: tuple[Step, ...]
    within: tuple[str, ...] = ()


def _mark_revisions(contract: Contract) -> Migration:
    """Mark the records of a key after its first as revisions, in the order of arrival within the table."""
    arrival = (lineage.DELIVERED_ON, lineage.KNOWN_AT, lineage.SOURCE, lineage.SOURCE_FILE, lineage.SOURCE_ROW)
    window = f"PARTITION BY {', '.join(contract.key)} ORDER BY {', '.join(arrival)}"
    return Migration(
        contract.full_name,
        2,
        "records say whether an earlier record of their key exists",
        (AddColumn(str(lineage.IS_REVISION), Type.BOOLEAN, f"row_number() OVER ({window}) > 1"),),
        tuple(map(str, contract.key)),
    )


def _add_quantity(contract: Contract) -> Migration:
    """Add the taxed quantity and its unit, unknown for earlier returns."""
    columns = (tax_filing.QUANTITY_MILLI, tax_filing.QUANTITY_UNIT)
    about = "returns may state a quantity that is not money"
    return Migration(contract.full_name, 3, about, tuple(AddColumn(str(column), column.type) for column in columns))


def _add_certainty(contract: Contract, *columns: Column, texts: tuple[str, ...] = ()) -> Migration:
    """Add columns about certainty, which stay NULL for earlier days. ``texts`` had a column in each language."""
    return Migration(
        contract.full_name,
        2,
        "rows say how certain a score is, and what would change it",
        (
            *(AddColumn(str(column), column.type) for column in columns),
            *(AddColumn(name, Type.STRING) for text in texts for name in _texts_of(text)),
        ),
    )


_LANGUAGES = {"en": "en", "zh-Hans": "zh_hans", "zh-Hant": "zh_hant"}
"""The languages that had columns of their own, with the ends of their names."""


def _texts_of(name: str) -> tuple[str, ...]:
    return tuple(f"{name}_{suffix}" for suffix in _LANGUAGES.values())


def _texts_as_data(contract: Contract, column: Column, fill: str, *texts: str) -> Migration:
    """Replace texts that had a column in each language by a column of data."""
    drops = (DropColumn(name) for text in texts for name in _texts_of(text))
    about = "reasons and the way to a better class are data, put into words when they are shown"
    return Migration(contract.full_name, 3, about, (AddColumn(str(column), column.type, fill), *drops))


def _json_text(name: str) -> str:
    """SQL for the text of a column as a JSON string. ``chr(34)`` is a quotation mark, ``chr(92)`` a backslash."""
    return (
        f"concat(chr(34), replace(replace({name}, chr(92), concat(chr(92), chr(92))), chr(34), concat(chr(92), chr(34))), chr(34))"
    )


_PEER_COUNT = "CASE WHEN basis_en LIKE 'Compared with %' THEN replace(split_part(basis_en, ' ', 3), ',', '') END"
_TEXTS_OF_BETTER = ", ', ', ".join(f"""'"{language}": ', {_json_text(f"better_{end}")}""" for language, end in _LANGUAGES.items())
_JSON_OF_BETTER = f"""CASE WHEN better_en IS NOT NULL THEN concat('{{"texts": {{', {_TEXTS_OF_BETTER}, '}}}}') END"""
_CERTAINTY = (scoring.PROBABILITY_LOW, scoring.PROBABILITY_HIGH, scoring.EVIDENCE, scoring.HELD_CLASS, scoring.HELD_SOURCE)

MIGRATIONS: tuple[Migration, ...] = (
    *(_mark_revisions(contract) for contract in (*BRONZE.values(), *SILVER.values())),
    *(_add_quantity(tables[tax_filing.CONTRACT.name]) for tables in (BRONZE, SILVER)),
    _add_certainty(scoring.SCORES, *_CERTAINTY),
    _add_certainty(scoring.REASONS, scoring.RESTS_ON, scoring.NEWEST_ON, texts=("basis", "change")),
    _add_certainty(scoring.RISK_LIST, *_CERTAINTY, scoring.BETTER_CLASS, texts=("better",)),
    _texts_as_data(scoring.REASONS, scoring.PEER_COUNT, _PEER_COUNT, "sentence", "basis", "change"),
    _texts_as_data(scoring.RISK_LIST, scoring.BETTER_CHANGES, _JSON_OF_BETTER, "better"),
)

BUILT_AGAIN = frozenset({"gold.features"})
"""Tables with one column for each indicator. A missing column becomes NULL; a rebuild of the day fills it."""


def steps_up(table: str, contract: Contract, version: int, names: Sequence[str], known: Sequence[Migration]) -> list[Select]:
    """The SELECTs that migrate rows of an older version to the contract, each over the one before.

    Raises:
        ValueError: when they do not give the contract's columns; the message lists missing and surplus columns.
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
    """The SELECTs as nested subqueries for FROM; ``source`` itself when there are none."""
    for number, select in enumerate(selects):
        columns = ", ".join(f"{sql} AS {name}" for name, sql in select.items())
        source = f"(SELECT {columns} FROM {source}) AS step_{number}"
    return source


def _same(names: Sequence[str]) -> dict[str, str]:
    return {name: name for name in names}
