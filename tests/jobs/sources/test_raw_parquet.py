"""Parquet: native types, NaN as NULL, and rows that cannot be decoded turned away one by one."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from jobs.formats.parquet_format import BATCH_BYTES, record_text
from jobs.formats.raw_records import LONGEST_RAW, FileProblem, RawFile
from jobs.formats.registry import read_file
from jobs.formats.text_lines import LONGEST_LINE

from .raw_reading import Found, mapping_of, read_all, read_raw, write

COLUMNS = ("id", "name", "amount", "at")


def table() -> pa.Table:
    return pa.table(
        {
            "id": pa.array([1, 2, 3], pa.int64()),
            "name": pa.array(["甲", "无", None], pa.large_string()),
            "amount": pa.array([1.5, float("nan"), None]),
            "at": pa.array([datetime(2026, 1, 2, 3, 4, 5)] * 3, pa.timestamp("ns")),
        }
    )


def saved(folder: Path, content: pa.Table | None = None, **options: object) -> Path:
    path = folder / "a.parquet"
    parquet.write_table(table() if content is None else content, path, **options)
    return path


def found_in(path: Path, **options: object) -> Found:
    return read_all(path, mapping_of("parquet", COLUMNS, nulls=["无"], **options))


def test_types_are_kept_and_nan_and_the_mappings_nulls_are_null(tmp_path: Path) -> None:
    found = found_in(saved(tmp_path))
    assert [record["id"] for record in found.values] == [1, 2, 3]
    assert [record["name"] for record in found.values] == ["甲", None, None]
    assert [record["amount"] for record in found.values] == [1.5, None, None]
    assert found.values[0]["at"] == datetime(2026, 1, 2, 3, 4, 5)
    assert found.rows == [1, 2, 3]
    assert found.raws == [None, None, None]


def test_rows_are_numbered_through_all_row_groups(tmp_path: Path) -> None:
    assert found_in(saved(tmp_path, row_group_size=1)).rows == [1, 2, 3]


def test_columns_are_found_by_name_in_any_order(tmp_path: Path) -> None:
    found = found_in(saved(tmp_path, table().select(["at", "amount", "name", "id"])))
    assert list(found.values[0]) == list(COLUMNS)


def test_a_declared_type_is_brought_about_whatever_the_file_has(tmp_path: Path) -> None:
    path = saved(tmp_path, table().set_column(0, "id", pa.array([1.0, 2.0, 3.0])))
    found = found_in(path, raw={"columns": list(COLUMNS), "types": {"id": "bigint"}})
    assert [record["id"] for record in found.values] == [1, 2, 3]


def test_an_amount_is_brought_to_the_declared_digits_behind_its_point(tmp_path: Path) -> None:
    path = saved(tmp_path, table().set_column(2, "amount", pa.array([Decimal("1.5"), Decimal("20"), None], pa.decimal128(5, 1))))
    found = found_in(path, raw={"columns": list(COLUMNS), "types": {"amount": "decimal(18,2)"}})
    assert [str(record["amount"]) for record in found.values] == ["1.50", "20.00", "None"]


def test_a_value_that_its_declared_type_cannot_hold_stops_the_source(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="column name") as caught:
        found_in(saved(tmp_path), raw={"columns": list(COLUMNS), "types": {"name": "bigint"}})
    assert caught.value.rule_id == "wrong_type"


def test_a_missing_column_stops_the_source(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="lacks the columns: amount") as caught:
        found_in(saved(tmp_path, table().drop_columns(["amount"])))
    assert caught.value.rule_id == "missing_columns"


def test_a_doubled_column_stops_the_source(tmp_path: Path) -> None:
    with pytest.raises(FileProblem) as caught:
        found_in(saved(tmp_path, table().append_column("id", pa.array([7, 8, 9]))))
    assert caught.value.rule_id == "duplicate_columns"


def test_a_table_without_rows_has_no_records(tmp_path: Path) -> None:
    found = found_in(saved(tmp_path, table().slice(0, 0)))
    assert (found.values, found.rejected, found.warnings) == ([], [], [])


@pytest.mark.parametrize("damage", ["truncated", "garbage", "text"])
def test_a_file_that_cannot_be_read_is_one_rejected_record(tmp_path: Path, damage: str) -> None:
    whole = saved(tmp_path).read_bytes()
    content = {"truncated": whole[: len(whole) // 2], "garbage": bytes(range(256)) * 9, "text": b"id,name\n1,a\n"}[damage]
    found = found_in(write(tmp_path, "b.parquet", content))
    assert found.values == []
    assert found.rules == [(0, "file_unreadable")]


def test_an_empty_file_has_no_records_and_a_warning(tmp_path: Path) -> None:
    found = found_in(write(tmp_path, "b.parquet", b""))
    assert (found.values, found.rejected, len(found.warnings)) == ([], [], 1)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_binary(), pa.list_(pa.string())])
def test_a_row_that_is_longer_than_a_line_may_be_is_turned_away_with_its_beginning(tmp_path: Path, kind: pa.DataType) -> None:
    values = ["y" * (LONGEST_LINE - 1000), "甲", "x" * (LONGEST_LINE + 1), "乙"]
    given = [[value] for value in values] if pa.types.is_list(kind) else values
    content = pa.table({"id": [1, 2, 3, 4], "name": pa.array(given, kind), "amount": [1.0] * 4, "at": [0] * 4})
    found = found_in(saved(tmp_path, content))
    assert found.rows == [1, 2, 4]
    assert found.rules == [(3, "line_too_long")]
    assert found.rejected[0].raw.startswith('{"id": 3, "name": ')
    assert len(found.rejected[0].raw) == LONGEST_RAW


def test_each_row_of_a_damaged_row_group_is_turned_away(tmp_path: Path) -> None:
    big = pa.concat_tables([table()] * 400)
    path = saved(tmp_path, big, row_group_size=600, use_dictionary=False, compression="snappy")
    content = bytearray(path.read_bytes())
    group = parquet.ParquetFile(path).metadata.row_group(1).column(1)
    start = group.data_page_offset
    content[start : start + 40] = b"\xff" * 40
    found = found_in(write(tmp_path, "b.parquet", bytes(content)))
    assert found.rows == list(range(1, 601))
    assert [record.row for record in found.rejected] == list(range(601, 1201))
    assert {record.rule_id for record in found.rejected} == {"file_unreadable"}


def test_a_row_is_rendered_as_json_when_asked(tmp_path: Path) -> None:
    piece = next(iter(read_raw(saved(tmp_path), mapping_of("parquet", COLUMNS))))
    assert record_text(piece.rows, 0) == '{"id": 1, "name": "甲", "amount": 1.5, "at": "2026-01-02 03:04:05"}'


TEXT = ["甲", "增值税\udcff\udcfe", "乙", None]
BROKEN = pa.array([None if text is None else text.encode("utf-8", "surrogateescape") for text in TEXT])


def unchecked(content: pa.Array, kind: pa.DataType) -> pa.Array:
    return pa.Array.from_buffers(kind, len(content), content.buffers())


@pytest.mark.parametrize(
    ("names", "types"),
    [
        (unchecked(BROKEN, pa.string()), {}),
        (unchecked(BROKEN, pa.string()).dictionary_encode(), {}),
        (unchecked(BROKEN.cast(pa.large_binary()), pa.large_string()), {}),
        (BROKEN, {"name": "string"}),
        (BROKEN, {}),
        (pa.ListArray.from_arrays(pa.array(range(5), pa.int32()), unchecked(BROKEN, pa.string())), {}),
    ],
    ids=["text", "dictionary", "large text", "bytes declared as text", "bytes", "list"],
)
def test_a_row_with_text_that_is_not_utf_8_is_rejected_and_its_neighbours_are_kept(
    tmp_path: Path, names: pa.Array, types: dict[str, str]
) -> None:
    content = pa.table({"id": [1, 2, 3, 4], "name": names, "amount": [1.0] * 4, "at": [0] * 4})
    found = found_in(saved(tmp_path, content), raw={"columns": list(COLUMNS), "types": types})
    assert found.rows == [1, 3, 4]
    assert found.rules == [(2, "wrong_encoding")]
    assert found.rejected[0].reason == "row 2 has text that is not UTF-8"
    assert found.rejected[0].raw.startswith('{"id": 2, "name": ')
    if pa.types.is_string(names.type):
        assert "增值税\\\\xff\\\\xfe" in found.rejected[0].raw


YEAR_1, YEAR_10000, FAR = -719_162, 2_932_897, 100_000_000
"""The days from 1970 to the first days of these years, and to a day that no calendar of Python or Sail has."""


@pytest.mark.parametrize("is_dictionary", [False, True], ids=["plain", "dictionary"])
@pytest.mark.parametrize(
    ("kind", "a_day"),
    [(pa.date32(), 1), (pa.timestamp("ms"), 86_400_000), (pa.timestamp("us", tz="UTC"), 86_400_000_000)],
    ids=str,
)
def test_a_row_with_a_date_outside_the_years_1_to_9999_is_rejected_with_the_value(
    tmp_path: Path, kind: pa.DataType, a_day: int, is_dictionary: bool
) -> None:
    days = [YEAR_1, YEAR_10000 - 1, None, YEAR_1 - 1, YEAR_10000, FAR, -FAR]
    whole = pa.int32() if kind == pa.date32() else pa.int64()
    at = pa.array([None if day is None else day * a_day for day in days], whole).view(kind)
    content = pa.table(
        {"id": range(7), "name": list("abcdefg"), "amount": [1.0] * 7, "at": at.dictionary_encode() if is_dictionary else at}
    )
    found = found_in(saved(tmp_path, content))
    assert found.rows == [1, 2, 3]
    assert found.rules == [(row, "date_out_of_range") for row in (4, 5, 6, 7)]
    assert found.rejected[2].reason == "row 6 has a date or an instant outside the years 1 to 9999: at"
    assert found.rejected[2].raw == f'{{"id": 5, "name": "f", "amount": 1.0, "at": "{FAR * a_day} {kind}"}}'


def test_an_extreme_instant_that_is_declared_as_a_number_is_kept(tmp_path: Path) -> None:
    content = pa.table(
        {"id": [1], "name": ["a"], "amount": [1.0], "at": pa.array([2**63 - 1], pa.int64()).view(pa.timestamp("us"))}
    )
    found = found_in(saved(tmp_path, content), raw={"columns": list(COLUMNS), "types": {"at": "bigint"}})
    assert [record["at"] for record in found.values] == [2**63 - 1]


def amplified(folder: Path, words: list[str], rows: int) -> Path:
    """A file of some hundred bytes; decoded at once, its column has as many bytes as ``rows`` of the longest word."""
    places = pa.array([row % len(words) for row in range(rows)], pa.int32())
    names = pa.DictionaryArray.from_arrays(places, pa.array(words))
    content = pa.table({"id": range(rows), "name": names, "amount": [1.0] * rows, "at": [0] * rows})
    return saved(folder, content, compression="zstd")


@pytest.mark.parametrize("length", [LONGEST_LINE - 100, LONGEST_LINE + 100])
def test_a_small_file_is_not_decoded_to_gigabytes_at_once(tmp_path: Path, length: int) -> None:
    path = amplified(tmp_path, ["x" * length], 1_000)
    assert path.stat().st_size < 50_000
    before = pa.total_allocated_bytes()
    most = kept = rejected = 0
    for chunk in read_raw(path, mapping_of("parquet", COLUMNS)):
        most = max(most, pa.total_allocated_bytes() - before)
        kept, rejected = kept + chunk.rows.num_rows, rejected + len(chunk.rejected)
    assert kept + rejected == 1_000
    assert (kept == 0) == (length > LONGEST_LINE)
    assert most < 4 * BATCH_BYTES, f"{most:,} bytes were held"


def test_a_list_whose_values_would_be_gigabytes_is_rejected_unread(tmp_path: Path) -> None:
    words = pa.DictionaryArray.from_arrays(pa.array([0] * 30_000, pa.int32()), pa.array(["x" * 100_000]))
    content = pa.table({"id": [1, 2], "name": pa.ListArray.from_arrays([0, 1, 30_000], words), "amount": [1.0] * 2, "at": [0] * 2})
    found = found_in(saved(tmp_path, content, compression="zstd"))
    assert found.rules == [(1, "file_unreadable"), (2, "file_unreadable")]
    assert "write smaller row groups" in found.rejected[0].reason


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        ({"most_rows": 2}, "more than 2 records;"),
        ({"most_bytes": 100}, "more than 100 bytes;"),
        ({"most_bytes": 100_000}, "more than 100,000 bytes when decoded"),
    ],
)
def test_a_file_beyond_its_limits_stops_the_source(tmp_path: Path, limits: dict[str, int], what: str) -> None:
    path = amplified(tmp_path, ["x" * 50_000], 3)
    with pytest.raises(FileProblem, match=what) as caught:
        list(read_file("parquet", RawFile(path, **limits)))
    assert caught.value.rule_id == "too_large"
