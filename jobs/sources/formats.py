"""The registry of file formats: one row a format. Another format is a module like these, a row here, and a name in the schema.

No record may vanish: every physical record of a file is in some chunk's ``rows`` or ``rejected``; blank lines are no records. A
file that makes no sense gives one rejected record (row 0). A file without the expected columns raises :class:`FileProblem`: its
source stops, since a guess could put values under the wrong names. A fault of the machine (disk, share, permission) raises its
OSError: it says nothing about the file's content, and the file is read again later.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from jobs.profile.mapping import SourceMapping
from jobs.profile.mapping_schema import Lookup
from jobs.sources.csv_format import guess_delimiter, read_csv
from jobs.sources.json_format import keys_of, read_json
from jobs.sources.parquet_format import column_types, read_parquet
from jobs.sources.raw_records import RawChunk, RawFile, no_rows, with_nulls
from jobs.sources.text_lines import BLOCK_BYTES, guess_encoding


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
    Format("csv", read_csv, lambda _: True, _csv_settings),
)
FORMATS = {row.name: row for row in _ROWS}
"""The formats by name. A file's first bytes are compared in this order; what no other format claims is read as CSV."""


def format_of(head: bytes) -> Format:
    """The format of a file that begins with ``head``."""
    return next(row for row in _ROWS if row.matches(head))


def read_raw(path: Path, mapping: SourceMapping, block_bytes: int = BLOCK_BYTES) -> Generator[RawChunk, None, None]:
    """The records of one file of a source, with the columns ``mapping.raw.columns``.

    Args:
        path: the file.
        mapping: its source.
        block_bytes: the bytes of a text file that are read at once.

    Raises:
        FileProblem: when the file's columns are missing, doubled or of another type; discard the chunks given before.
        OSError: when the machine does not give the file, or the rest of it; discard the chunks given before.
    """
    file = RawFile(path, mapping.encoding, mapping.delimiter, mapping.raw.columns, mapping.raw.types, mapping.nulls, block_bytes)
    yield from read_file(mapping.format, file)


def read_lookup(path: Path, lookup: Lookup) -> Iterator[RawChunk]:
    """The records of a lookup's file, with the columns that the lookup lists, else all of the file."""
    return read_file(lookup.format, RawFile(path, lookup.encoding, lookup.delimiter, lookup.columns or None))


def read_file(name: str, file: RawFile) -> Iterator[RawChunk]:
    """The records of a file of the format ``name``, with the file's null values as NULL."""
    if file.path.stat().st_size == 0:
        yield RawChunk(no_rows(file.columns or ()), warnings=(f"the file {file.path.name} is empty",))
        return
    for chunk in FORMATS[name].read(file):
        yield RawChunk(with_nulls(chunk.rows, file.nulls), chunk.rejected, chunk.warnings)
