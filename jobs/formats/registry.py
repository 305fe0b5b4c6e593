"""The registry of file formats: one row a format. Another format is a module in this package and a row here.

No record may vanish: every physical record of a file is in some chunk's ``rows`` or ``rejected``; blank lines are no records. A
file that makes no sense gives one rejected record (row 0). A file without the expected columns, or beyond its limits, raises
:class:`FileProblem`: its source stops, since a guess could put values under the wrong names. A fault of the machine (disk, share,
permission) raises its OSError: it says nothing about the file's content, and the file is read again later.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from jobs.formats.csv_format import guess_delimiter, read_csv
from jobs.formats.json_format import keys_of, read_json
from jobs.formats.parquet_format import column_types, read_parquet
from jobs.formats.raw_records import RAW, ROW, FileProblem, RawChunk, RawFile, with_nulls
from jobs.formats.text_lines import SAMPLE_BYTES, guess_encoding


@dataclass(frozen=True)
class Format:
    """A file format.

    Attributes:
        name: the mapping's ``format``, and the usual extension of a file's name.
        read: yields the records of a file that is not empty.
        matches: whether a file's first bytes are of this format.
        settings: the settings of a mapping (encoding, delimiter) that fit a file's first bytes.
        keys: the columns that a file's first bytes hold, where a lookup must list them; else none, and the file itself says.
        types: the Arrow type of each column of a file; None where every value is text.
    """

    name: str
    read: Callable[[RawFile], Iterator[RawChunk]]
    matches: Callable[[bytes], bool]
    settings: Callable[[bytes], dict[str, str]]
    keys: Callable[[bytes, str], tuple[str, ...]] | None = None
    types: Callable[[Path], Mapping[str, pa.DataType]] | None = None


def _csv_settings(head: bytes) -> dict[str, str]:
    encoding = guess_encoding(head)
    return {"encoding": encoding, "delimiter": guess_delimiter(head, encoding)}


_ROWS = (
    Format("parquet", read_parquet, lambda head: head.startswith(b"PAR1"), lambda _: {}, types=column_types),
    Format(
        "jsonl",
        read_json,
        lambda head: head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"),
        lambda head: {"encoding": guess_encoding(head)},
        keys=keys_of,
    ),
    Format("csv", read_csv, lambda head: not kind_without_format(head), _csv_settings),
)
FILE_FORMATS = {row.name: row for row in _ROWS}
"""The formats by name. A file's first bytes are compared in this order; text that no other format claims is read as CSV."""
_WITHOUT_FORMAT = {
    b"PK\x03\x04": "a spreadsheet or ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"%PDF": "a PDF",
}
"""First bytes of files that people deliver instead of text, and that no format reads."""


def format_of(head: bytes) -> Format | None:
    """The format of a file that begins with ``head``; None for a file of :func:`kind_without_format`."""
    return next((row for row in FILE_FORMATS.values() if row.matches(head)), None)


def kind_without_format(head: bytes) -> str:
    """What a file that begins with ``head`` is, if it is neither text nor of a format; else empty."""
    return next((kind for signature, kind in _WITHOUT_FORMAT.items() if head.startswith(signature)), "")


def columns_in(name: str, file: RawFile) -> tuple[str, ...]:
    """The columns of a file of the format ``name``; of JSON Lines, the keys in its first bytes.

    Raises:
        FileProblem: when two columns have one name.
        OSError: when the machine does not give the file.
    """
    form = FILE_FORMATS[name]
    if form.types:
        return tuple(form.types(file.path))
    if form.keys:
        with file.path.open("rb") as stream:
            return form.keys(stream.read(SAMPLE_BYTES), file.encoding)
    first = next(iter(form.read(replace(file, columns=None))), None)
    return tuple(column for column in first.rows.column_names if column not in (ROW, RAW)) if first else ()


MOST_REJECTED = 1_000_000
"""Rejected records of one file. They are held in memory, and a file with more is no file of its source."""
_IN_PARTS, _OTHER_FILE = (
    "deliver it in parts, or see [reading]",
    "compare format, encoding and delimiter of the mapping with the file",
)


def read_file(name: str, file: RawFile) -> Generator[RawChunk, None, None]:
    """The records of a file of the format ``name``, with the file's null values as NULL.

    Raises:
        FileProblem: when the file's columns do not fit, or it is larger than its limits; discard the chunks given before.
        OSError: when the machine does not give the file, or the rest of it; discard the chunks given before.
    """
    size = file.path.stat().st_size
    if size == 0:
        yield file.warning("is empty")
        return
    _check_limit(file, "bytes", size, file.most_bytes)
    decoded = rows = rejected = 0
    for chunk in FILE_FORMATS[name].read(file):
        rows, rejected = rows + chunk.rows.num_rows, rejected + len(chunk.rejected)
        decoded += chunk.rows.drop_columns([RAW]).nbytes
        _check_limit(file, "records", rows + rejected, file.most_rows)
        _check_limit(file, "bytes when decoded", decoded, file.most_bytes)
        _check_limit(file, "records that cannot be read", rejected, MOST_REJECTED, _OTHER_FILE)
        yield RawChunk(with_nulls(chunk.rows, file.nulls), chunk.rejected, chunk.warnings, chunk.unexpected)


def _check_limit(file: RawFile, what: str, found: int, most: int | None, to_do: str = _IN_PARTS) -> None:
    if most is not None and found > most:
        raise FileProblem("too_large", f"the file {file.label} has more than {most:,} {what}; {to_do}")
