"""The same ways for a delivery of Parquet, where a record has no line."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.day.damage import LONG_LINE


def truncate(path: Path) -> None:
    """The second half did not arrive."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def encode_otherwise(path: Path) -> None:
    """Every text as the bytes of UTF-16."""
    table = pq.read_table(path)
    columns = [
        pa.array([None if value is None else value.encode("utf-16") for value in column.to_pylist()], pa.binary())
        if pa.types.is_string(column.type)
        else column
        for column in table.columns
    ]
    pq.write_table(pa.table(columns, names=table.column_names), path)


def keep_header(path: Path) -> None:
    """The columns, and no row."""
    pq.write_table(pq.read_table(path).slice(0, 0), path)


def swap_columns(path: Path) -> None:
    """Every value under its neighbour's name."""
    table = pq.read_table(path)
    names = table.column_names
    pq.write_table(table.rename_columns([*names[1:], names[0]]), path)


def lengthen(path: Path) -> None:
    """A text of ten megabytes in the last row's first column."""
    table = pq.read_table(path)
    values = table.column(0).to_pylist()
    column = pa.array([*values[:-1], "x" * LONG_LINE], pa.string())
    pq.write_table(table.set_column(0, table.column_names[0], column), path)
