"""Raw files of any format, read tolerantly and in bounded memory.

Nothing may vanish: every physical record of a file is in some piece's ``rows`` or ``rejected``. Blank lines are no
records. A file that makes no sense at all gives one rejected record (row 0). A file whose columns cannot be told apart
raises :class:`FileProblem`: its source must stop, since a guess could put values under the wrong names. What the machine
refuses (a disk, a share, a permission) raises its OSError: it tells nothing of what the file says, which is to be read again.
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from jobs.profile.mapping import Lookup, SourceMapping
from jobs.sources.csv_format import MOST_JOINED_LINES, Layout, QuoteMisplacedError, QuoteOpenError, parse_block, split_record
from jobs.sources.json_format import parse_objects
from jobs.sources.parquet_format import read_parquet
from jobs.sources.raw_records import FileProblem, RawChunk, RejectedRecord, no_rows, unreadable, with_nulls
from jobs.sources.text_lines import (
    BLOCK_BYTES,
    Lines,
    LongLine,
    Transcoded,
    is_line_safe,
    looks_like_utf16,
    read_lines,
    too_long,
)


def read_raw(path: Path, mapping: SourceMapping, block_bytes: int = BLOCK_BYTES) -> Generator[RawChunk, None, None]:
    """The records of one file of a source, with the columns ``mapping.raw.columns``.

    Args:
        path: the file.
        mapping: its source.
        block_bytes: how much of a text file is read at once.

    Raises:
        FileProblem: when the file's columns are missing, doubled or of another type; pieces given before must not be used.
        OSError: when the machine does not give the file, or the rest of it; neither may they then.
    """
    pieces = _read(
        path, mapping.format, mapping.encoding, mapping.delimiter, mapping.raw.columns, dict(mapping.raw.types), block_bytes
    )
    for piece in pieces:
        yield RawChunk(with_nulls(piece.rows, mapping.nulls), piece.rejected, piece.warnings)


def read_lookup(path: Path, lookup: Lookup, nulls: tuple[str, ...] = ("",)) -> Iterator[RawChunk]:
    """The records of a lookup's file, with all the columns that its file has, under their own names."""
    columns = lookup.columns or (None if lookup.format != "jsonl" else ())
    for piece in _read(path, lookup.format, lookup.encoding, lookup.delimiter, columns, {}, BLOCK_BYTES):
        yield RawChunk(with_nulls(piece.rows, nulls), piece.rejected, piece.warnings)


def _read(
    path: Path,
    form: str,
    encoding: str,
    delimiter: str,
    columns: tuple[str, ...] | None,
    types: dict[str, str],
    block_bytes: int,
) -> Iterator[RawChunk]:
    if path.stat().st_size == 0:
        yield RawChunk(no_rows(columns or ()), warnings=(f"the file {path.name} is empty",))
        return
    if form == "parquet":
        yield from read_parquet(path, columns, types)
        return
    with path.open("rb") as file:
        head = file.read(4)
        encoding = codecs.lookup(encoding).name.removesuffix("-sig")
        file.seek(3 if encoding == "utf-8" and head.startswith(codecs.BOM_UTF8) else 0)
        if is_line_safe(encoding):
            if looks_like_utf16(head):
                yield unreadable(path.name, f"it begins like UTF-16, not {encoding}: set its encoding to utf-16", columns or ())
                return
            stream: BinaryIO = file
        else:
            stream, encoding = cast(BinaryIO, Transcoded(file, encoding)), "utf-8"
        if form == "csv":
            yield from _read_csv(stream, path, encoding, delimiter, columns, block_bytes)
        else:
            yield from _read_json(stream, path, encoding, columns or (), block_bytes)


def _read_json(stream: BinaryIO, path: Path, encoding: str, columns: tuple[str, ...], block_bytes: int) -> Iterator[RawChunk]:
    number = 1
    extra: Counter[str] = Counter()
    for item in read_lines(stream, block_bytes):
        if isinstance(item, LongLine):
            yield RawChunk(no_rows(columns), [too_long(number, item.head, encoding)])
            number += 1
            continue
        rows, rejected, count = parse_objects(item.data, number, encoding, columns, extra)
        number += count
        yield RawChunk(rows, rejected)
    if extra:
        counts = ", ".join(f"{name} ({count} records)" for name, count in sorted(extra.items()))
        yield RawChunk(no_rows(columns), warnings=(f"the file {path.name} has keys not expected: {counts}",))


def _read_csv(
    stream: BinaryIO, path: Path, encoding: str, delimiter: str, columns: tuple[str, ...] | None, block_bytes: int
) -> Iterator[RawChunk]:
    number = 1
    kept = b""
    layout: Layout | None = None
    for item in read_lines(stream, block_bytes):
        data = kept + item.data if isinstance(item, Lines) else kept
        if layout is None:
            data, used, header = _take_header(data, encoding, delimiter, is_last=isinstance(item, LongLine))
            number += used
            if header is None and isinstance(item, LongLine):
                header = "its header is longer than a line may be"
            if isinstance(header, str):
                yield unreadable(path.name, header, columns or ())
                return
            if header is not None:
                _check_header(header, columns, path)
                wanted = columns if columns is not None else tuple(name for name in header if name)
                layout = Layout(encoding, delimiter, header, wanted)
                unexpected = [name for name in header if name and name not in wanted]
                if unexpected:
                    warning = f"the file {path.name} has columns not expected: {', '.join(unexpected)}"
                    yield RawChunk(no_rows(wanted), warnings=(warning,))
        kept = data
        if layout is None:
            continue
        if kept:
            parsed = parse_block(kept, number, layout, is_last=isinstance(item, LongLine))
            number += parsed.used_lines
            kept = kept[parsed.used_bytes :]
            yield RawChunk(parsed.rows, parsed.rejected)
        if isinstance(item, LongLine):
            yield RawChunk(no_rows(layout.wanted), [too_long(number, item.head, encoding)])
            number += 1
    if layout is None:
        if kept:
            yield unreadable(path.name, "its header has a quote that is not closed", columns or ())
        else:
            yield RawChunk(no_rows(columns or ()), warnings=(f"the file {path.name} is blank",))
    elif kept:
        parsed = parse_block(kept, number, layout, is_last=True)
        yield RawChunk(parsed.rows, parsed.rejected)


def _take_header(data: bytes, encoding: str, delimiter: str, *, is_last: bool) -> tuple[bytes, int, tuple[str, ...] | str | None]:
    """Cut the header off, the first record that is not blank.

    Returns:
        The rest and the lines used; then the header's names, or what is wrong with it, or None when more lines are needed.
    """
    rest, used = data, 0
    while rest:
        line, _, rest = rest.partition(b"\n")
        used += 1
        if line.strip():
            break
    else:
        return b"", used, None
    try:
        text = line.removesuffix(b"\r").decode(encoding)
        for joined in range(MOST_JOINED_LINES):
            if "\0" in text:
                return rest, used, "its header holds a NUL character"
            try:
                names = split_record(text, delimiter)
                # Spreadsheets break long names over lines.
                return rest, used + joined, tuple(" ".join(name.split("\n")).strip() for name in names)
            except QuoteOpenError:
                if not rest and not is_last:
                    return data, 0, None
                line, _, rest = rest.partition(b"\n")
                text += "\n" + line.removesuffix(b"\r").decode(encoding)
    except UnicodeDecodeError:
        return rest, used, f"its header is not {encoding}: set the encoding that the file has, or deliver it anew"
    except QuoteMisplacedError:
        pass
    return rest, used, "its header has a quote that is not closed"


def _check_header(header: tuple[str, ...], columns: tuple[str, ...] | None, path: Path) -> None:
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise FileProblem("duplicate_columns", f"the file {path.name} has these columns more than once: {', '.join(repeated)}")
    missing = [name for name in columns or () if name not in header]
    if missing:
        raise FileProblem("missing_columns", f"the file {path.name} lacks the columns: {', '.join(missing)}")


__all__ = ["FileProblem", "RawChunk", "RejectedRecord", "read_lookup", "read_raw"]
