"""A raw file to read, and the result: chunks of rows, rejected records, and what is wrong with the file as a whole."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from jobs.foundation.paths import printable

ROW = "__row"
"""The record's line (text files; the header is line 1) or row (Parquet; from 1) in its file."""
RAW = "__raw"
"""The record's raw text; NULL for Parquet, where :func:`jobs.formats.parquet_format.record_text` renders it on demand."""
LONGEST_RAW = 2_000
"""Characters of raw text that a rejected record keeps."""
BLOCK_BYTES = 4 << 20
"""Bytes of a text file that are read at once."""


@dataclass(frozen=True)
class RawFile:
    """A file and how to read it. Each format uses the settings that concern it.

    Attributes:
        columns: the columns that are expected and kept; all columns of the file when None.
        aliases: other names of an expected column, for files that lack it; the first one in the file counts.
        types: the Spark type of each column that has a declared one.
        nulls: texts that mean NULL.
        name: what messages call it; its own name when empty.
        most_rows, most_bytes: its source stops when the file has more records or bytes, as it is or decoded; None for no limit.
    """

    path: Path
    encoding: str = "utf-8"
    delimiter: str = ","
    columns: tuple[str, ...] | None = None
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    nulls: tuple[str, ...] = ("",)
    block_bytes: int = BLOCK_BYTES
    name: str = ""
    most_rows: int | None = None
    most_bytes: int | None = None

    @property
    def label(self) -> str:
        """What messages call the file."""
        return self.name or printable(Path(self.path.name))

    def with_aliases(self, names: Sequence[str]) -> tuple[str, ...]:
        """The names of its columns; the alias of an expected column that it lacks is replaced by that column's name."""
        found = list(names)
        for column, aliases in self.aliases.items():
            alias = next((alias for alias in aliases if alias in found), None)
            if alias is not None and column not in found:
                found[found.index(alias)] = column
        return tuple(found)

    def check_columns(self, names: Sequence[str]) -> None:
        """Check that it has each of its columns ``names`` once, and lacks none of the expected ones.

        Raises:
            FileProblem: when columns are missing or doubled.
        """
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            what = f"the file {self.label} has these columns more than once: {', '.join(repeated)}"
            raise FileProblem("duplicate_columns", what)
        missing = [name for name in self.columns or () if name not in names]
        if missing:
            raise FileProblem("missing_columns", self.missing_sentence(missing, self.unused(names)))

    def unused(self, names: Iterable[str]) -> list[str]:
        """The columns among ``names`` that are not expected."""
        return [name for name in names if name not in (self.columns or ())]

    def missing_sentence(self, missing: Sequence[str], unused: Sequence[str]) -> str:
        """What it lacks, and the unused column that resembles each missing one, so that a renamed column is recognised."""
        hints = [
            f"; {alike!r} resembles {name!r}: if it was renamed, list it under [raw.aliases]"
            for name, alike in resembling(missing, unused)
        ]
        return f"the file {self.label} lacks the columns: {', '.join(missing)}{''.join(hints)}"

    def warning(self, what: str) -> RawChunk:
        """A chunk without a row that warns of the file."""
        return RawChunk(no_rows(self.columns or ()), warnings=(f"the file {self.label} {what}",))

    def unexpected_columns(self, names: Sequence[str], rows: pa.Table) -> Iterator[RawChunk]:
        """A chunk with the columns that the mapping does not use, if there are any; ``rows`` is a table without a row."""
        unused = [name for name in names if name not in rows.column_names]
        if unused:
            yield RawChunk(rows, unexpected=tuple(unused))

    def unreadable(self, why: str) -> RawChunk:
        """The chunk of a file that cannot be read at all: one rejected record, row 0."""
        reason = f"the file {self.label} could not be read: {why}"
        return RawChunk(no_rows(self.columns or ()), (RejectedRecord(0, "", "file_unreadable", reason),))


@dataclass(frozen=True)
class RejectedRecord:
    """A physical record that cannot be read.

    Attributes:
        row: its line or row in the file; 0 when the whole file is unreadable.
        raw: its raw text, at most :data:`LONGEST_RAW` characters, undecodable bytes as ``\\xNN``.
        rule_id: ``wrong_encoding``, ``wrong_field_count``, ``unbalanced_quote``, ``line_too_long`` (also of a row), ``nul_byte``,
            ``date_out_of_range``, ``not_json``, ``not_a_json_object`` or ``file_unreadable``.
        reason: what is wrong, as a sentence.
    """

    row: int
    raw: str
    rule_id: str
    reason: str


class FileProblem(Exception):
    """A file's columns do not fit the mapping, so its source must stop.

    Attributes:
        rule_id: ``missing_columns``, ``duplicate_columns``, ``wrong_type`` or ``too_large``.
        reason: what is wrong, as a sentence.
    """

    def __init__(self, rule_id: str, reason: str) -> None:
        super().__init__(reason)
        self.rule_id = rule_id
        self.reason = reason


def resembling(missing: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each missing name with the new one that is most like it, if one is; letters' case, spaces and signs do not matter."""
    bare = {re.sub(r"[\W_]", "", name.casefold()): name for name in new}
    for name in missing:
        cutoff = 0.6 if name.isascii() else 0.5  # Chinese names have few characters
        for alike in difflib.get_close_matches(re.sub(r"[\W_]", "", name.casefold()), bare, n=1, cutoff=cutoff):
            yield name, bare.pop(alike)


@dataclass(frozen=True)
class RawChunk:
    """Some consecutive records of a file.

    Attributes:
        rows: the mapping's raw columns (text for text formats, native types for Parquet), with the mapping's null values
            already NULL, then :data:`ROW` (int64) and :data:`RAW` (string); in the order of the file.
        rejected: the records that cannot be read.
        warnings: sentences about the file for a person; they stop nothing.
        unexpected: columns, or keys, of the file that the mapping does not use.
    """

    rows: pa.Table
    rejected: Sequence[RejectedRecord] = ()
    warnings: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()


def no_rows(columns: Iterable[str]) -> pa.Table:
    """A table of text columns without a row."""
    return text_table({name: [] for name in columns}, [], [])


def text_table(values: dict[str, list[str | None]], numbers: list[int], raws: list[str]) -> pa.Table:
    """A table of text columns with the line numbers and raw texts of its records."""
    arrays = {name: pa.array(column, pa.string()) for name, column in values.items()}
    return pa.table(arrays | {ROW: pa.array(numbers, pa.int64()), RAW: pa.array(raws, pa.string())})


def with_nulls(table: pa.Table, nulls: Sequence[str]) -> pa.Table:
    """The table with NULL for text values that, trimmed, are among ``nulls``; ``__raw`` stays as it is."""
    if not nulls:
        return table
    wanted = pa.array(nulls, pa.string())
    for position, name in enumerate(table.column_names):
        column = table.column(position)
        if name == RAW or not pa.types.is_string(column.type):
            continue
        is_null = pc.is_in(pc.utf8_trim_whitespace(column), value_set=wanted)
        if pc.any(is_null).as_py():
            table = table.set_column(position, name, pc.if_else(is_null, pa.scalar(None, pa.string()), column))
    return table


RAW_TYPES = {
    "string": pa.string(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
"""The types that a mapping's ``[raw.types]`` may name, besides decimals."""
_DECIMAL = re.compile(r"decimal\(([1-9]|[12]\d|3[0-8]),(\d+)\)")


def declared_type(kind: str) -> pa.DataType:
    """The Arrow type of a type that a mapping's ``[raw.types]`` names; the mapping must be valid."""
    digits = decimal_digits(kind)
    return pa.decimal128(*digits) if digits else RAW_TYPES[kind]


def decimal_digits(kind: object) -> tuple[int, int] | None:
    """Precision and scale of a type such as ``decimal(18,2)``; None for any other."""
    found = _DECIMAL.fullmatch(kind) if isinstance(kind, str) else None
    if found is None or int(found[2]) > int(found[1]):
        return None
    return int(found[1]), int(found[2])
