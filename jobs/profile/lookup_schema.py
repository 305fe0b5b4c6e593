"""The settings that bring values of other records to a record: lookups in a second file, and the record's number among its like."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic.dataclasses import dataclass

from jobs.formats.raw_records import RAW_TYPES, decimal_digits
from jobs.formats.registry import FILE_FORMATS
from jobs.profile.validation import SETTINGS, Problem, Text, holds, near, one_of

COUNT, FIRST, LAST, MAX, MIN, SUM = "count", "first", "last", "max", "min", "sum"
ORDERED = (FIRST, LAST)
"""The functions whose result depends on the order of the records."""
SUM_TYPE = "decimal(38,6)"
"""The type in which values are added up when a mapping declares none: exact, so that no order of the records matters."""


def _is_encoding(value: str) -> bool:
    try:
        return codecs.lookup(value)._is_text_encoding and bool("\n".encode(value))
    except (LookupError, UnicodeError, ValueError):
        return False


def _is_delimiter(value: str) -> bool:
    return len(value) == 1 and value.isascii() and value not in '"\r\n\0'


Delimiter = Annotated[str, holds(_is_delimiter, "give one ASCII character that is no quote")]
Encoding = Annotated[str, holds(_is_encoding, "name a text encoding, such as utf-8 or gb18030")]
Name = Annotated[str, holds(str.isidentifier, "write a name of letters, digits and underscores")]
Names = Annotated[tuple[Text, ...], holds(bool, "list the names of the columns")]


@dataclass(frozen=True, config=SETTINGS)
class Aggregate:
    """A value computed from a lookup's records of one key.

    Attributes:
        function: what is computed.
        of: the column; empty for a count of records.
        only: column -> texts; only records with one of the texts in each of the columns are used.
        order_by: the columns that order the records for ``first`` and ``last``; equal ones are in the order of the file.
        type: the type that values are read as; the file's, or for a sum :data:`SUM_TYPE`, when empty.
    """

    function: Annotated[str, one_of(COUNT, FIRST, LAST, MAX, MIN, SUM)]
    of: str = ""
    only: dict[str, tuple[str, ...]] = field(default_factory=dict)
    order_by: tuple[Text, ...] = ()
    type: str = ""

    @property
    def declared(self) -> str:
        """The type that values are read as; empty for the file's own."""
        return self.type or (SUM_TYPE if self.function == SUM else "")

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns of the lookup's file that it names."""
        return tuple(filter(None, (self.of, *self.only, *self.order_by)))


@dataclass(frozen=True, config=SETTINGS)
class Lookup:
    """A second file, joined by raw columns of equal name; its columns, or its aggregates, become ``<name>.<column>``."""

    name: Name
    files: Text
    format: Annotated[str, one_of(*sorted(FILE_FORMATS))]
    key: Annotated[Names, BeforeValidator(lambda key: (key,) if isinstance(key, str) else key)]
    encoding: Encoding = "utf-8"
    delimiter: Delimiter = ","
    columns: tuple[str, ...] = ()
    aggregate: dict[Name, Aggregate] = field(default_factory=dict)


@dataclass(frozen=True, config=SETTINGS)
class RowNumber:
    """A further raw column, ``name``: the record's number, from 1, among those of its delivery that are equal ``within`` columns.

    They are ordered by ``order_by``, as text in files of text, NULL last; equal ones are in the order of the files.
    """

    name: Name
    within: Names
    order_by: tuple[Text, ...] = ()


def path_problems(pattern: str, setting: str) -> Iterator[Problem]:
    """The problem with a pattern of paths that may lead out of the sources folder."""
    path = PurePosixPath(pattern)
    if path.is_absolute() or ".." in path.parts or "\\" in pattern or "\0" in pattern:
        yield Problem(setting, f"{pattern!r} may leave the sources folder", "give a path below it, with / and without ..")


def lookup_problems(sound: Mapping[str, Any], columns: tuple[str, ...]) -> Iterator[Problem]:
    """The problems with a mapping's lookups and row number; ``columns`` are its raw columns."""
    names: set[str] = set()
    for place, lookup in enumerate(sound.get("lookups", ()), start=1):
        at, name, key = f"lookups[{place}].", lookup["name"], lookup["key"]
        yield from path_problems(lookup["files"], f"{at}files")
        if FILE_FORMATS[lookup["format"]].keys and not lookup.get("columns"):
            yield Problem(f"{at}columns", f"is missing where format is {lookup['format']}", "list the keys that are read")
        if name in names or name in columns:
            yield Problem(f"{at}name", f"{name!r} is the name of another lookup or raw column", "choose another")
        for part in (key,) if isinstance(key, str) else key:
            if columns and part not in columns:
                yield Problem(f"{at}key", f"{part!r} is not among raw.columns", near(part, columns))
        for result, settings in lookup.get("aggregate", {}).items():
            yield from _aggregate_problems(f"{at}aggregate.{result}", settings, lookup.get("columns", ()))
        names.add(name)
    if "row_number" in sound:
        yield from _row_number_problems(sound["row_number"], columns, names)


def _aggregate_problems(at: str, settings: Mapping[str, Any], listed: tuple[str, ...]) -> Iterator[Problem]:
    function, kind = settings["function"], settings.get("type", "")
    if function != COUNT and not settings.get("of"):
        yield Problem(f"{at}.of", f"is missing for {function!r}", "name the column of the file")
    if settings.get("order_by") and function not in ORDERED:
        yield Problem(f"{at}.order_by", f"has no meaning for {function!r}", f"remove it, or use one of {', '.join(ORDERED)}")
    if kind and kind not in RAW_TYPES and decimal_digits(kind) is None:
        yield Problem(f"{at}.type", f"is {kind!r}", f"use one of {', '.join(RAW_TYPES)}, decimal(18,2)")
    elif function == SUM and kind in ("string", "boolean", "date", "timestamp"):
        yield Problem(f"{at}.type", f"{kind!r} cannot be added up", "use int, bigint, double or decimal(18,2)")
    for name in (settings.get("of"), *settings.get("only", {}), *settings.get("order_by", ())):
        if name and listed and name not in listed:
            yield Problem(at, f"{name!r} is not among the lookup's columns", near(name, listed))


def _row_number_problems(settings: Mapping[str, Any], columns: tuple[str, ...], lookups: set[str]) -> Iterator[Problem]:
    if settings["name"] in columns or settings["name"] in lookups:
        yield Problem("row_number.name", f"{settings['name']!r} is the name of a lookup or raw column", "choose another")
    for place in ("within", "order_by"):
        for name in settings.get(place, ()):
            if columns and name not in columns:
                yield Problem(f"row_number.{place}", f"{name!r} is not among raw.columns", near(name, columns))
