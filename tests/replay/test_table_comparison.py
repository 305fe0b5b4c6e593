"""Two tables are the same when every row and every bit is."""

from __future__ import annotations

import struct

import pyarrow as pa
import pytest

from jobs.lake.table_comparison import Difference, compare

KEY = ("entity_id", "rank")
NAN = float("nan")
OTHER_NAN = struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000001))[0]


def table(*rows: tuple[str, int, float | None, str | None]) -> pa.Table:
    kinds = [("entity_id", pa.string()), ("rank", pa.int32()), ("margin", pa.float64()), ("reason", pa.string())]
    return pa.Table.from_pylist([dict(zip([name for name, _ in kinds], row, strict=True)) for row in rows], schema=pa.schema(kinds))


PUBLISHED = table(("a", 1, 0.5, "late"), ("a", 2, NAN, None), ("b", 1, None, "new"))


def test_the_order_of_rows_makes_no_difference() -> None:
    found = compare("gold.x", PUBLISHED, PUBLISHED.take([2, 0, 1]), KEY)
    assert (found.rows, found.differences, found.is_same) == (3, (), True)


def test_tables_without_rows_are_the_same() -> None:
    assert compare("gold.x", PUBLISHED.slice(0, 0), PUBLISHED.slice(0, 0), KEY).is_same


@pytest.mark.parametrize(
    ("was", "becomes"),
    [(0.5, 0.5000000000000001), (0.0, -0.0), (NAN, None), (None, 0.0), (NAN, OTHER_NAN), (0.5, None)],
)
def test_a_number_that_differs_by_a_bit_is_reported(was: float | None, becomes: float | None) -> None:
    (difference,) = compare("gold.x", table(("a", 1, was, "x")), table(("a", 1, becomes, "x")), KEY).differences
    assert (difference.column, difference.rows, difference.key) == ("margin", 1, {"entity_id": "a", "rank": 1})
    assert repr((difference.published, difference.made)) == repr((was, becomes))


def test_a_column_is_reported_once_with_the_first_differing_key() -> None:
    made = table(("a", 1, 0.5, "early"), ("a", 2, NAN, "late"), ("b", 1, None, "new"))
    found = compare("gold.x", PUBLISHED, made, KEY)
    assert found.differences == (Difference("reason", 2, {"entity_id": "a", "rank": 1}, "late", "early"),)


def test_missing_rows_are_reported_before_differing_columns() -> None:
    made = table(("a", 1, 0.75, "late"), ("b", 1, None, "new"), ("c", 3, 1.0, None), ("c", 4, 1.0, None))
    found = compare("gold.x", PUBLISHED, made, KEY)
    assert found.differences == (
        Difference("", 1, {"entity_id": "a", "rank": 2}, "a row", "no row"),
        Difference("", 2, {"entity_id": "c", "rank": 3}, "no row", "a row"),
        Difference("margin", 1, {"entity_id": "a", "rank": 1}, 0.5, 0.75),
    )


def test_a_duplicate_row_is_reported_and_the_others_are_compared() -> None:
    made = table(("a", 1, 0.5, "late"), ("a", 1, 0.5, "late"), ("a", 2, NAN, None), ("b", 1, 0.25, "new"))
    twice, margin = Difference("", 1, {"entity_id": "a", "rank": 1}, "a row", "2 rows"), {"entity_id": "b", "rank": 1}
    assert compare("gold.x", PUBLISHED, made, KEY).differences == (twice, Difference("margin", 1, margin, None, 0.25))
    assert not compare("gold.x", made, made, KEY).is_same
