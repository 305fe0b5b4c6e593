"""A Parquet footer that is damaged in any place is reported, and its sizes are those that Arrow reads."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from jobs.formats import parquet_format
from jobs.formats.parquet_footer import ColumnSize, column_sizes
from jobs.formats.raw_records import FileProblem
from tests.jobs.sources.raw_reading import mapping_of, read_all

MAPPING = mapping_of("parquet", ("a",))


@pytest.mark.parametrize("bit", [1, 2, 8])
def test_a_bit_flipped_in_a_footer_does_not_end_the_process_and_rows_are_numbered_without_a_gap(tmp_path: Path, bit: int) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"a": ["x", None, "y"]}), path, store_schema=False)
    content = path.read_bytes()
    length = int.from_bytes(content[-8:-4], "little")
    for at in range(len(content) - 8 - length, len(content) - 8):
        path.write_bytes(content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :])
        try:
            found = read_all(path, MAPPING)
        except FileProblem:
            continue
        rows = [row for row, _ in found.rules] + found.rows
        assert sorted(rows) == list(range(1, len(rows) + 1)) or rows == [0], f"byte {at}: {rows}"


def test_the_footer_is_read_once_however_many_row_groups_a_file_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, read = tmp_path / "a.parquet", []
    parquet.write_table(pa.table({"a": list("abcdef")}), path, row_group_size=1)

    def sizes(of: Path) -> list[list[ColumnSize]]:
        read.append(of)
        return column_sizes(of)

    monkeypatch.setattr(parquet_format, "column_sizes", sizes)
    assert read_all(path, MAPPING).rows == [1, 2, 3, 4, 5, 6]
    assert read == [path]


def test_the_sizes_of_a_footer_are_those_that_arrow_reads(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    columns = {
        "text": ["x", None, "y" * 200],
        "list": [[1, 2], [], None],
        "struct": [{"a": 1.5, "b": True}, None, {"a": -0.0, "b": None}],
        "map": pa.array([[("k", 1)], [], None], pa.map_(pa.string(), pa.int64())),
        **{f"n{at}": list(range(3)) for at in range(20)},
    }
    parquet.write_table(
        pa.table(columns), path, row_group_size=2, use_dictionary=["text"], sorting_columns=[parquet.SortingColumn(0)]
    )
    metadata = parquet.read_metadata(path)
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    expected = [
        [
            (column.num_values, column.total_uncompressed_size, column.has_dictionary_page)
            for column in map(group.column, range(metadata.num_columns))
        ]
        for group in groups
    ]
    assert [[(one.values, one.bytes, one.has_dictionary) for one in group] for group in column_sizes(path)] == expected


@pytest.mark.parametrize("footer", [b"\x19\xf7" + b"\xff" * 8 + b"\x0f", b"\x15" + b"\xff" * 100_000])
def test_a_footer_that_claims_more_than_it_holds_is_damaged_at_once(tmp_path: Path, footer: bytes) -> None:
    """A list of 2 to the power of 60 doubles, and a number of 100,000 bytes."""
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1")
    with pytest.raises(ValueError, match="the footer of the file is damaged"):
        column_sizes(path)
