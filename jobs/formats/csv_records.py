"""The records of delimited text: sound lines go through a vectorised parser, the others one by one through a strict parser.

The delimiter separates fields. A field that begins with a double quote ends with one and may hold line feeds; two quotes inside it
mean one. A quote elsewhere is an ordinary character. Both parsers give the same rows and rejections, and a test compares them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from jobs.formats.raw_records import LONGEST_RAW, RAW, ROW, RejectedRecord, text_table
from jobs.formats.text_lines import LONGEST_LINE, Block, show, split_block, too_long

MOST_JOINED_LINES = 50
"""A quoted field may span at most this many physical lines."""
_MARK = "\ufeff"


@dataclass(frozen=True)
class Layout:
    """How the lines of a file are split.

    Attributes:
        encoding: a line-safe encoding.
        delimiter: one ASCII character.
        header: the header's fields.
        wanted: the fields to keep.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    wanted: tuple[str, ...]


class QuoteOpenError(Exception):
    """The text ends inside a quoted field."""


class QuoteMisplacedError(Exception):
    """A quoted field ends before its delimiter."""


def split_record(text: str, delimiter: str) -> list[str]:
    """The fields of one record.

    Raises:
        QuoteOpenError: when a quoted field is open at the end; more lines may close it.
        QuoteMisplacedError: when something follows a closing quote; no further line can repair that.
    """
    fields: list[str] = []
    start = 0
    while True:
        if text.startswith('"', start):
            end = _closing_quote(text, start + 1)
            fields.append(text[start + 1 : end].replace('""', '"'))
            start = end + 1
            if start < len(text) and text[start] != delimiter:
                raise QuoteMisplacedError
        else:
            end = text.find(delimiter, start)
            end = len(text) if end < 0 else end
            fields.append(text[start:end])
            start = end
        if start >= len(text):
            return fields
        start += 1


def _closing_quote(text: str, start: int) -> int:
    while True:
        end = text.find('"', start)
        if end < 0:
            raise QuoteOpenError
        if not text.startswith('"', end + 1):
            return end
        start = end + 2


@dataclass
class Parsed:
    """The result of parsing a block of lines."""

    rows: pa.Table
    rejected: list[RejectedRecord]
    used_lines: int
    used_bytes: int


@dataclass
class _Strict:
    """The records and rejections of the strict parser."""

    numbers: list[int] = field(default_factory=list)
    records: list[list[str]] = field(default_factory=list)
    raws: list[str] = field(default_factory=list)
    rejected: list[RejectedRecord] = field(default_factory=list)


def parse_block(data: bytes, first: int, layout: Layout, *, is_last: bool, is_strict_only: bool = False) -> Parsed:
    """Parse complete lines.

    Args:
        first: the number of the first line.
        is_last: whether no more lines follow. Otherwise a record that is open at the end stays unused.
        is_strict_only: parse every line strictly, as the reference for tests.
    """
    block = split_block(data, layout.encoding)
    is_blank = _mask(pc.equal(block.texts, ""))
    is_sound = np.zeros(len(is_blank), bool) if is_strict_only else _sound(block, layout)
    strict = _Strict()
    used = len(is_blank)
    index = -1
    for candidate in np.flatnonzero(~is_sound & ~is_blank).tolist():
        if candidate <= index:
            continue
        taken = _parse_strictly(block, candidate, first, layout, strict, is_last)
        if taken == 0:
            used = candidate
            break
        index = candidate + taken - 1
        is_sound[candidate : index + 1] = False
    is_sound[used:] = False
    rows = _parse_sound(block, is_sound & ~is_blank, first, layout, strict)
    used_bytes = int(block.starts[used]) if used < len(is_blank) else len(data)
    return Parsed(_merge(rows, strict, layout), sorted(strict.rejected, key=lambda record: record.row), used, used_bytes)


def _mask(values: pa.Array) -> np.ndarray:
    return np.asarray(values.fill_null(False).to_numpy(zero_copy_only=False), dtype=bool)


def _sound(block: Block, layout: Layout) -> np.ndarray:
    """A mask of the lines that are certainly one record, and that both parsers read alike."""
    texts, delimiter = block.texts, layout.delimiter
    sound = _mask(texts.is_valid()) & (block.sizes <= LONGEST_LINE)
    counts = pc.count_substring(texts, delimiter).fill_null(0).to_numpy(zero_copy_only=False)
    has_count = counts == len(layout.header) - 1
    if b'"' in block.data:
        is_quoted = _mask(pc.match_substring(texts, '"'))
        d = re.escape(delimiter)
        one = f'(?:"(?:[^"]|"")*"|[^"{d}][^{d}]*|)'
        sound &= np.where(is_quoted, _mask(pc.match_substring_regex(texts, f"^{one}(?:{d}{one})*$")), has_count)
    else:
        sound &= has_count
    for character in ("\0", "\r"):
        if character.encode() in block.data:
            sound &= ~_mask(pc.match_substring(texts, character))
    # The vectorised parser would remove a byte order mark at its beginning.
    return sound & ~_mask(pc.starts_with(texts, _MARK))


def _parse_strictly(block: Block, index: int, first: int, layout: Layout, strict: _Strict, is_last: bool) -> int:
    """Parse one record strictly. Return the lines it takes; 0 when it is open and more lines may follow."""
    number = first + index
    fault = _line_fault(block, index, number, layout)
    if fault is not None:
        strict.rejected.append(fault)
        return 1
    text = block.texts[index].as_py()
    taken = 1
    while True:
        try:
            fields = split_record(text, layout.delimiter)
            break
        except QuoteMisplacedError:
            return _unbalanced(block, index, number, layout, strict)
        except QuoteOpenError:
            more, has_more = _joined(block, index + taken, first, layout, MOST_JOINED_LINES - taken)
            if not has_more and not is_last and index + taken + len(more) >= len(block.texts):
                return 0 if taken + len(more) < MOST_JOINED_LINES else _unbalanced(block, index, number, layout, strict)
            text = "\n".join([text, *more])
            taken += len(more)
            if not has_more or len(text) > LONGEST_LINE:
                return _unbalanced(block, index, number, layout, strict)
    if len(fields) != len(layout.header):
        if taken > 1:
            return _unbalanced(block, index, number, layout, strict)
        strict.rejected.append(_wrong_count(number, text, len(fields), layout))
        return 1
    strict.numbers.append(number)
    strict.records.append(fields)
    strict.raws.append(text)
    return taken


def _joined(block: Block, start: int, first: int, layout: Layout, most: int) -> tuple[list[str], bool]:
    """The lines from ``start`` to the first with a quote, and whether one was found before a fault or the end."""
    more: list[str] = []
    size = 0
    for index in range(start, min(start + most, len(block.texts))):
        if _line_fault(block, index, first + index, layout) is not None:
            return more, False
        text = block.texts[index].as_py()
        more.append(text)
        size += len(text)
        if '"' in text:
            return more, True
        if size > LONGEST_LINE:
            return more, False
    return more, False


def _unbalanced(block: Block, index: int, number: int, layout: Layout, strict: _Strict) -> int:
    reason = f"line {number} has a quote that is not closed before the field's end"
    raw = show(block.bytes_of(index), layout.encoding)
    strict.rejected.append(RejectedRecord(number, raw, "unbalanced_quote", reason))
    return 1


def _wrong_count(number: int, text: str, fields: int, layout: Layout) -> RejectedRecord:
    reason = f"line {number} has {fields} fields where the header has {len(layout.header)}"
    return RejectedRecord(number, text[:LONGEST_RAW], "wrong_field_count", reason)


def _line_fault(block: Block, index: int, number: int, layout: Layout) -> RejectedRecord | None:
    """The fault that makes a physical line unusable by itself; None for a good line."""
    if block.sizes[index] > LONGEST_LINE:
        return too_long(number, block.bytes_of(index), layout.encoding)
    text = block.texts[index].as_py()
    if text is None:
        return RejectedRecord(
            number, show(block.bytes_of(index), layout.encoding), "wrong_encoding", f"line {number} is not {layout.encoding}"
        )
    if "\0" in text:
        return RejectedRecord(number, text[:LONGEST_RAW], "nul_byte", f"line {number} holds a NUL character")
    return None


def _parse_sound(block: Block, keep: np.ndarray, first: int, layout: Layout, strict: _Strict) -> pa.Table:
    """Parse lines that are whole records; reject those with too many or too few fields."""
    places = np.flatnonzero(keep)
    if len(places) == 0:
        return text_table({name: [] for name in layout.wanted}, [], [])
    lines = block.texts if keep.all() else block.texts.filter(pa.array(keep))
    wrong: list[int] = []

    def skip(row: arrow_csv.InvalidRow) -> str:
        wrong.append(row.number - 1)
        return "skip"

    # Columns are named by position, since a header may have blank names.
    names = [f"{position}" for position in range(len(layout.header))]
    body = pc.binary_join(pa.ListArray.from_arrays([0, len(lines)], lines), "\n")[0].as_buffer()
    parsed = arrow_csv.read_csv(
        pa.BufferReader(body),
        read_options=arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=body.size + 1),
        parse_options=arrow_csv.ParseOptions(delimiter=layout.delimiter, invalid_row_handler=skip),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=[names[layout.header.index(name)] for name in layout.wanted],
            strings_can_be_null=False,
            check_utf8=False,
        ),
    )
    if wrong:
        for position in wrong:
            text = lines[position].as_py()
            fields = len(split_record(text, layout.delimiter))
            strict.rejected.append(_wrong_count(first + int(places[position]), text, fields, layout))
        is_right = np.ones(len(places), bool)
        is_right[wrong] = False
        places, lines = places[is_right], lines.filter(pa.array(is_right))
    numbers = pa.array(places.astype(np.int64) + first)
    return parsed.rename_columns(list(layout.wanted)).append_column(ROW, numbers).append_column(RAW, lines)


def _merge(rows: pa.Table, strict: _Strict, layout: Layout) -> pa.Table:
    if not strict.records:
        return rows
    places = {name: layout.header.index(name) for name in layout.wanted}
    values: dict[str, list[str | None]] = {name: [record[place] for record in strict.records] for name, place in places.items()}
    return pa.concat_tables([rows, text_table(values, strict.numbers, strict.raws)]).sort_by(ROW)
