"""Look at a raw file: its format, encoding, delimiter and columns."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from jobs.formats.raw_records import RAW, ROW, FileProblem, RawFile
from jobs.formats.registry import FILE_FORMATS, Format, format_of, kind_without_format, read_file
from jobs.formats.text_lines import SAMPLE_BYTES
from jobs.foundation.errors import ConfigError
from jobs.onboarding.column_values import ColumnLook, look_at

SAMPLE_ROWS = 50_000
_MOST_LINES = 2_000
_BINARY = (b"PAR1", codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""First bytes of files that have no lines of bytes."""
NULLS = ("", "NULL", "null", "N/A", "无", "-", "—")


@dataclass(frozen=True)
class FileLook:
    """What a file is, judged by its first records; ``settings`` are those of a mapping that fit it, such as its encoding."""

    path: Path
    format: Format
    settings: dict[str, str]
    columns: tuple[ColumnLook, ...]
    nulls: tuple[str, ...]
    rows: int
    rejected: int
    sample: pa.Table
    is_ascii: bool = False

    def differences(self, other: FileLook) -> list[str]:
        """What another file of the same source has that a mapping made from this one does not fit."""
        own, names = ({column.name for column in look.columns} for look in (self, other))
        found = [f"it is {other.format.name}, not {self.format.name}"] if other.format is not self.format else []
        settings = {name: value for name, value in other.settings.items() if not (name == "encoding" and other.is_ascii)}
        found += [f"its {name} is {value!r}" for name, value in settings.items() if self.settings.get(name) != value]
        for what, columns in (("lacks", own - names), ("also has", names - own)):
            found += [f"it {what} {', '.join(sorted(columns))}"] if columns else []
        return found


def sniff(path: Path) -> FileLook:
    """Look at the beginning of a file, and for its encoding at every line that is not ASCII.

    Raises:
        ConfigError: when it is no file that a source can have.
    """
    head = _head(path)
    form = format_of(head)
    if form is None:
        next_step = f"export it as {', '.join(FILE_FORMATS)}"
        raise ConfigError(what=f"the file is {kind_without_format(head)}", where=str(path), next_step=next_step)
    settings: dict[str, Any] = form.settings(head)
    columns = form.keys(head, settings["encoding"]) if form.keys else None
    tables: list[pa.Table] = []
    rows = rejected = 0
    try:
        for chunk in read_file(form.name, RawFile(path, columns=columns, nulls=(), **settings)):
            tables.append(chunk.rows.slice(0, SAMPLE_ROWS - rows))
            rows += tables[-1].num_rows
            rejected += len(chunk.rejected)
            if any(record.row == 0 for record in chunk.rejected):
                raise ConfigError(what=chunk.rejected[0].reason, where=str(path), next_step="give a file that can be read")
            if rows >= SAMPLE_ROWS:
                break
    except FileProblem as problem:
        raise ConfigError(what=problem.reason, where=str(path), next_step="give each column a name of its own") from problem
    sample = pa.concat_tables([table for table in tables if table.num_rows] or tables[-1:])
    looks = tuple(_look(name, sample.column(name)) for name in sample.column_names if name not in (ROW, RAW))
    return FileLook(path, form, settings, looks, _nulls_in(sample), rows, rejected, sample.drop_columns([ROW, RAW]), head.isascii())


def _head(path: Path) -> bytes:
    """The file's beginning; of a longer text, also the later lines that show its encoding."""
    try:
        with path.open("rb") as file:
            head = file.read(SAMPLE_BYTES)
            if len(head) == SAMPLE_BYTES and not head.startswith(_BINARY):
                head = head[: head.rfind(b"\n") + 1] or head
                file.seek(len(head))
                head += b"".join(islice((line for line in file if not line.isascii()), _MOST_LINES))
    except OSError as error:
        raise ConfigError(
            what=f"the file cannot be read: {error.strerror}", where=str(path), next_step="give a file that exists"
        ) from error
    if not head:
        raise ConfigError(what="the file is empty", where=str(path), next_step="give a file with records")
    return head


def _nulls_in(sample: pa.Table) -> tuple[str, ...]:
    found = {"": None}
    for name in sample.column_names:
        column = sample.column(name)
        if name not in (ROW, RAW) and pa.types.is_string(column.type):
            values = {str(value).strip() for value in column.unique().to_pylist() if value is not None}
            # A word for nothing may be a real value of a column with few values.
            found |= dict.fromkeys(null for null in NULLS if null in values and len(values) > 3)
    return tuple(null for null in NULLS if null in found)


def _look(name: str, column: pa.ChunkedArray) -> ColumnLook:
    """The look of a column; numbers and dates are judged as text, so that a licence number or 20160513 is seen in each type."""
    has_gaps = column.null_count > 0
    if pa.types.is_string(column.type):
        values = [text for value in column.to_pylist() if value is not None and (text := value.strip()) and text not in NULLS]
        has_gaps = has_gaps or len(values) < len(column)
        return look_at(name, values, has_gaps=has_gaps)
    values = [_plain(value) for value in column.drop_null().to_pylist()]
    look = look_at(name, values, _spark_type(column.type), has_gaps=has_gaps)
    native = _native_kind(column.type)
    return replace(look, kind=native, pattern="") if native in ("date", "timestamp", "boolean") and values else look


def _plain(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _native_kind(kind: pa.DataType) -> str:
    tests = {
        "date": pa.types.is_date,
        "timestamp": pa.types.is_timestamp,
        "boolean": pa.types.is_boolean,
        "whole": pa.types.is_integer,
        "number": lambda one: pa.types.is_floating(one) or pa.types.is_decimal(one),
    }
    return next((name for name, test in tests.items() if test(kind)), "text")


def _spark_type(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    names = {"date": "date", "timestamp": "timestamp", "boolean": "boolean", "whole": "bigint", "number": "double"}
    return names.get(_native_kind(kind), "")
