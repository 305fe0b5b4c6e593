"""CSV: nothing vanishes, whatever a file holds, and the fast way gives what the strict way gives."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.formats.csv_records import Layout, parse_block
from jobs.formats.raw_records import FileProblem, RejectedRecord
from jobs.formats.text_lines import LONGEST_LINE
from jobs.profile.lookup_schema import Lookup
from jobs.sources.lookups import read_lookup

from .raw_reading import COLUMNS, mapping_of, read_all, write

HEADER = "编号,名称,金额\n"


def found_in(folder: Path, text: str | bytes, block_bytes: int = 4 << 20, **options: object):
    content = text if isinstance(text, bytes) else text.encode()
    return read_all(write(folder, "a.csv", content), mapping_of("csv", **options), block_bytes)


def test_a_clean_file_is_read_with_line_numbers_and_raw_text(tmp_path: Path) -> None:
    found = found_in(tmp_path, HEADER + "1,甲,5\n2,乙,\n")
    assert found.values == [{"编号": "1", "名称": "甲", "金额": "5"}, {"编号": "2", "名称": "乙", "金额": None}]
    assert found.rows == [2, 3]
    assert found.raws == ["1,甲,5", "2,乙,"]
    assert found.rejected == []


def test_columns_are_found_by_name_in_any_order(tmp_path: Path) -> None:
    found = found_in(tmp_path, "金额,编号,名称\n5,1,甲\n")
    assert found.values == [{"编号": "1", "名称": "甲", "金额": "5"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-32", "utf-16-le"])
def test_the_same_text_is_read_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    found = found_in(tmp_path, (HEADER + '1,"甲,乙",5\r\n').encode(encoding), encoding=encoding)
    assert found.values == [{"编号": "1", "名称": "甲,乙", "金额": "5"}]


def test_text_whose_line_feeds_are_other_bytes_is_read(tmp_path: Path) -> None:
    found = found_in(tmp_path, "id,name\n1,a\n2\n".encode("cp037"), columns=("id", "name"), encoding="cp037")
    assert found.values == [{"id": "1", "name": "a"}]
    assert found.rules == [(3, "wrong_field_count")]


def test_bad_utf16_costs_its_own_line_only(tmp_path: Path) -> None:
    content = (HEADER + "1,甲,5\n").encode("utf-16-le") + b"\x00\xd8" + "2,乙,6\n3,丙,7\n".encode("utf-16-le")
    found = found_in(tmp_path, content, encoding="utf-16-le")
    assert found.rows == [2, 4]
    assert found.rules == [(3, "wrong_encoding")]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    assert found_in(tmp_path, b"\xef\xbb\xbf" + (HEADER + "1,a,5\n").encode()).values[0]["编号"] == "1"


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b"1,a", "wrong_field_count"),
        (b"1,a,5,6", "wrong_field_count"),
        (b'"1","a"', "wrong_field_count"),
        (b'1,"a,5', "unbalanced_quote"),
        (b'1,"a"b,5', "unbalanced_quote"),
        (b"1,\xff\xfe,5", "wrong_encoding"),
        (b"1,a\0,5", "nul_byte"),
        (b"1," + b"x" * (LONGEST_LINE + 1) + b",5", "line_too_long"),
    ],
)
def test_a_bad_line_is_turned_away_and_its_neighbours_are_kept(tmp_path: Path, line: bytes, rule: str) -> None:
    found = found_in(tmp_path, HEADER.encode() + b"0,before,1\n" + line + b'\n2,"after",3\n')
    assert [record["名称"] for record in found.values] == ["before", "after"]
    assert found.rows == [2, 4]
    assert found.rules == [(3, rule)]
    assert len(found.rejected[0].raw) <= 2_000


def test_undecodable_bytes_are_shown_as_escapes(tmp_path: Path) -> None:
    found = found_in(tmp_path, HEADER.encode() + b"1,\xff,5\n")
    assert found.rejected[0].raw == "1,\\xff,5"


def test_a_quoted_field_may_run_over_lines(tmp_path: Path) -> None:
    found = found_in(tmp_path, HEADER + '1,"甲\r\n乙 ""丙""",5\r\n2,丁,6\r\n')
    assert found.values[0]["名称"] == '甲\n乙 "丙"'
    assert found.rows == [2, 4]


@pytest.mark.parametrize(("lines", "is_kept"), [(50, True), (51, False)])
def test_a_quoted_field_runs_over_fifty_lines_at_most(tmp_path: Path, lines: int, is_kept: bool) -> None:
    body = "\n".join(["x"] * (lines - 2))
    found = found_in(tmp_path, HEADER + f'1,"a\n{body}\nb",5\n2,c,6\n', block_bytes=64)
    assert ([2, 2 + lines] == found.rows) is is_kept
    assert ((2, "unbalanced_quote") in found.rules) is not is_kept
    assert found.values[-1]["编号"] == "2"


def test_an_open_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    found = found_in(tmp_path, HEADER + '1,"a,5\n2,"b",6\n3,c,7\n')
    assert found.rules == [(2, "unbalanced_quote")]
    assert [record["编号"] for record in found.values] == ["2", "3"]


def test_a_lookups_file_is_read_with_all_its_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "l.csv", b"id,x\n1,\n2,b\n3\n")
    pieces = list(read_lookup(path, Lookup("l", "l.csv", "csv", ("id",))))
    assert [row["x"] for piece in pieces for row in piece.rows.to_pylist()] == [None, "b"]
    assert [record.row for piece in pieces for record in piece.rejected] == [4]


def test_a_quote_inside_a_plain_field_is_a_character(tmp_path: Path) -> None:
    assert found_in(tmp_path, HEADER + '1,5" pipe,9\n').values[0]["名称"] == '5" pipe'


def test_blank_lines_are_no_records_but_count_as_lines(tmp_path: Path) -> None:
    found = found_in(tmp_path, "\n" + HEADER + "\n\r\n1,a,5\n\n")
    assert found.rows == [5]
    assert found.rejected == []


def test_the_mappings_null_values_are_null_in_every_column(tmp_path: Path) -> None:
    found = found_in(tmp_path, HEADER + "无, - ,5\n", nulls=["无", "-"])
    assert found.values == [{"编号": None, "名称": None, "金额": "5"}]
    assert found.raws == ["无, - ,5"]


def test_more_columns_than_expected_are_a_warning(tmp_path: Path) -> None:
    found = found_in(tmp_path, "编号,名称,金额,备注,\n1,a,5,x,\n")
    assert found.values == [{"编号": "1", "名称": "a", "金额": "5"}]
    assert (found.unexpected, found.warnings) == (["备注"], [])


@pytest.mark.parametrize(
    ("header", "rule"),
    [("编号,名称\n", "missing_columns"), ("编号,名称,金额,金额\n", "duplicate_columns"), ("1,a,5\n", "missing_columns")],
)
def test_missing_or_duplicate_columns_stop_the_source(tmp_path: Path, header: str, rule: str) -> None:
    with pytest.raises(FileProblem) as caught:
        found_in(tmp_path, header + "1,a,5\n")
    assert caught.value.rule_id == rule
    assert "金额" in caught.value.reason


@pytest.mark.parametrize("block_bytes", [5, 4 << 20])
def test_a_name_in_the_header_may_run_over_lines(tmp_path: Path, block_bytes: int) -> None:
    found = found_in(tmp_path, '"编号","名\n称",金额\n1,a,5\n', block_bytes, columns=("编号", "名 称", "金额"))
    assert found.values == [{"编号": "1", "名 称": "a", "金额": "5"}]
    assert found.rows == [3]


@pytest.mark.parametrize("block_bytes", [5, 4 << 20])
def test_a_header_whose_quote_is_never_closed_makes_the_file_unreadable(tmp_path: Path, block_bytes: int) -> None:
    found = found_in(tmp_path, '"编号,名称,金额\n1,a,5\n', block_bytes)
    assert (found.values, found.rules) == ([], [(0, "file_unreadable")])


def test_a_header_that_holds_records_makes_the_file_unreadable(tmp_path: Path) -> None:
    found = found_in(tmp_path, '编号,名称,金额,"note\n1,a,5,\n2,b,6,"\n3,c,7,x\n')
    assert (found.values, found.rules) == ([], [(0, "file_unreadable")])
    assert "a name of its header holds records" in found.rejected[0].reason


def test_a_blank_file_has_no_records_and_a_warning(tmp_path: Path) -> None:
    assert found_in(tmp_path, "\n\n").warnings == ["the file a.csv is blank"]


def test_an_empty_file_has_no_records_and_a_warning(tmp_path: Path) -> None:
    found = found_in(tmp_path, b"")
    assert (found.values, found.rejected, found.warnings) == ([], [], ["the file a.csv is empty"])


def test_a_header_alone_has_no_records(tmp_path: Path) -> None:
    found = found_in(tmp_path, HEADER)
    assert (found.values, found.rejected, found.warnings) == ([], [], [])


@pytest.mark.parametrize(
    "content",
    [
        HEADER.encode("utf-16"),
        (HEADER + "1,甲,5\n").encode("gb18030"),
        bytes(range(256)) * 40,
        b"\x1f\x8b\x08\0\0\0\0\0" * 9,
        b"x" * (LONGEST_LINE + 5),
    ],
    ids=["utf-16", "other encoding", "garbage", "compressed", "one endless line"],
)
def test_a_file_that_cannot_be_read_is_one_rejected_record(tmp_path: Path, content: bytes) -> None:
    found = found_in(tmp_path, content)
    assert found.values == []
    assert (0, "file_unreadable") in found.rules


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_file_without_the_mark_of_its_encoding_is_one_rejected_record_that_says_what_to_set(
    tmp_path: Path, encoding: str
) -> None:
    found = found_in(tmp_path, HEADER + "1,甲,5\n", encoding=encoding)
    assert (found.values, found.rules) == ([], [(0, "file_unreadable")])
    assert f"it is not {encoding}" in found.rejected[0].reason
    assert "set the encoding that the file has" in found.rejected[0].reason


def test_a_truncated_file_keeps_its_whole_lines(tmp_path: Path) -> None:
    whole = (HEADER + "1,甲,5\n2,乙,6\n").encode()
    found = found_in(tmp_path, whole[:-5])
    assert found.rows == [2]
    assert found.rules == [(3, "wrong_encoding")]


def test_a_line_of_many_megabytes_is_passed_over_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("wb") as file:
        file.write(HEADER.encode() + b"1,a,5\n2,")
        for _ in range(60):
            file.write(b"x" * (1 << 20))
        file.write(b",6\n3,c,7\n")
    tracemalloc.start()
    found = read_all(path, mapping_of("csv"), block_bytes=1 << 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.rows == [2, 4]
    assert found.rules == [(3, "line_too_long")]
    assert peak < 12 << 20


PIECES = st.sampled_from(
    [b"a", b"1", b",", b",", b'"', b'"', b'""', b"\n", b"\n", b"\r\n", b"\r", b"\0", b"\xff", b"\xe5\xb8", b" ", b"\xef\xbb\xbf",
     "市".encode(), b"a,b,c\n", b'"a","b\nc",d\n', b'x,"y""z",\n']
)  # fmt: skip
CONTENTS = st.lists(PIECES, max_size=60).map(b"".join)


def parsed_strictly(content: bytes, encoding: str) -> tuple[list[dict[str, object]], list[RejectedRecord]]:
    layout = Layout(encoding, ",", COLUMNS, COLUMNS)
    if not content:
        return [], []
    parsed = parse_block(content, 2, layout, is_last=True, is_strict_only=True)
    return parsed.rows.to_pylist(), parsed.rejected


@given(content=CONTENTS, encoding=st.sampled_from(["utf-8", "gb18030"]))
@settings(max_examples=300, deadline=None)
def test_the_fast_way_gives_what_the_strict_way_gives(content: bytes, encoding: str) -> None:
    if not content:
        return
    rows, rejected = parsed_strictly(content, encoding)
    fast = parse_block(content, 2, Layout(encoding, ",", COLUMNS, COLUMNS), is_last=True)
    assert fast.rows.to_pylist() == rows
    assert fast.rejected == rejected


@given(content=CONTENTS, block_bytes=st.integers(1, 40))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_block_boundaries_change_nothing(tmp_path: Path, content: bytes, block_bytes: int) -> None:
    path = write(tmp_path, "p.csv", b"x,y,z\n" + content)
    mapping = mapping_of("csv", ("x", "y", "z"), nulls=[])
    layout = Layout("utf-8", ",", ("x", "y", "z"), ("x", "y", "z"))
    found = read_all(path, mapping, block_bytes)
    if not content:
        assert found.rows == []
        return
    whole = parse_block(content, 2, layout, is_last=True, is_strict_only=True)
    assert found.rows == whole.rows["__row"].to_pylist()
    assert found.raws == whole.rows["__raw"].to_pylist()
    assert found.rejected == whole.rejected


@given(content=CONTENTS)
@settings(max_examples=150, deadline=None)
def test_every_line_that_is_not_blank_is_a_row_or_rejected(content: bytes) -> None:
    if not content:
        return
    rows, rejected = parsed_strictly(content, "utf-8")
    lines = [line.removesuffix(b"\r") for line in content.removesuffix(b"\n").split(b"\n")]
    taken = {record.row for record in rejected}
    for record in rows:
        first = int(str(record["__row"]))
        taken |= set(range(first, first + str(record["__raw"]).count("\n") + 1))
    assert {number for number, line in enumerate(lines, start=2) if line} <= taken
