"""The registry of file formats: one row a format. Another format is a module in this package and a row here.

No record may vanish: every physical record of a file is in some chunk's ``rows`` or ``rejected``; blank lines are no records. A
file that makes no sense gives one rejected record (row 0). A file without the expected columns raises :class:`FileProblem`: its
source stops, since a guess could put values under the wrong names. A fault of the machine (disk, share, permission) raises its
OSError: it says nothing about the file's content, and the file is read again later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from jobs.formats.csv_format import guess_delimiter, read_csv
from jobs.formats.json_format import keys_of, read_json
from jobs.formats.parquet_format import column_types, read_parquet
from jobs.formats.raw_records import RawChunk, RawFile, no_rows, with_nulls
from jobs.formats.text_lines import guess_encoding


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


def read_file(name: str, file: RawFile) -> Iterator[RawChunk]:
    """The records of a file of the format ``name``, with the file's null values as NULL."""
    if file.path.stat().st_size == 0:
        yield RawChunk(no_rows(file.columns or ()), warnings=(f"the file {file.path.name} is empty",))
        return
    for chunk in FILE_FORMATS[name].read(file):
        yield RawChunk(with_nulls(chunk.rows, file.nulls), chunk.rejected, chunk.warnings)
