"""JSON Lines: every value as it was written, every line a row or rejected."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .raw_reading import Found, mapping_of, read_all, write

COLUMNS = ("id", "v")


def found_in(folder: Path, content: str | bytes, block_bytes: int = 4 << 20, **options: object) -> Found:
    data = content if isinstance(content, bytes) else content.encode()
    return read_all(write(folder, "a.jsonl", data), mapping_of("jsonl", COLUMNS, **options), block_bytes)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('"甲"', "甲"),
        ("1.10", "1.10"),
        ("12345678901234567890", "12345678901234567890"),
        ("1e5", "1e5"),
        ("true", "true"),
        ("false", "false"),
        ("null", None),
        ('""', None),
        ('{"b": 1.10, "a": ["甲", null, true]}', '{"a": ["甲", null, true], "b": 1.10}'),
        ("[]", "[]"),
    ],
)
def test_a_value_is_text_as_it_was_written(tmp_path: Path, written: str, read: str | None) -> None:
    found = found_in(tmp_path, f'{{"id": 7, "v": {written}}}\n')
    assert found.values == [{"id": "7", "v": read}]


def test_a_missing_key_is_null_and_an_extra_one_is_found(tmp_path: Path) -> None:
    found = found_in(tmp_path, '{"id": "1", "x": 1}\n{"v": "2", "x": 2}\n')
    assert found.values == [{"id": "1", "v": None}, {"id": None, "v": "2"}]
    assert (found.unexpected, found.warnings) == (["x"], [])


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b'{"id": 1', "not_json"),
        (b"id,v", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'{"id": ' + b"[" * 2_000 + b"]" * 2_000 + b"}", "not_json"),
        (b'{"id": "\\ud800"}', "not_json"),
        (b"[1, 2]", "not_a_json_object"),
        (b"3", "not_a_json_object"),
        (b'"text"', "not_a_json_object"),
        (b"null", "not_a_json_object"),
        (b'{"id": "\xff"}', "wrong_encoding"),
        (b'{"id": "\0"}', "nul_byte"),
        (b'{"id": "\\u0000"}', "nul_byte"),
        (b'{"id": "' + b"x" * (10 << 20) + b'"}', "line_too_long"),
    ],
)
def test_a_bad_line_is_turned_away_and_its_neighbours_are_kept(tmp_path: Path, line: bytes, rule: str) -> None:
    found = found_in(tmp_path, b'{"id": "1"}\n' + line + b'\n\n{"id": "2"}\r\n')
    assert found.rows == [1, 4]
    assert found.rules == [(2, rule)]
    assert len(found.rejected[0].raw) <= 2_000


def test_an_escaped_pair_is_one_character(tmp_path: Path) -> None:
    assert found_in(tmp_path, '{"id": "\\ud842\\udfb7"}\n').values[0]["id"] == "𠮷"


def test_the_same_text_is_read_in_gb18030(tmp_path: Path) -> None:
    assert found_in(tmp_path, '{"id": "甲"}\n'.encode("gb18030"), encoding="gb18030").values[0]["id"] == "甲"


def test_garbage_gives_no_row_and_loses_no_line(tmp_path: Path) -> None:
    found = found_in(tmp_path, bytes(range(1, 256)) * 5)
    assert found.values == []
    assert len(found.rejected) == 6


def test_an_empty_file_has_no_records_and_a_warning(tmp_path: Path) -> None:
    found = found_in(tmp_path, "")
    assert (found.values, found.rejected, len(found.warnings)) == ([], [], 1)


def test_utf16_under_another_name_is_one_rejected_record(tmp_path: Path) -> None:
    assert found_in(tmp_path, '{"id": 1}\n'.encode("utf-16")).rules == [(0, "file_unreadable")]


PIECES = st.sampled_from(
    [b'{"id": "1"}', b'{"id": 1, "v": [2]}', b"\n", b"\n", b"\r\n", b"{", b"}", b'"', b"\xff", b"\0", b"1", b" "]
)


@given(content=st.lists(PIECES, max_size=40).map(b"".join), block_bytes=st.integers(1, 30))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_line_that_is_not_blank_is_a_row_or_rejected(tmp_path: Path, content: bytes, block_bytes: int) -> None:
    found = found_in(tmp_path, content, block_bytes)
    lines = {number for number, line in enumerate(content.split(b"\n"), start=1) if line.strip()}
    taken = [*found.rows, *(record.row for record in found.rejected)]
    assert sorted(taken) == sorted(lines)
