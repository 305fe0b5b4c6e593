"""CSV: a header, then records. A file without the mapping's columns stops its source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from jobs.formats.csv_records import MOST_JOINED_LINES, Layout, QuoteMisplacedError, QuoteOpenError, parse_block, split_record
from jobs.formats.raw_records import RawChunk, RawFile, no_rows
from jobs.formats.text_lines import Lines, LongLine, read_lines, text_reader, too_long

DELIMITERS = (",", "\t", ";", "|")
"""The delimiters that a file's beginning is tried with."""


@text_reader
def read_csv(stream: BinaryIO, file: RawFile) -> Iterator[RawChunk]:
    """The records of a CSV file; all columns of its header when ``file.columns`` is None.

    Raises:
        FileProblem: when columns are missing or doubled.
        OSError: when the machine does not give the file.
    """
    number = 1
    pending = b""
    layout: Layout | None = None
    for item in read_lines(stream, file.block_bytes):
        is_long = isinstance(item, LongLine)
        data = pending + item.data if isinstance(item, Lines) else pending
        if layout is None:
            data, used, header = _take_header(data, file.encoding, file.delimiter, is_last=is_long)
            number += used
            if header is None and is_long:
                header = "its header is longer than a line may be"
            if isinstance(header, str):
                yield file.unreadable(header)
                return
            if header is not None:
                layout = _layout(file, header)
                yield from file.unexpected_columns([name for name in layout.header if name], no_rows(layout.wanted))
        pending = data
        if layout is None:
            continue
        if pending:
            parsed = parse_block(pending, number, layout, is_last=is_long)
            number += parsed.used_lines
            pending = pending[parsed.used_bytes :]
            yield RawChunk(parsed.rows, parsed.rejected)
        if isinstance(item, LongLine):
            yield RawChunk(no_rows(layout.wanted), [too_long(number, item.head, file.encoding)])
            number += 1
    if layout is not None and pending:
        parsed = parse_block(pending, number, layout, is_last=True)
        yield RawChunk(parsed.rows, parsed.rejected)
    elif layout is None and pending:
        yield file.unreadable("its header has a quote that is not closed")
    elif layout is None:
        yield file.warning("is blank")


def _take_header(data: bytes, encoding: str, delimiter: str, *, is_last: bool) -> tuple[bytes, int, tuple[str, ...] | str | None]:
    """Cut off the header, the first record that is not blank.

    Returns:
        The rest and the number of lines used; then the header's names, or what is wrong with it, or None if more lines are needed.
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
                if any(name.count(delimiter) >= max(2, lines) for name in names if (lines := name.count("\n"))):
                    return rest, used, "a name of its header holds records: a quote is not closed, or closed too late"
                # Spreadsheets break long names over lines.
                return rest, used + joined, tuple(" ".join(name.split("\n")).strip() for name in names)
            except QuoteOpenError:
                if not rest and not is_last:
                    return data, 0, None
                line, _, rest = rest.partition(b"\n")
                text += "\n" + line.removesuffix(b"\r").decode(encoding)
    except UnicodeDecodeError:
        return rest, used, f"its header is not {encoding}: set the encoding that the file has, or deliver it again"
    except QuoteMisplacedError:
        pass
    return rest, used, "its header has a quote that is not closed"


def _layout(file: RawFile, header: tuple[str, ...]) -> Layout:
    header = file.with_aliases(header)
    named = tuple(name for name in header if name)
    file.check_columns(named)
    return Layout(file.encoding, file.delimiter, header, named if file.columns is None else file.columns)


def guess_delimiter(head: bytes, encoding: str) -> str:
    """The delimiter that splits the first records into equally many fields, and into as many as possible."""
    lines = [line.removesuffix("\r") for line in head.decode(encoding, errors="replace").split("\n")[:50] if line.strip()]

    def agreement(delimiter: str) -> tuple[float, int]:
        widths = _widths(lines, delimiter)
        width, count = max(Counter(widths).items(), key=lambda item: (item[1], item[0]), default=(1, 0))
        return (count / len(widths) if width > 1 else 0.0, width)

    return max(DELIMITERS, key=agreement)


def _widths(lines: list[str], delimiter: str) -> list[int]:
    """The number of fields of each record, lines of one record joined; 0 for a record that cannot be split."""
    widths: list[int] = []
    text = ""
    for line in lines:
        text = f"{text}\n{line}" if text else line
        try:
            widths.append(len(split_record(text, delimiter)))
        except QuoteOpenError:
            continue
        except QuoteMisplacedError:
            widths.append(0)
        text = ""
    return [*widths, 0] if text else widths
