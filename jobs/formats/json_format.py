"""JSON Lines: one object a line; every value becomes text, as it is written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa

from jobs.formats.raw_records import LONGEST_RAW, RAW, ROW, FileProblem, RawChunk, RawFile, RejectedRecord, no_rows, resembling
from jobs.formats.text_lines import LONGEST_LINE, LongLine, read_lines, show, text_reader, too_long


class _Number(str):
    """A number as it is written; a nested one is rendered without quotes."""

    __slots__ = ()


_DECODER = json.JSONDecoder(parse_float=_Number, parse_int=_Number, parse_constant=_Number)


@text_reader
def read_json(stream: BinaryIO, file: RawFile) -> Iterator[RawChunk]:
    """The records of a JSON Lines file, with the keys ``file.columns``; a key that an object lacks is NULL.

    Raises:
        FileProblem: when no object has a key, and most have a new one that resembles it.
    """
    columns, number, records = file.columns or (), 1, 0
    extra, unseen = Counter[str](), set(columns)
    for item in read_lines(stream, file.block_bytes):
        if isinstance(item, LongLine):
            yield RawChunk(no_rows(columns), [too_long(number, item.head, file.encoding)])
            number += 1
            continue
        rows, rejected, count = parse_objects(item.data, number, file, extra, unseen)
        number, records = number + count, records + rows.num_rows
        yield RawChunk(rows, rejected)
    if unseen and records:
        missing = [name for name in columns if name in unseen]
        if any(resembling(missing, new := [name for name, count in extra.items() if 2 * count >= records])):
            raise FileProblem("missing_columns", file.missing_sentence(missing, new))
        yield file.warning(f"has no record with the keys: {', '.join(missing)}")
    if extra:
        yield RawChunk(no_rows(columns), unexpected=tuple(sorted(extra)))


def json_text(value: Any) -> str | None:
    """A parsed value as text: a string as it is, a number as written, objects and arrays as JSON with sorted keys."""
    if value is None:
        return None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return _nested(value)


def _nested(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {_nested(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_nested(part) for part in value) + "]"
    if isinstance(value, _Number):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def parse_objects(
    data: bytes, first: int, file: RawFile, extra: Counter[str], unseen: set[str]
) -> tuple[pa.Table, list[RejectedRecord], int]:
    """Parse complete lines.

    Args:
        first: the number of the first line.
        file: how to read it.
        extra: is updated with the number of objects that have each key that is not expected.
        unseen: expected keys; those that an object has are removed.

    Returns:
        The rows, the rejected records, and the number of lines.
    """
    numbers: list[int] = []
    raws: list[str] = []
    records: list[dict[str, Any]] = []
    rejected: list[RejectedRecord] = []
    columns = file.columns or ()
    known = set(columns)
    lines = data.removesuffix(b"\n").split(b"\n")
    for number, line in enumerate(lines, start=first):
        body = line.removesuffix(b"\r")
        if not body.strip():
            continue
        record = _parse(body, number, file.encoding)
        if isinstance(record, RejectedRecord):
            rejected.append(record)
            continue
        text, parsed = record
        if file.aliases:
            parsed = dict(zip(file.with_aliases(tuple(parsed)), parsed.values(), strict=True))
        unseen.difference_update(parsed)
        numbers.append(number)
        raws.append(text)
        records.append(parsed)
        if not parsed.keys() <= known:
            extra.update(parsed.keys() - known)
    texts = {name: _text_array([record.get(name) for record in records]) for name in columns}
    return pa.table(texts | {ROW: pa.array(numbers, pa.int64()), RAW: pa.array(raws, pa.string())}), rejected, len(lines)


def _text_array(values: list[Any]) -> pa.Array:
    try:
        # Texts, and numbers as they are written, need no rendering.
        return pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([json_text(value) for value in values], pa.string())


def _parse(body: bytes, number: int, encoding: str) -> tuple[str, dict[str, Any]] | RejectedRecord:
    if len(body) > LONGEST_LINE:
        return too_long(number, body, encoding)
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        return RejectedRecord(number, show(body, encoding), "wrong_encoding", f"line {number} is not {encoding}")
    # A NUL may also hide behind its escape.
    if "\0" in text or "\\u0000" in text:
        return RejectedRecord(number, text[:LONGEST_RAW], "nul_byte", f"line {number} holds a NUL character")
    try:
        parsed = _DECODER.decode(text)
        if "\\u" in text:
            # Half of an escaped surrogate pair is no character and could not be stored.
            json_text([parsed]).encode()  # type: ignore[union-attr]
        elif isinstance(parsed, dict) and ("[" in text or text.count("{") > 1):
            _check_depth(parsed)
    except (ValueError, RecursionError) as error:
        reason = f"line {number} is not JSON: {error}"
        return RejectedRecord(number, text[:LONGEST_RAW], "not_json", reason)
    if not isinstance(parsed, dict):
        kind = type(parsed).__name__.removeprefix("_").lower()
        return RejectedRecord(number, text[:LONGEST_RAW], "not_a_json_object", f"line {number} is a JSON {kind}, not an object")
    return text, parsed


def _check_depth(parsed: dict[str, Any]) -> None:
    """Render nested values once, so that a record that is nested too deeply is rejected here.

    Raises:
        RecursionError: when a value is nested too deeply.
    """
    for value in parsed.values():
        if isinstance(value, dict | list):
            _nested(value)


def keys_of(data: bytes, encoding: str) -> tuple[str, ...]:
    """The keys of the objects in a file's first lines, in the order of first appearance."""
    found: dict[str, None] = {}
    for number, line in enumerate(data.split(b"\n"), start=1):
        record = _parse(line.removesuffix(b"\r"), number, encoding)
        if not isinstance(record, RejectedRecord):
            found |= dict.fromkeys(record[1])
    return tuple(found)
