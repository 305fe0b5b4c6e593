"""Parquet days whose columns have other types than the days before: each day is read by its own types."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from expectations.contracts.registry import BRONZE
from jobs.foundation.errors import ConfigError
from jobs.lake.batches import BatchBook
from tests.jobs.sources.conftest import Shop

VISITS = """
contract = "inspection"
owner = "inspectorate"
format = "parquet"
files = "shops/{delivered_on}/*.parquet"
delivery = "increment"
[raw]
columns = ["id", "breaches"]
[columns]
inspection_id = "id"
entity_id = "'S'"
selected_by = "'other'"
visit_status = "'inspected'"
inspected_on = "DATE'2025-12-31'"
found_violation = "false"
breaches = "cast(breaches as int)"
"""


NOON = datetime(2026, 1, 1, 12)


def deliver(shop: Shop, day: int, breaches: pa.Array, name: str = "a") -> None:
    path = shop.sources / "shops" / f"2026-01-0{day}" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table({"id": [f"{name}/{day}/{at}" for at in range(len(breaches))], "breaches": breaches}), path)


TYPED: dict[str, tuple[Any, ...]] = {
    "all null": (pa.nulls(2), 2),
    "text": (pa.array(["3", "4"]), 2),
    "decimal": (pa.array([3, 4]).cast(pa.decimal128(30, 2)), 2),
    "list": (pa.array([[3], [4]]), 0),
    "struct": (pa.array([{"a": 3}, {"a": 4}]), 0),
    "binary": (pa.array([b"\xff", b"4"]), 0),
}


@pytest.mark.parametrize("first", list(TYPED))
@pytest.mark.parametrize("is_daily", [True, False], ids=["daily", "at once"])
def test_a_day_of_other_types_leaves_the_sound_days_in_use(shop: Shop, first: str, is_daily: bool) -> None:
    shop.change_mapping(lambda _: VISITS)
    odd, kept = TYPED[first]
    deliver(shop, 1, odd)
    if is_daily:
        # While no day can be mapped, the mapping may be wrong, and the error says so.
        with nullcontext() if kept else pytest.raises(ConfigError, match="the mapping of breaches"):
            shop.ingest("2026-01-01")
    deliver(shop, 2, pa.array([3, 4]))
    deliver(shop, 3, odd)
    shop.ingest("2026-01-03")
    found = BatchBook(shop.lake.home, "shops").batches
    assert [found[date(2026, 1, day)].counts.kept for day in (1, 2, 3)] == [kept, 2, kept]
    assert [bool(found[date(2026, 1, day)].unusable) for day in (1, 2, 3)] == [not kept, False, not kept]


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (pa.array([3]), pa.array(["4"]), ["3", "4"]),
        (pa.array(["03"]), pa.array([4]), ["03", "4"]),
        (pa.array([3.5, float("nan")]), pa.array([float("nan")], pa.float32()), ["3.5", None, None]),
        (pa.array([3]), pa.array(["04"]), None),
        (pa.array([3]), pa.array(["four"]), None),
        (pa.array([3]), pa.array([4.5]), None),
        (pa.array([0.5], pa.float32()), pa.array([0.1]), None),
        (pa.array([date(2026, 1, 1)]), pa.array([datetime(2026, 1, 1, 9, 30)]), None),
        (pa.array([NOON]), pa.array([NOON]).cast(pa.timestamp("us", "UTC")), None),
        (pa.array([NOON]).cast(pa.timestamp("us", "UTC")), pa.array([NOON]), None),
        (pa.array([NOON]).cast(pa.timestamp("us", "Asia/Shanghai")), pa.array([NOON]), None),
        (
            pa.array([NOON]).cast(pa.timestamp("us", "Asia/Shanghai")),
            pa.array([NOON]).cast(pa.timestamp("ms", "UTC")),
            ["2026-01-01 12:00:00"] * 2,
        ),
    ],
)
def test_a_file_whose_values_would_change_in_the_types_of_the_file_before_stops_its_day(
    shop: Shop, first: pa.Array, second: pa.Array, kept: list[str | None] | None
) -> None:
    shop.change_mapping(lambda _: VISITS.replace('"cast(breaches as int)"', '"0"\nresult = "cast(breaches as string)"'))
    deliver(shop, 1, first)
    deliver(shop, 1, second, name="b")
    shop.ingest("2026-01-01")
    (batch,) = BatchBook(shop.lake.home, "shops").batches.values()
    values = [row["result"] for row in shop.lake.read(BRONZE["inspection"]).orderBy("inspection_id").collect()]
    assert values == (kept or [])
    assert (
        [why.partition(",")[0] for why in batch.unusable] == []
        if kept
        else ["shops/2026-01-01/b.parquet: its columns have other types"]
    )
