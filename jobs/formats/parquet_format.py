"""Parquet: columns keep their types; the rows of a row group that cannot be decoded are rejected one by one.

A row that is longer than a line of text may be is rejected too, so that records have one limit in all formats.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from jobs.formats.raw_records import (
    LONGEST_RAW,
    RAW,
    ROW,
    FileProblem,
    RawChunk,
    RawFile,
    RejectedRecord,
    check_columns,
    declared_type,
    unexpected_columns,
    unreadable,
)
from jobs.formats.text_lines import LONGEST_LINE
from jobs.foundation.errors import first_line

BATCH_ROWS = 65_536
_FAULTS = (pa.ArrowException, OSError, ValueError)
"""Errors of Arrow. An OSError with a number is a fault of the machine; one without a number is about the bytes."""


def read_parquet(file: RawFile) -> Iterator[RawChunk]:
    """The rows of a Parquet file, each column in its declared type where it has one.

    Raises:
        FileProblem: when columns are missing, doubled, or cannot be cast to their declared type.
        OSError: when the machine does not give the file, or the rest of it.
    """
    path, columns, types = file.path, file.columns, file.types
    try:
        table = parquet.ParquetFile(path)
        schema = table.schema_arrow
    except _FAULTS as error:
        _reraise_fault_of_machine(error)
        yield unreadable(path.name, first_line(error), columns or ())
        return
    with table:
        check_columns(file, schema.names)
        wanted = list(columns) if columns is not None else schema.names
        yield from unexpected_columns(file, schema.names, _empty(schema, wanted, types))
        yield from _groups(table, path, wanted, types)


def _groups(file: parquet.ParquetFile, path: Path, wanted: list[str], types: Mapping[str, str]) -> Iterator[RawChunk]:
    first = 1
    for group in range(file.num_row_groups):
        count = file.metadata.row_group(group).num_rows
        done = 0
        try:
            for batch in file.iter_batches(BATCH_ROWS, row_groups=[group], columns=wanted, use_threads=False):
                table = pa.Table.from_batches([batch]).select(wanted)
                try:
                    plain = _plain(table, types)
                except (pa.ArrowInvalid, pa.ArrowNotImplementedError, KeyError) as error:
                    raise FileProblem("wrong_type", f"the file {path.name}: {first_line(error)}") from error
                yield _without_long(_numbered(plain, first + done))
                done += table.num_rows
        except _FAULTS as error:
            _reraise_fault_of_machine(error)
            why = f"row group {group} of the file {path.name} could not be decoded: {first_line(error)}"
            yield from _lost(_empty(file.schema_arrow, wanted, types), range(first + done, first + count), why)
        first += count


def _without_long(rows: pa.Table) -> RawChunk:
    """The rows that are within the limit, with the longer ones rejected."""
    long = list(_long_rows(rows, 0))
    if not long:
        return RawChunk(rows)
    is_short = np.ones(rows.num_rows, bool)
    is_short[long] = False
    rejected = [
        RejectedRecord(
            rows[ROW][index].as_py(),
            record_text(rows, index)[:LONGEST_RAW],
            "line_too_long",
            f"row {rows[ROW][index]} is longer than {LONGEST_LINE:,} bytes",
        )
        for index in long
    ]
    return RawChunk(rows.filter(pa.array(is_short)), rejected)


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
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", tz=kind.tz)
    if pa.types.is_date64(kind):
        return pa.date32()
    if pa.types.is_float16(kind):
        return pa.float64()
    if pa.types.is_unsigned_integer(kind):
        return pa.decimal128(20) if kind.bit_width == 64 else pa.int64()
    return kind


def _numbered(table: pa.Table, first: int) -> pa.Table:
    numbers = pa.array(range(first, first + table.num_rows), pa.int64())
    return table.append_column(ROW, numbers).append_column(RAW, pa.nulls(table.num_rows, pa.string()))


def _empty(schema: pa.Schema, wanted: list[str], types: Mapping[str, str]) -> pa.Table:
    kinds = {name: declared_type(types[name]) if name in types else engine_type(schema.field(name).type) for name in wanted}
    fields = [pa.field(name, kind) for name, kind in kinds.items()]
    return pa.schema([*fields, pa.field(ROW, pa.int64()), pa.field(RAW, pa.string())]).empty_table()


def record_text(rows: pa.Table, index: int) -> str:
    """A Parquet row as JSON text, for the quarantine."""
    names = [name for name in rows.column_names if name not in (ROW, RAW)]
    return json.dumps(rows.select(names).slice(index, 1).to_pylist()[0], ensure_ascii=False, default=str)


def column_types(path: Path) -> dict[str, pa.DataType]:
    """The type in which each column of a file is read; none when the file cannot be read."""
    try:
        return {field.name: engine_type(field.type) for field in parquet.read_schema(path)}
    except _FAULTS:
        return {}
