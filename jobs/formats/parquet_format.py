"""Parquet: columns keep their types; the rows of a row group that cannot be decoded are rejected one by one.

A row is rejected if it has text that is not UTF-8 or a date outside the years 1 to 9999, or if it is longer than a line of text may
be, as in all formats. A dictionary of a few bytes can stand for gigabytes of text, so batches are as small as its longest value
requires.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from jobs.formats.parquet_footer import ColumnSize, column_sizes
from jobs.formats.raw_records import LONGEST_RAW, RAW, ROW, FileProblem, RawChunk, RawFile, RejectedRecord, declared_type
from jobs.formats.text_lines import LONGEST_LINE, show
from jobs.foundation.errors import first_line

BATCH_ROWS = 65_536
BATCH_BYTES = 64 << 20
"""Bytes that a batch may have when it is decoded, by the longest value in each column's dictionary."""
MOST_GROUP_BYTES = 2 << 30
"""Bytes of a row group's wanted columns without compression. A larger row group is not decoded, since one page may be all of it."""
_FIRST_DAY, _END_DAY = (date(1, 1, 1) - date(1970, 1, 1)).days, (date(9999, 12, 31) - date(1970, 1, 1)).days + 1
"""The days from 1970-01-01 to the first day of year 1 and to the end of year 9999."""
_A_DAY = {"date32[day]": 1, "ms": 86_400_000, "us": 86_400_000_000}
"""A day in the unit of a date, and in those of an instant. Nanoseconds are left out, because they end in 2262."""
_FAULTS = (pa.ArrowException, OSError, ValueError)
"""Errors of Arrow. An OSError with a number is a fault of the machine; one without a number is about the bytes."""


def read_parquet(file: RawFile) -> Iterator[RawChunk]:
    """The rows of a Parquet file, each column in its declared type where it has one.

    Raises:
        FileProblem: when columns are missing, doubled, or cannot be cast to their declared type.
        OSError: when the machine does not give the file, or the rest of it.
    """
    try:
        table = parquet.ParquetFile(file.path)
        schema = table.schema_arrow
        names = file.with_aliases(schema.names)
        # Not from Arrow's metadata of the columns, which ends the process when the footer is damaged.
        sizes = column_sizes(file.path)
    except _FAULTS as error:
        _reraise_fault_of_machine(error)
        yield file.unreadable(first_line(error))
        return
    with table:
        file.check_columns(names)
        delivered = dict(zip(names, schema.names, strict=True))
        wanted = {name: delivered[name] for name in (names if file.columns is None else file.columns)}
        yield from file.unexpected_columns(names, _empty(schema, wanted, file.types))
        yield from _groups(table, sizes, file, wanted)


def _groups(
    file: parquet.ParquetFile, sizes: list[list[ColumnSize]], raw: RawFile, wanted: Mapping[str, str]
) -> Iterator[RawChunk]:
    first, delivered = 1, list(wanted.values())
    for group in range(file.num_row_groups):
        count = file.metadata.row_group(group).num_rows
        done = 0
        try:
            rows_at_once = _rows_at_once(file, sizes[group], raw.path, group, delivered)
            for batch in file.iter_batches(rows_at_once, row_groups=[group], columns=delivered, use_threads=False):
                table = pa.Table.from_batches([batch]).select(delivered).rename_columns(list(wanted))
                yield _checked(table, raw, first + done)
                done += table.num_rows
        except _FAULTS as error:
            _reraise_fault_of_machine(error)
            why = f"row group {group} of the file {raw.label} could not be decoded: {first_line(error)}"
            yield from _lost(_empty(file.schema_arrow, wanted, raw.types), range(first + done, first + count), why)
        first += count


def _rows_at_once(file: parquet.ParquetFile, sizes: list[ColumnSize], path: Path, group: int, wanted: list[str]) -> int:
    """The rows of a batch, so that decoded it has at most :data:`BATCH_BYTES`.

    Raises:
        ValueError: when the row group cannot be decoded in bounded memory.
    """
    leaves = [file.schema.column(index) for index in range(len(file.schema))]
    wanted_columns = [(leaf, column) for leaf, column in zip(leaves, sizes, strict=True) if leaf.path.split(".")[0] in wanted]
    size = sum(column.bytes for _, column in wanted_columns)
    with_dictionary = [leaf.path for leaf, column in wanted_columns if column.has_dictionary]
    longest = _longest_values(file, path, group, with_dictionary) if with_dictionary and size <= MOST_GROUP_BYTES else {}
    row_bytes = 0
    for leaf, column in wanted_columns:
        width = max(8, leaf.length or 0, longest.get(leaf.path, 0))
        if leaf.max_repetition_level:
            # One row may hold all values of a list.
            size += column.values * width
        else:
            row_bytes += width
    if size > MOST_GROUP_BYTES:
        raise ValueError(f"it would be {size:,} bytes, more than {MOST_GROUP_BYTES:,}: write smaller row groups")
    return min(BATCH_ROWS, max(1, BATCH_BYTES // max(1, row_bytes)))


def _longest_values(file: parquet.ParquetFile, path: Path, group: int, leaves: list[str]) -> dict[str, int]:
    """The bytes of the longest value in the dictionary of each leaf, by its path; read with the row group's first row."""
    found: dict[str, int] = {}
    with parquet.ParquetFile(path, metadata=file.metadata, read_dictionary=leaves) as coded:
        first = next(coded.iter_batches(1, row_groups=[group], columns=leaves, use_threads=False), None)

    def visit(path: str, values: pa.Array) -> None:
        if pa.types.is_dictionary(values.type):
            words = values.dictionary
            if len(words) and not pa.types.is_primitive(words.type):
                found[path] = pc.max(pc.binary_length(words)).as_py() or 0
        elif pa.types.is_struct(values.type):
            for field in values.type:
                visit(f"{path}.{field.name}", values.field(field.name))
        elif pa.types.is_map(values.type):
            visit(f"{path}.key_value.key", values.keys)
            visit(f"{path}.key_value.value", values.items)
        elif pa.types.is_nested(values.type):
            visit(f"{path}.list.{values.type.value_field.name}", values.values)

    for name, values in zip(first.schema.names, first.columns, strict=True) if first is not None else ():
        visit(name, values)
    return found


def _checked(table: pa.Table, raw: RawFile, first: int) -> RawChunk:
    """The rows in plain types, with those rejected that are not UTF-8, have an impossible date, or are too long."""
    numbers = np.arange(first, first + table.num_rows)
    broken = sorted(_not_text(table, raw.types))
    rejected = _rejected(table, numbers, broken, "wrong_encoding", "has text that is not UTF-8")
    table, numbers = _without(table, broken), np.delete(numbers, broken)
    for name in table.column_names:
        outside = _outside_calendar(table[name], raw.types.get(name, "date"))
        why = f"has a date or an instant outside the years 1 to 9999: {name}"
        rejected += _rejected(table, numbers, outside, "date_out_of_range", why)
        table, numbers = _without(table, outside), np.delete(numbers, outside)
    try:
        plain = _plain(table, raw.types)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, KeyError) as error:
        raise FileProblem("wrong_type", f"the file {raw.label}: {first_line(error)}") from error
    rows = plain.append_column(ROW, pa.array(numbers, pa.int64())).append_column(RAW, pa.nulls(plain.num_rows, pa.string()))
    long = list(_long_rows(rows, 0))
    rejected += _rejected(rows, numbers, long, "line_too_long", f"is longer than {LONGEST_LINE:,} bytes")
    return RawChunk(_without(rows, long), sorted(rejected, key=lambda record: record.row))


def _rejected(rows: pa.Table, numbers: np.ndarray, positions: list[int], rule_id: str, what: str) -> list[RejectedRecord]:
    """The rows at some positions as rejected records."""
    return [
        RejectedRecord(int(numbers[at]), record_text(rows, at)[:LONGEST_RAW], rule_id, f"row {numbers[at]} {what}")
        for at in positions
    ]


def _without(rows: pa.Table, positions: list[int]) -> pa.Table:
    """The rows without those at some positions."""
    if not positions:
        return rows
    is_kept = np.ones(rows.num_rows, bool)
    is_kept[positions] = False
    return rows.filter(pa.array(is_kept))


def _outside_calendar(column: pa.ChunkedArray, declared: str) -> list[int]:
    """The positions of dates and instants outside the years 1 to 9999, unless the column is declared as another type.

    Engines read such values differently. Arrow would turn some into other dates when it casts them to microseconds.
    """
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    a_day = _A_DAY.get(getattr(kind, "unit", str(kind)))
    if a_day is None or not (pa.types.is_date(kind) or pa.types.is_timestamp(kind)) or declared not in ("date", "timestamp"):
        return []
    numbers = column.cast(kind).cast(pa.int32() if kind == pa.date32() else pa.int64())
    is_outside = pc.or_(pc.less(numbers, _FIRST_DAY * a_day), pc.greater_equal(numbers, _END_DAY * a_day))
    return np.flatnonzero(is_outside.fill_null(False).to_numpy()).tolist()


def _not_text(table: pa.Table, types: Mapping[str, str]) -> set[int]:
    """The positions of rows whose text is not UTF-8; bytes count as text unless another type is declared.

    Raises:
        pa.ArrowInvalid: when a column is invalid in another way.
    """
    bad: set[int] = set()
    for name, column in zip(table.column_names, table.columns, strict=True):
        is_bytes = engine_type(column.type) == pa.binary() and pa.types.is_string(declared_type(types.get(name, "string")))
        try:
            column.validate(full=True)
            if is_bytes:
                column.cast(pa.string())
        except pa.ArrowInvalid:
            found = {index for index, value in enumerate(column) if not _is_text(value)}
            if not found:
                raise
            bad |= found
    return bad


def _is_text(value: pa.Scalar) -> bool:
    """Whether all text of a value is UTF-8; bytes are text too."""
    try:
        content = value.as_py()
        if isinstance(content, bytes):
            content.decode()
    except (ValueError, OverflowError) as error:  # also a date that Python does not have
        return not isinstance(error, UnicodeDecodeError)
    return True


def _long_rows(rows: pa.Table, first: int) -> Iterator[int]:
    """The positions of rows with too many bytes. A table's size is cheap to compute, so tables are halved to find them."""
    if rows.nbytes <= LONGEST_LINE:
        return
    half = rows.num_rows // 2
    if half == 0:
        yield first
        return
    yield from _long_rows(rows.slice(0, half), first)
    yield from _long_rows(rows.slice(half), first + half)


def _reraise_fault_of_machine(error: Exception) -> None:
    if isinstance(error, OSError) and error.errno is not None:
        raise error


def _lost(empty: pa.Table, rows: range, why: str) -> Iterator[RawChunk]:
    for start in range(rows.start, rows.stop, BATCH_ROWS):
        part = range(start, min(start + BATCH_ROWS, rows.stop))
        yield RawChunk(empty, [RejectedRecord(row, "", "file_unreadable", why) for row in part])


def _plain(table: pa.Table, types: Mapping[str, str]) -> pa.Table:
    """The table in types that every engine reads alike: no dictionaries, large strings or nanoseconds; NaN is NULL."""
    for position, field in enumerate(table.schema):
        wanted = engine_type(field.type)
        column = table.column(position)
        if field.name in types:
            wanted = declared_type(types[field.name])
            try:
                column = column.cast(wanted)
            except pa.ArrowInvalid as error:
                raise pa.ArrowInvalid(f"column {field.name} is {field.type}, not {types[field.name]}: {error}") from error
        elif wanted != field.type:
            column = column.cast(wanted, safe=False)
        if pa.types.is_floating(wanted):
            column = pc.if_else(pc.is_nan(column), pa.scalar(None, wanted), column)
        table = table.set_column(position, pa.field(field.name, wanted), column)
    return table


def engine_type(kind: pa.DataType) -> pa.DataType:
    """The type in which a file's column is read when the mapping declares none."""
    if pa.types.is_dictionary(kind):
        return engine_type(kind.value_type)
    # A column without a value has no type, and says nothing about the next file's.
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_null(kind):
        return pa.string()
    if pa.types.is_timestamp(kind):
        # In another zone Sail takes the date and the hour of the local time, and Spark those of UTC.
        return pa.timestamp("us", tz=kind.tz and "UTC")
    if pa.types.is_date64(kind):
        return pa.date32()
    if pa.types.is_float16(kind):
        return pa.float64()
    if pa.types.is_unsigned_integer(kind):
        return pa.decimal128(20) if kind.bit_width == 64 else pa.int64()
    return kind


def _empty(schema: pa.Schema, wanted: Mapping[str, str], types: Mapping[str, str]) -> pa.Table:
    kinds = {
        name: declared_type(types[name]) if name in types else engine_type(schema.field(of).type) for name, of in wanted.items()
    }
    fields = [pa.field(name, kind) for name, kind in kinds.items()]
    return pa.schema([*fields, pa.field(ROW, pa.int64()), pa.field(RAW, pa.string())]).empty_table()


def record_text(rows: pa.Table, index: int) -> str:
    """A Parquet row as JSON text, for the quarantine: undecodable bytes as ``\\xNN``, nothing behind :data:`LONGEST_RAW`."""
    shown: dict[str, Any] = {}
    text = "{}"
    for name in rows.column_names:
        if name not in (ROW, RAW) and len(text) <= LONGEST_RAW:
            shown[name] = _shown(rows[name][index])
            text = json.dumps(shown, ensure_ascii=False, default=str)
    return text


def _shown(value: pa.Scalar) -> Any:
    if isinstance(value, pa.DictionaryScalar):
        value = value.value
    if isinstance(value, pa.StringScalar | pa.LargeStringScalar) and value.is_valid:
        return show(bytes(memoryview(value.as_buffer())[: 4 * LONGEST_RAW]), "utf-8")
    try:
        return value.as_py()
    except (ValueError, OverflowError):  # a date that Python does not have
        return f"{getattr(value, 'value', 'unreadable')} {value.type}"


def column_types(path: Path) -> dict[str, pa.DataType]:
    """The type in which each column of a file is read; none when the file cannot be read."""
    try:
        return {field.name: engine_type(field.type) for field in parquet.read_schema(path)}
    except _FAULTS:
        return {}
