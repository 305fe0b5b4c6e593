"""The sizes that a Parquet file's footer gives for its columns, read without Arrow: at a damaged footer Arrow ends the process.

The footer is a struct in Thrift's compact protocol (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md);
the numbers of its fields are in https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_WHOLE = (4, 5, 6)
_VARINT_BITS = 70
"""Ten bytes of seven bits hold any number of 64 bits."""
_ROW_GROUPS, _COLUMNS, _META_DATA = 4, 1, 3
_NUM_VALUES, _UNCOMPRESSED_SIZE, _DICTIONARY_PAGE = 5, 6, 11


@dataclass(frozen=True)
class ColumnSize:
    """What the footer says of a leaf column in a row group; the bytes are without compression."""

    values: int
    bytes: int
    has_dictionary: bool


def column_sizes(path: Path) -> list[list[ColumnSize]]:
    """The leaf columns of each row group, in the order of the schema.

    Raises:
        ValueError: when the footer is damaged.
        OSError: when the machine does not give the file.
    """
    with path.open("rb") as stream:
        stream.seek(-8, os.SEEK_END)
        length = int.from_bytes(stream.read(4), "little")
        stream.seek(-8 - length, os.SEEK_END)
        data = stream.read(length)
    try:
        groups = _Reader(data).struct()[_ROW_GROUPS]
        return [[_size(column[_META_DATA]) for column in group[_COLUMNS]] for group in groups]
    except (LookupError, TypeError, RecursionError) as error:
        raise ValueError("the footer of the file is damaged") from error


def _size(column: dict[int, Any]) -> ColumnSize:
    return ColumnSize(column[_NUM_VALUES], column[_UNCOMPRESSED_SIZE], _DICTIONARY_PAGE in column)


class _Reader:
    """Reads values of the compact protocol from bytes; a struct is a dict by the numbers of its fields."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def struct(self) -> dict[int, Any]:
        found: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            kind, step = head & 15, head >> 4
            number = number + step if step else self._whole()
            found[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind)
        return found

    def _value(self, kind: int) -> Any:
        if kind in _WHOLE:
            return self._whole()
        if kind == _STRUCT:
            return self.struct()
        if kind in (_LIST, _SET):
            head = self._byte()
            size = head >> 4 if head >> 4 < 15 else self._varint()
            return [self._value(head & 15) for _ in range(size)]
        if kind in (_TRUE, _FALSE, _BYTE):  # a boolean in a list has a byte of its own
            return self._byte()
        if kind in (_BINARY, _DOUBLE):
            length = self._varint() if kind == _BINARY else 8
            self._at += length
            if self._at > len(self._data):
                raise IndexError("a value goes on behind the end")
            return None
        raise TypeError(f"no Parquet footer has the type {kind}")

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _varint(self) -> int:
        value = 0
        for shift in range(0, _VARINT_BITS, 7):
            part = self._byte()
            value |= (part & 127) << shift
            if part < 128:
                return value
        raise TypeError("no number of a Parquet footer is this long")

    def _whole(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)
