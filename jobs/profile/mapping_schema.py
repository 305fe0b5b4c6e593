"""The part of a mapping that says where a source's records are in a database: ``[database]``, with ``format = "postgresql"``.

The shape of a mapping's TOML: every setting, what it may be, and all that is wrong with one, told at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from expectations.contracts.contract import Contract
from jobs.profile.validation import (
    LONGEST_PERIOD,
    Problem,
    Setting,
    is_day,
    is_delimiter,
    is_encoding,
    is_number,
    is_period,
    is_table,
    is_text,
    is_texts,
    is_whole,
    near,
    one_of,
    setting_problems,
)

POSTGRESQL = "postgresql"


@dataclass(frozen=True)
class Database:
    """Records of a table, or of a query, in a PostgreSQL database.

    Attributes:
        url_variable: the environment variable that holds the address, ``postgresql://user:password@host:port/database``.
        table: a table or view, its schema before it where it has one; empty when there is a ``query``.
        query: SQL that gives the records; empty when there is a ``table``.
        delivered_on: the column with the day on which a record was delivered.
        row_key: the column that numbers the records of a day: a whole number, no two alike.
        look_back_days: how many days before the day, and the newest one taken in, are asked for changes; None for all.
    """

    url_variable: str
    table: str
    query: str
    delivered_on: str
    row_key: str
    look_back_days: int | None

    @property
    def name(self) -> str:
        """What stands where a file's name would: the table, or that it is a query."""
        return self.table or "query"

    @property
    def records(self) -> str:
        """The records as what follows FROM in SQL."""
        return f"({self.query}\n) AS records" if self.query else ".".join(map(quoted, self.table.split("."))) + " AS records"


def quoted(name: str) -> str:
    """A name as PostgreSQL's SQL, so that it is taken for a name and nothing else."""
    return '"' + name.replace('"', '""') + '"'


def _is_variable(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value) is not None


DATABASE_SETTINGS: Mapping[str, Setting] = {
    "url_variable": Setting("the name of an environment variable that holds the address", _is_variable, is_required=True),
    "table": Setting("a table's name, such as registry.shops", is_text),
    "query": Setting("a SQL query", is_text),
    "delivered_on": Setting("the name of a column of dates", is_text, is_required=True),
    "row_key": Setting("the name of a column of whole numbers", is_text, is_required=True),
    "look_back_days": Setting("a whole number of days, 1 or more", is_whole),
}


def database_problems(sound: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with where the records are said to be, in settings that are of the right types."""
    is_database = sound.get("format") == POSTGRESQL
    given = sound.get("database")
    if not is_database:
        if given is not None:
            yield Problem("database", f"is for format = {POSTGRESQL!r}", "remove it, or change the format")
        return
    for name in ("files", "delivered_on", "encoding", "delimiter"):
        if name in sound:
            yield Problem(name, "is for files; the records are in a database", "remove it; [database] says where they are")
    if given is None:
        yield Problem("database", f"is missing where format is {POSTGRESQL!r}", "add the table; see docs/reference/mapping.md")
        return
    address = given.get("url_variable")
    if isinstance(address, str) and "://" in address:
        # Its value is not repeated: it may hold a password.
        then = "name the environment variable that holds it, so that no secret is in the file"
        yield Problem("database.url_variable", "is an address", then)
        given = {name: value for name, value in given.items() if name != "url_variable"} | {"url_variable": "ADDRESS"}
    yield from setting_problems(given, DATABASE_SETTINGS, "database.")
    if ("table" in given) == ("query" in given):
        yield Problem("database.table", "and query: one of the two must be given", "name a table, or write a query")


def database_of(settings: Mapping[str, Any] | None) -> Database | None:
    """The database of settings whose shape was checked."""
    if settings is None:
        return None
    return Database(
        url_variable=settings["url_variable"],
        table=settings.get("table", ""),
        query=settings.get("query", "").strip().rstrip(";"),
        delivered_on=settings["delivered_on"],
        row_key=settings["row_key"],
        look_back_days=settings.get("look_back_days"),
    )


PLACEHOLDER = "{delivered_on}"
FILE_FORMATS = ("csv", "jsonl", "parquet")
"""The names of the formats in :mod:`jobs.sources.formats`, which is above this package; a test compares both."""
TYPED_FORMATS = ("parquet",)
"""Formats whose columns have types; elsewhere every value is text."""
KEYED_FORMATS = ("jsonl",)
"""Formats whose columns a lookup must list, since a file has no header."""
FORMATS = (*FILE_FORMATS, POSTGRESQL)
RAW_TYPES = ("string", "int", "bigint", "double", "boolean", "date", "timestamp")
_DECIMAL = re.compile(r"decimal\(([1-9]|[12]\d|3[0-8]),(\d+)\)")


SETTINGS: Mapping[str, Setting] = {
    "contract": Setting("the name of a contract", is_text, is_required=True),
    "owner": Setting("text", is_text, is_required=True),
    "format": Setting(f"one of {', '.join(FORMATS)}", one_of(*FORMATS), is_required=True),
    "encoding": Setting("the name of a text encoding, such as utf-8 or gb18030", is_encoding, "utf-8"),
    "delimiter": Setting("one ASCII character that is no quote", is_delimiter, ","),
    "files": Setting("a path pattern under the sources folder", is_text, ""),
    "database": Setting("a table", is_table),
    "delivered_on": Setting("a date without quotes, such as 1970-01-01", is_day),
    "delivery": Setting("increment or snapshot", one_of("increment", "snapshot"), is_required=True),
    "absence": Setting("nothing or removed", one_of("nothing", "removed"), "nothing"),
    "every_days": Setting(f"a whole number of days, 1 to {LONGEST_PERIOD}", is_period, 1),
    "nulls": Setting("a list of texts", is_texts, [""]),
    "known_at": Setting("a SQL expression", is_text),
    "keep": Setting("a SQL expression", is_text),
    "raw": Setting("a table", is_table, is_required=True),
    "columns": Setting("a table", is_table, {}),
    "translate": Setting("a table", is_table, {}),
    "lookups": Setting("a list of tables ([[lookups]])", lambda value: isinstance(value, list) and all(map(is_table, value)), []),
    "optional": Setting("a list of contract columns", is_texts, []),
    "limits": Setting("a table", is_table, {}),
}
RAW_SETTINGS: Mapping[str, Setting] = {
    "columns": Setting("a list of column names", lambda value: is_texts(value) and bool(value), is_required=True),
    "types": Setting("a table", is_table),
}
TRANSLATE_SETTINGS: Mapping[str, Setting] = {
    "from": Setting("the name of a raw column", is_text, is_required=True),
    "values": Setting("a table", is_table, is_required=True),
}
LOOKUP_SETTINGS: Mapping[str, Setting] = {
    "name": Setting("text", lambda value: isinstance(value, str) and value.isidentifier(), is_required=True),
    "files": Setting("a path under the sources folder", is_text, is_required=True),
    "format": Setting(f"one of {', '.join(FILE_FORMATS)}", one_of(*FILE_FORMATS), is_required=True),
    "key": Setting("the name of a raw column", is_text, is_required=True),
    "encoding": SETTINGS["encoding"],
    "delimiter": SETTINGS["delimiter"],
    "columns": Setting("a list of column names", is_texts),
}


def with_defaults(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with those left out at their defaults."""
    return {name: raw.get(name, setting.default) for name, setting in SETTINGS.items()}


def name_problems(stem: str) -> Iterator[Problem]:
    """Whether a mapping's file gives the source a name that can stand in paths and table names."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", stem):
        then = "rename it to small letters, digits and underscores, such as tax_filing.toml"
        yield Problem("the file's name", f"{stem!r} cannot be a source's name", then)


def shape_problems(raw: Mapping[str, Any], contracts: Mapping[str, Contract]) -> list[Problem]:
    """All that is wrong with a mapping's settings, without running its SQL."""
    found = list(setting_problems(raw, SETTINGS))
    wrong = {problem.setting for problem in found}
    sound = {name: value for name, value in raw.items() if name not in wrong}
    contract = contracts.get(sound.get("contract", ""))
    if "contract" in sound and contract is None:
        found.append(Problem("contract", f"{sound['contract']!r} is no contract", near(sound["contract"], contracts)))
    found += _delivery_problems(sound)
    columns = _raw_columns(sound, found)
    lookups = _lookup_names(sound, columns, found)
    found += _translate_problems(sound, columns, lookups)
    found += _expression_problems(sound)
    if contract is not None:
        found += _contract_problems(sound, contract)
    return found


def _delivery_problems(sound: Mapping[str, Any]) -> Iterator[Problem]:
    yield from database_problems(sound)
    if sound.get("absence") == "removed" and sound.get("delivery") == "increment":
        yield Problem("absence", "'removed' has no meaning for increments", "set delivery to snapshot, or absence to nothing")
    if sound.get("format") in FILE_FORMATS:
        yield from _file_problems(sound)


def _file_problems(sound: Mapping[str, Any]) -> Iterator[Problem]:
    pattern = sound.get("files", "")
    if "files" not in sound:
        yield Problem("files", "is missing", "give a path pattern under the sources folder")
    yield from _path_problems(pattern, "files")
    is_dated, is_fixed = PLACEHOLDER in pattern, "delivered_on" in sound
    if pattern and not is_dated and not is_fixed:
        yield Problem("files", f"{pattern!r} says no delivery date", f"put {PLACEHOLDER} in the path, or set delivered_on")
    if is_dated and is_fixed:
        yield Problem("delivered_on", f"is given, and so is {PLACEHOLDER} in files", "keep one of them")
    if is_fixed and not is_dated and "known_at" not in sound:
        yield Problem("known_at", "is missing where delivered_on is fixed", "give SQL for the instant each record became known")
    if pattern.count(PLACEHOLDER) > 1:
        yield Problem("files", f"{PLACEHOLDER} stands in it more than once", "keep one")


def _path_problems(pattern: str, setting: str) -> Iterator[Problem]:
    path = PurePosixPath(pattern)
    if path.is_absolute() or ".." in path.parts or "\\" in pattern or "\0" in pattern:
        yield Problem(setting, f"{pattern!r} may leave the sources folder", "give a path below it, with / and without ..")


def _raw_columns(sound: Mapping[str, Any], found: list[Problem]) -> tuple[str, ...]:
    raw = sound.get("raw", {})
    before = len(found)
    found += setting_problems(raw, RAW_SETTINGS, "raw.")
    if len(found) > before or "raw" not in sound:
        return ()
    columns = tuple(raw["columns"])
    for name in sorted({name for name in columns if columns.count(name) > 1}):
        found.append(Problem("raw.columns", f"{name!r} is listed twice", "list it once"))
    types = raw.get("types", {})
    if types and sound.get("format") in FORMATS and sound["format"] not in TYPED_FORMATS:
        found.append(Problem("raw.types", "is for Parquet; elsewhere every column is read as text", "remove it"))
    for name, kind in types.items():
        if name not in columns:
            found.append(Problem(f"raw.types.{name}", "is not among raw.columns", near(name, columns)))
        if kind not in RAW_TYPES and decimal_digits(kind) is None:
            found.append(Problem(f"raw.types.{name}", f"is {kind!r}", f"use one of {', '.join(RAW_TYPES)}, decimal(18,2)"))
    return columns


def decimal_digits(kind: object) -> tuple[int, int] | None:
    """The digits, and those of them behind the point, of a type such as ``decimal(18,2)``; None for any other."""
    found = _DECIMAL.fullmatch(kind) if isinstance(kind, str) else None
    if found is None or int(found[2]) > int(found[1]):
        return None
    return int(found[1]), int(found[2])


def _lookup_names(sound: Mapping[str, Any], columns: tuple[str, ...], found: list[Problem]) -> tuple[str, ...]:
    names: list[str] = []
    for place, lookup in enumerate(sound.get("lookups", []), start=1):
        at = f"lookups[{place}]."
        found += setting_problems(lookup, LOOKUP_SETTINGS, at)
        if isinstance(lookup.get("files"), str):
            found += _path_problems(lookup["files"], f"{at}files")
        if lookup.get("format") in KEYED_FORMATS and "columns" not in lookup:
            found.append(Problem(f"{at}columns", f"is missing where format is {lookup['format']}", "list the keys that are read"))
        name, key = str(lookup.get("name", "")), lookup.get("key")
        if name in names or name in columns:
            found.append(Problem(f"{at}name", f"{name!r} is the name of another lookup or raw column", "choose another"))
        if columns and isinstance(key, str) and key not in columns:
            found.append(Problem(f"{at}key", f"{key!r} is not among raw.columns", near(key, columns)))
        names.append(name)
    return tuple(names)


def _translate_problems(sound: Mapping[str, Any], columns: tuple[str, ...], lookups: tuple[str, ...]) -> Iterator[Problem]:
    for name, table in sound.get("translate", {}).items():
        at = f"translate.{name}"
        if not isinstance(table, dict):
            yield Problem(at, f"is {table!r}", "it must be a table with from and values")
            continue
        yield from setting_problems(table, TRANSLATE_SETTINGS, f"{at}.")
        source = table.get("from")
        is_lookup = isinstance(source, str) and source.partition(".")[0] in lookups and "." in source
        if columns and isinstance(source, str) and source not in columns and not is_lookup:
            yield Problem(f"{at}.from", f"{source!r} is not among raw.columns", near(source, columns))
        values = table.get("values")
        for key, value in values.items() if isinstance(values, dict) else ():
            if not isinstance(value, str | int | float | bool):
                yield Problem(f"{at}.values.{key}", f"is {value!r}", "it must be text, a number, true or false")
        if name in sound.get("columns", {}):
            yield Problem(at, "is under [columns] too", "keep one of them")


def _expression_problems(sound: Mapping[str, Any]) -> Iterator[Problem]:
    for name, sql in sound.get("columns", {}).items():
        if not is_text(sql):
            yield Problem(f"columns.{name}", f"is {sql!r}", "it must be a SQL expression in quotes")


def _contract_problems(sound: Mapping[str, Any], contract: Contract) -> Iterator[Problem]:
    names = [str(column) for column in contract.columns]
    mapped = {**sound.get("columns", {}), **sound.get("translate", {})}
    for place in ("columns", "translate"):
        for name in sound.get(place, {}):
            if name not in names:
                yield Problem(f"{place}.{name}", f"the contract {contract.name} has no such column", near(name, names))
    for name in sound.get("optional", []):
        if name not in mapped:
            yield Problem("optional", f"{name!r} has no expression", near(name, mapped))
    for column in contract.required:
        if column not in mapped:
            yield Problem(f"columns.{column}", f"the contract {contract.name} requires it", "give an expression for it")
    for name, table in sound.get("translate", {}).items():
        allowed = contract.values.get(name, ())
        values = table.get("values") if isinstance(table, dict) else None
        for key, value in values.items() if allowed and isinstance(values, dict) else ():
            if value not in allowed:
                yield Problem(f"translate.{name}.values.{key}", f"{value!r} is no value of {name}", near(str(value), allowed))
    rules = [rule.id for rule in contract.batch_rules]
    for rule, limit in sound.get("limits", {}).items():
        if rule not in rules:
            yield Problem(f"limits.{rule}", f"the contract {contract.name} has no such batch rule", near(rule, rules))
        elif not is_number(limit):
            yield Problem(f"limits.{rule}", f"is {limit!r}", "it must be a number")
