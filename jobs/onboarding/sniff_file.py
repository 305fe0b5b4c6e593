"""Look at a raw file: its format, encoding, delimiter and columns, and the kind of values in each column."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.formats.raw_records import RAW, ROW, FileProblem, RawFile
from jobs.formats.registry import Format, format_of, kind_without_format, read_file
from jobs.formats.text_lines import SAMPLE_BYTES
from jobs.foundation.errors import ConfigError

SAMPLE_ROWS = 5_000
MOST_CATEGORIES = 20
NULLS = ("", "NULL", "null", "N/A", "无", "-", "—")

DATE_FORMATS = (
    ("yyyy-MM-dd", "%Y-%m-%d", r"\d{4}-\d{2}-\d{2}"),
    ("yyyy/MM/dd", "%Y/%m/%d", r"\d{4}/\d{2}/\d{2}"),
    ("yyyy/M/d", "%Y/%m/%d", r"\d{4}/\d{1,2}/\d{1,2}"),
    ("yyyy-M-d", "%Y-%m-%d", r"\d{4}-\d{1,2}-\d{1,2}"),
    ("yyyyMMdd", "%Y%m%d", r"(?:19|20)\d{6}"),
    ("yyyy年M月d日", "%Y年%m月%d日", r"\d{4}年\d{1,2}月\d{1,2}日"),
    ("yyyy.MM.dd", "%Y.%m.%d", r"\d{4}\.\d{2}\.\d{2}"),
    ("MM/dd/yyyy", "%m/%d/%Y", r"\d{2}/\d{2}/\d{4}"),
    ("dd/MM/yyyy", "%d/%m/%Y", r"\d{2}/\d{2}/\d{4}"),
    ("yyyy-MM-dd HH:mm:ss", "%Y-%m-%d %H:%M:%S", r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}"),
    ("yyyy-MM-dd'T'HH:mm:ss", "%Y-%m-%dT%H:%M:%S", r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}"),
    ("yyyy/MM/dd HH:mm:ss", "%Y/%m/%d %H:%M:%S", r"\d{4}/\d{2}/\d{2} \d{2}:\d{2}:\d{2}"),
    ("yyyy-MM-dd HH:mm", "%Y-%m-%d %H:%M", r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}"),
)
"""Spark's pattern, Python's pattern, and a regular expression; the first that fits counts."""
BOOLEANS = (("是", "否"), ("Y", "N"), ("1", "0"), ("true", "false"), ("TRUE", "FALSE"), ("有", "无"))
_USCC = re.compile(r"[0-9A-HJ-NP-RTUWXY]{18}")
_WHOLE = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
# Nearly all values must agree; quarantine exists for a few bad ones.
_MOST = 0.95


@dataclass(frozen=True)
class ColumnLook:
    """The kind of a column's values.

    Attributes:
        name: the raw column.
        kind: ``uscc``, ``date``, ``timestamp``, ``boolean``, ``whole``, ``number``, ``category``, ``text`` or ``empty``.
        pattern: Spark's pattern of a date or timestamp; the word for true of a boolean.
        values: the values of a category, most frequent first.
        parquet_type: its type in a Parquet file, else empty.
    """

    name: str
    kind: str
    pattern: str = ""
    values: tuple[str, ...] = ()
    parquet_type: str = ""


@dataclass(frozen=True)
class FileLook:
    """What a file is, judged by its beginning; ``settings`` are those of a mapping that fit it, such as its encoding."""

    path: Path
    format: Format
    settings: dict[str, str]
    columns: tuple[ColumnLook, ...]
    nulls: tuple[str, ...]
    rows: int
    rejected: int


def sniff(path: Path) -> FileLook:
    """Look at the beginning of a file.

    Raises:
        ConfigError: when it is no file that a source can have.
    """
    head = _head(path)
    form = format_of(head)
    if form is None:
        next_step = "export it as CSV, JSON Lines or Parquet"
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
    return FileLook(path, form, settings, looks, _nulls_in(sample), rows, rejected)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(SAMPLE_BYTES)
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
    if not pa.types.is_string(column.type):
        is_whole = pa.types.is_floating(column.type) and pc.all(pc.equal(column, pc.floor(column))).as_py()
        return ColumnLook(name, "whole" if is_whole else _native_kind(column.type), parquet_type=_spark_type(column.type))
    values = [text for value in column.to_pylist() if value is not None and (text := value.strip()) and text not in NULLS]
    return look_at(name, values)


def look_at(name: str, values: list[str]) -> ColumnLook:
    """The kind of a text column's values, without nulls."""
    if not values:
        return ColumnLook(name, "empty")
    if _share(values, _USCC) >= _MOST:
        return ColumnLook(name, "uscc")
    for pattern, python_pattern, shape in DATE_FORMATS:
        if _share(values, re.compile(shape)) >= _MOST and _parse(values, shape, python_pattern) >= _MOST:
            return ColumnLook(name, "timestamp" if "H" in pattern else "date", pattern)
    counts = Counter(values)
    for yes, no in BOOLEANS:
        if set(counts) <= {yes, no}:
            return ColumnLook(name, "boolean", yes, (yes, no))
    if _share(values, _WHOLE) >= _MOST:
        return ColumnLook(name, "whole")
    if _share(values, _NUMBER) >= _MOST:
        return ColumnLook(name, "number")
    if len(counts) <= MOST_CATEGORIES and len(counts) <= max(3, len(values) // 2):
        return ColumnLook(name, "category", values=tuple(sorted(counts, key=lambda value: (-counts[value], value))))
    return ColumnLook(name, "text")


def _share(values: list[str], shape: re.Pattern[str]) -> float:
    return sum(shape.fullmatch(value) is not None for value in values) / len(values)


def _parse(values: Iterable[str], shape: str, pattern: str) -> float:
    tried = list(islice((value for value in values if re.fullmatch(shape, value)), 500))
    return sum(_is_date(value, pattern) for value in tried) / max(len(tried), 1)


def _is_date(value: str, pattern: str) -> bool:
    try:
        datetime.strptime(value, pattern)
    except ValueError:
        return False
    return True


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
