"""The settings of a source's mapping, as its TOML gives them, and every problem with them that shows without running its SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf
from pydantic.dataclasses import dataclass

from expectations.contracts.contract import Contract
from expectations.contracts.registry import SOURCES
from jobs.formats.raw_records import RAW_TYPES, decimal_digits
from jobs.formats.registry import FILE_FORMATS
from jobs.profile.allowed_sql import find_refused
from jobs.profile.lookup_schema import Delimiter, Encoding, Lookup, RowNumber, lookup_problems, path_problems
from jobs.profile.validation import (
    SETTINGS,
    Count,
    Day,
    Number,
    Period,
    Problem,
    Text,
    holds,
    near,
    one_of,
    refusal,
    setting_problems,
)

POSTGRESQL = "postgresql"
PLACEHOLDER = "{delivered_on}"


def _contract(name: Any) -> Any:
    if not isinstance(name, str) or name not in SOURCES:
        raise refusal(f"{name!r} is no contract", near(str(name), SOURCES))
    return SOURCES[name]


def _sql(text: str) -> str:
    if text.strip() and (found := find_refused(text)):
        raise refusal(*found)
    return text


Variable = Annotated[str, holds(lambda name: bool(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)), "name an environment variable")]
Sql = Annotated[Text, AfterValidator(_sql)]
TimeOfDay = Annotated[
    str, holds(lambda text: bool(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text)), 'write a time of day as text, as in "06:00"')
]
Value = Annotated[Any, holds(lambda value: isinstance(value, str | int | float), "write text, a number, true or false")]


@dataclass(frozen=True, config=SETTINGS)
class Database:
    """Records of a table, or of a query, in a PostgreSQL database.

    Attributes:
        url_variable: the environment variable with the address, ``postgresql://user:password@host:port/database``.
        table: a table or view, after its schema if it has one; empty when there is a ``query``.
        query: SQL that gives the records; empty when there is a ``table``.
        delivered_on: the column with the day on which a record was delivered.
        row_key: the column that numbers the records of a day: distinct whole numbers.
        look_back_days: the days before the day, and before the newest one taken in, that are compared for changes; None for all.
    """

    url_variable: Variable
    delivered_on: Text
    row_key: Text
    table: str = ""
    query: Annotated[str, AfterValidator(lambda sql: sql.strip().rstrip(";"))] = ""
    look_back_days: Count | None = None

    @property
    def name(self) -> str:
        """The table, or ``query``, in place of a file's name."""
        return self.table or "query"

    @property
    def records(self) -> str:
        """The records as SQL for FROM."""
        return f"({self.query}\n) AS records" if self.query else ".".join(map(quoted, self.table.split("."))) + " AS records"


def quoted(name: str) -> str:
    """A name as a quoted identifier of PostgreSQL."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, config=SETTINGS)
class Raw:
    """The raw columns that a source's files must have, other names of them, and for formats with types the type of each."""

    columns: Annotated[tuple[str, ...], holds(bool, "list the names of the columns")]
    types: dict[str, Any] = field(default_factory=dict)
    aliases: dict[str, tuple[Text, ...]] = field(default_factory=dict)


@dataclass(frozen=True, config=SETTINGS)
class Translation:
    """A contract column that is looked up from a raw value; a value that is not listed cannot be read."""

    values: Annotated[dict[str, Value], holds(bool, "list each raw value and its meaning")]
    raw_column: Text = Field(alias="from")


@dataclass(frozen=True, config=SETTINGS)
class GroupBy:
    """Parts of one record: records of a delivery that are equal in ``known_at`` and all columns but ``sums``, which are added."""

    sums: Annotated[tuple[str, ...], holds(bool, "list the contract columns that are added up")]


@dataclass(frozen=True, config=SETTINGS)
class MappingSettings:
    """What a mapping's TOML may say; ``docs/reference/mapping.md`` explains each setting."""

    contract: Annotated[InstanceOf[Contract], BeforeValidator(_contract)]
    owner: Text
    format: Annotated[str, one_of(*sorted(FILE_FORMATS), POSTGRESQL)]
    delivery: Annotated[str, one_of("increment", "snapshot")]
    raw: Raw
    encoding: Encoding = "utf-8"
    delimiter: Delimiter = ","
    files: str = ""
    database: Database | None = None
    delivered_on: Day | None = None
    absence: Annotated[str, one_of("nothing", "removed")] = "nothing"
    every_days: Period = 1
    cut_off: TimeOfDay = "06:00"
    nulls: tuple[str, ...] = ("",)
    known_at: Sql | None = None
    keep: Sql | None = None
    columns: dict[str, Sql] = field(default_factory=dict)
    translate: dict[str, Translation] = field(default_factory=dict)
    lookups: tuple[Lookup, ...] = ()
    row_number: RowNumber | None = None
    group_by: GroupBy | None = None
    newest_by: Sql | None = None
    same_key: Annotated[str, one_of("conflict", "versions")] = "conflict"
    optional: tuple[str, ...] = ()
    limits: dict[str, Number] = field(default_factory=dict)


def name_problems(stem: str) -> Iterator[Problem]:
    """The problem with a mapping's file name when it cannot be part of paths and table names."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", stem):
        then = "rename it to small letters, digits and underscores, such as tax_filing.toml"
        yield Problem("the file's name", f"{stem!r} cannot be a source's name", then)


def shape_problems(raw: Mapping[str, Any]) -> list[Problem]:
    """Every problem with a mapping's settings, found without running its SQL."""
    found = setting_problems(MappingSettings, "docs/reference/mapping.md#the-mapping", _without_address(raw))
    wrong = {re.split(r"[.\[]", problem.setting)[0] for problem in found}
    sound = {name: value for name, value in raw.items() if name not in wrong}
    contract = SOURCES.get(sound.get("contract", ""))
    columns = tuple(sound["raw"]["columns"]) if "raw" in sound else ()
    lookups = [str(lookup["name"]) for lookup in sound.get("lookups", ())]
    found += _database_problems(raw, sound)
    if sound.get("absence") == "removed" and sound.get("delivery") == "increment":
        then = "set delivery to snapshot, or absence to nothing"
        found.append(Problem("absence", "'removed' has no meaning for increments", then))
    if sound.get("format") in FILE_FORMATS:
        found += _file_problems(sound)
    found += _raw_problems(sound, columns)
    found += lookup_problems(sound, columns)
    found += _translate_problems(sound, columns, lookups)
    found += _same_key_problems(raw, sound, columns, lookups)
    if contract is not None:
        found += _contract_problems(raw, sound, contract)
    return found


def _without_address(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The settings without an address in place of a variable's name: a problem would repeat it, and it may hold a password."""
    database: dict[str, Any] = raw["database"] if _holds_address(raw) else {}
    return {**raw, "database": {**database, "url_variable": "ADDRESS"}} if database else dict(raw)


def _holds_address(raw: Mapping[str, Any]) -> bool:
    database = raw.get("database")
    return isinstance(database, dict) and "://" in str(database.get("url_variable"))


def _database_problems(raw: Mapping[str, Any], sound: Mapping[str, Any]) -> Iterator[Problem]:
    is_given = "database" in raw
    if sound.get("format") != POSTGRESQL:
        if is_given:
            yield Problem("database", f"is for format = {POSTGRESQL!r}", "remove it, or change the format")
        return
    for name in ("files", "delivered_on", "encoding", "delimiter"):
        if name in sound:
            yield Problem(name, "is for files; the records are in a database", "remove it; [database] says where they are")
    if not is_given:
        yield Problem("database", f"is missing where format is {POSTGRESQL!r}", "add the table; see docs/reference/mapping.md")
        return
    if _holds_address(raw):
        then = "name the environment variable that holds it, so that no secret is in the file"
        yield Problem("database.url_variable", "is an address", then)
    database = sound.get("database")
    if database and bool(database.get("table")) == bool(database.get("query")):
        yield Problem("database.table", "and query: one of the two must be given", "name a table, or write a query")


def _file_problems(sound: Mapping[str, Any]) -> Iterator[Problem]:
    pattern = sound.get("files", "")
    if not pattern.strip():
        yield Problem("files", "is missing", "give a path pattern under the sources folder")
    yield from path_problems(pattern, "files")
    is_dated, is_fixed = PLACEHOLDER in pattern, "delivered_on" in sound
    if pattern and not is_dated and not is_fixed:
        yield Problem("files", f"{pattern!r} says no delivery date", f"put {PLACEHOLDER} in the path, or set delivered_on")
    if is_dated and is_fixed:
        yield Problem("delivered_on", f"is given, and so is {PLACEHOLDER} in files", "keep one of them")
    if is_fixed and not is_dated and "known_at" not in sound:
        yield Problem("known_at", "is missing where delivered_on is fixed", "give SQL for the instant each record became known")
    if pattern.count(PLACEHOLDER) > 1:
        yield Problem("files", f"{PLACEHOLDER} stands in it more than once", "keep one")


def _raw_problems(sound: Mapping[str, Any], columns: tuple[str, ...]) -> Iterator[Problem]:
    for name in sorted({name for name in columns if columns.count(name) > 1}):
        yield Problem("raw.columns", f"{name!r} is listed twice", "list it once")
    yield from _alias_problems(sound, columns)
    types = sound.get("raw", {}).get("types", {})
    form = FILE_FORMATS.get(sound.get("format", ""))
    if types and "format" in sound and not (form and form.types):
        typed = ", ".join(name for name, one in FILE_FORMATS.items() if one.types)
        yield Problem("raw.types", f"is for {typed}; elsewhere every column is read as text", "remove it")
    for name, kind in types.items():
        if name not in columns:
            yield Problem(f"raw.types.{name}", "is not among raw.columns", near(name, columns))
        if kind not in RAW_TYPES and decimal_digits(kind) is None:
            yield Problem(f"raw.types.{name}", f"is {kind!r}", f"use one of {', '.join(RAW_TYPES)}, decimal(18,2)")


def _alias_problems(sound: Mapping[str, Any], columns: tuple[str, ...]) -> Iterator[Problem]:
    aliases = sound.get("raw", {}).get("aliases", {})
    if aliases and sound.get("format") == POSTGRESQL:
        yield Problem("raw.aliases", "is for files", "write `old AS new` in the query of [database]")
    taken = list(columns)
    for name, others in aliases.items():
        if name not in columns:
            yield Problem(f"raw.aliases.{name}", "is not among raw.columns", near(name, columns))
        for other in others:
            if other in taken:
                then = "give each column other names than those of raw.columns, each once"
                yield Problem(f"raw.aliases.{name}", f"has {other!r}, which is another column's name", then)
            taken.append(other)


def _translate_problems(sound: Mapping[str, Any], columns: tuple[str, ...], lookups: list[str]) -> Iterator[Problem]:
    if sound.get("translate") == {}:
        yield Problem("translate", "is empty", "remove it, or write [translate.COLUMN] with from and values")
    for name, table in sound.get("translate", {}).items():
        source = table["from"]
        if columns and source not in columns and not (source.partition(".")[0] in lookups and "." in source):
            yield Problem(f"translate.{name}.from", f"{source!r} is not among raw.columns", near(source, columns))
        if name in sound.get("columns", {}):
            yield Problem(f"translate.{name}", "is under [columns] too", "keep one of them")


def _same_key_problems(
    raw: Mapping[str, Any], sound: Mapping[str, Any], columns: tuple[str, ...], lookups: list[str]
) -> Iterator[Problem]:
    given = [name for name in ("group_by", "newest_by") if name in raw] + ["same_key"] * (sound.get("same_key") == "versions")
    for name in given[1:]:
        yield Problem(name, f"is given, and so is {given[0]}", "keep one of them: the sum, the newest, or all as versions")
    name = sound.get("newest_by", "").strip().strip("`")
    mapped = {name for place in ("columns", "translate") if isinstance(raw.get(place), dict) for name in raw[place]}
    if re.fullmatch(r"\w+", name) and columns and name not in {*columns, *mapped, *lookups}:
        yield Problem("newest_by", f"{name!r} is no raw column and no mapped column", near(name, {*columns, *mapped}))


def _contract_problems(raw: Mapping[str, Any], sound: Mapping[str, Any], contract: Contract) -> Iterator[Problem]:
    names = [str(column) for column in contract.columns]
    given = {place: raw[place] if isinstance(raw.get(place), dict) else {} for place in ("columns", "translate")}
    mapped = {**given["columns"], **given["translate"]}
    for place, table in given.items():
        for name in table:
            if name not in names:
                yield Problem(f"{place}.{name}", f"the contract {contract.name} has no such column", near(name, names))
    for name in sound.get("optional", ()):
        if name not in mapped:
            yield Problem("optional", f"{name!r} has no expression", near(name, mapped))
    numbers = [str(column) for column in contract.columns if column.type.is_number and column not in contract.key]
    for name in sound.get("group_by", {}).get("sums", ()):
        if name not in names:
            yield Problem("group_by.sums", f"the contract {contract.name} has no column {name!r}", near(name, numbers))
        elif name not in numbers:
            then = f"list only {', '.join(numbers)}" if numbers else "remove [group_by]"
            yield Problem("group_by.sums", f"{name!r} is part of the key, or no number", then)
        elif name not in mapped:
            yield Problem("group_by.sums", f"{name!r} has no expression", near(name, mapped))
    for column in contract.required:
        if column not in mapped:
            yield Problem(f"columns.{column}", f"the contract {contract.name} requires it", "give an expression for it")
    for name, table in sound.get("translate", {}).items():
        allowed = contract.values.get(name, ())
        for key, value in table["values"].items() if allowed else ():
            if value not in allowed:
                yield Problem(f"translate.{name}.values.{key}", f"{value!r} is no value of {name}", near(str(value), allowed))
    rules = [rule.id for rule in contract.batch_rules]
    for rule in sound.get("limits", {}):
        if rule not in rules:
            yield Problem(f"limits.{rule}", f"the contract {contract.name} has no such batch rule", near(rule, rules))
