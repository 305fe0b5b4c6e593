"""Mutate the Arrow table of a Parquet delivery: its types, its values and its columns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from random import Random

import pyarrow as pa

from tests.fuzz.odd_values import ODD_NUMBERS, ODD_TEXTS

_DATES = (date(1, 1, 1), date(1582, 10, 10), date(1900, 2, 28), date(9999, 12, 31))


def _other_type(table: pa.Table, random: Random) -> pa.Table:
    """A column in another type that can hold its values, or with other values of an odd type."""
    at = random.randrange(table.num_columns)
    kinds = (pa.large_string(), pa.string_view(), pa.binary(), pa.dictionary(pa.int32(), pa.string()), pa.int8(), pa.uint64(),
             pa.float16(), pa.float32(), pa.float64(), pa.decimal128(30, 5), pa.decimal256(50, 5), pa.date64(),
             pa.timestamp("ns"), pa.timestamp("ms", tz="Asia/Shanghai"), pa.time64("ns"), pa.duration("us"), pa.null())  # fmt: skip
    kind = random.choice(kinds)
    column = table.column(at)
    if pa.types.is_null(kind):
        return table.set_column(at, table.column_names[at], pa.nulls(table.num_rows))
    if pa.types.is_time(kind) or pa.types.is_duration(kind):
        column = pa.chunked_array([pa.array([random.randrange(86_400) * 1000] * table.num_rows, pa.int64())])
    return table.set_column(at, table.column_names[at], column.cast(kind, safe=False))


def _nested(table: pa.Table, random: Random) -> pa.Table:
    at, count = random.randrange(table.num_columns), table.num_rows
    values = random.choice((
        pa.array([["a", None]] * count, pa.list_(pa.string())),
        pa.array([{"a": 1, "b": [None]}] * count, pa.struct({"a": pa.int8(), "b": pa.list_(pa.int8())})),
        pa.array([[("k", 1)]] * count, pa.map_(pa.string(), pa.int64())),
        pa.array([b"\xff" * 4] * count, pa.binary(4)),
        pa.array([None] * count, pa.list_(pa.string())),
    ))  # fmt: skip
    return table.set_column(at, table.column_names[at], values)


def _odd_cells(table: pa.Table, random: Random) -> pa.Table:
    """Extreme values of a column's own type."""
    at = random.randrange(table.num_columns)
    kind = table.schema.field(at).type
    values = table.column(at).to_pylist()
    odd: tuple[object, ...] = (None,)
    if pa.types.is_string(kind):
        odd = (*ODD_TEXTS, "y" * 1_200_000)
    elif pa.types.is_date(kind):
        odd = _DATES
    elif pa.types.is_integer(kind):
        odd = ODD_NUMBERS
    elif pa.types.is_floating(kind):
        odd = (float("nan"), float("inf"), -0.0, 1e308)
    elif pa.types.is_decimal(kind):
        odd = (Decimal(0), Decimal(-1))
    for _ in range(random.randint(1, 4)):
        if values:
            values[random.randrange(len(values))] = random.choice(odd)
    return table.set_column(at, table.schema.field(at), pa.array(values, kind))


def _extreme_instants(table: pa.Table, random: Random) -> pa.Table:
    """Dates and instants beyond what Python, or a calendar of four digits, can show."""
    kind, whole = random.choice(((pa.date32(), pa.int32()), (pa.timestamp("us"), pa.int64()), (pa.timestamp("s"), pa.int64())))
    numbers = [random.choice((0, -1, 2**31 - 1, -(2**31), 2_932_897, -719_163)) for _ in range(table.num_rows)]
    if whole == pa.int64():
        numbers = [random.choice((number, number * 86_400, 253_402_300_800_000_000, 2**63 - 1)) for number in numbers]
    at = random.randrange(table.num_columns)
    return table.set_column(at, table.column_names[at], pa.array(numbers, whole).view(kind))


def _not_utf8(table: pa.Table, random: Random) -> pa.Table:
    """Text columns, or the words of a dictionary, with bytes that are not UTF-8."""
    texts = [at for at, field in enumerate(table.schema) if pa.types.is_string(field.type)]
    if not texts:
        return table
    at = random.choice(texts)
    values = [b"" if value is None else value.encode() for value in table.column(at).to_pylist()]
    for _ in range(random.randint(1, 3)):
        if values:
            values[random.randrange(len(values))] = random.choice((b"\xff\xfe", b"\xd4\xf6\xd6\xb5", b"\xed\xa0\x80", b"a\0\xc3"))
    column = pa.array(values, pa.binary()).view(pa.string())
    return table.set_column(at, table.column_names[at], column.dictionary_encode() if random.random() < 0.3 else column)


def _columns(table: pa.Table, random: Random) -> pa.Table:
    """Columns missing, doubled, renamed, added or in another order."""
    names = list(table.column_names)
    at = random.randrange(len(names))
    match random.randrange(5):
        case 0:
            return table.drop_columns([names[at]]) if names.count(names[at]) == 1 else table
        case 1:
            return table.append_column(names[at], table.column(at))
        case 2:
            return table.rename_columns(
                [*names[:at], random.choice((names[at].upper(), "", "a.b", "__row", "x`y")), *names[at + 1 :]]
            )
        case 3:
            extra = random.choice(("extra", "__row", "__raw", "__file", "__delivered_on", "a.b"))
            return table.append_column(extra, pa.array(list(range(table.num_rows))))
        case _:
            return table.select(random.sample(range(len(names)), len(names)))


def _rows(table: pa.Table, random: Random) -> pa.Table:
    """No rows, rows twice, or many."""
    return random.choice((table.slice(0, 0), pa.concat_tables([table, table]), pa.concat_tables([table] * 40), table.slice(3)))


TABLE_MUTATIONS: tuple[Callable[[pa.Table, Random], pa.Table], ...] = (
    _other_type, _other_type, _nested, _odd_cells, _odd_cells, _extreme_instants, _not_utf8, _columns, _rows,
)  # fmt: skip
