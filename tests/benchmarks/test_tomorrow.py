"""The next day's deliveries have valid new records of about one entity in two hundred."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks.harness.tomorrow import deliver_next_day
from simulation.generate import generate_world

LAST, DAY = date(2026, 6, 30), "2026-07-01"


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    world = tmp_path_factory.mktemp("next_day") / "world"
    generate_world(entities=6000, months=12, seed=4, out=world, as_of=LAST)
    return world / "sources", deliver_next_day(world / "sources", LAST)


def test_about_one_entity_in_two_hundred_has_new_records(delivered: tuple[Path, dict[str, int]]):
    sources, counts = delivered
    taxed = set(pq.read_table(sources / "tax" / DAY / "returns.parquet")["nsrsbh"].to_pylist())
    with (sources / "registration" / DAY / "registration.csv").open(encoding="gb18030") as file:
        changed = {row["统一社会信用代码"] for row in csv.DictReader(file)}
    assert 15 <= len(taxed | changed) <= 45
    assert not taxed & changed
    assert all(counts.values()), "every source has new records"


def test_returns_are_delivered_again_filed_or_with_other_sales(delivered: tuple[Path, dict[str, int]]):
    sources, counts = delivered
    news = pq.read_table(sources / "tax" / DAY / "returns.parquet")
    before = pq.read_table(sources / "tax" / "2026-06-20" / "returns.parquet")
    assert news.schema.equals(before.schema)
    assert news.num_rows == counts["tax"]
    was = {(row["nsrsbh"], row["zsxm"], row["skssqq"]): row for row in before.to_pylist()}
    for row in news.to_pylist():
        old = was[row["nsrsbh"], row["zsxm"], row["skssqq"]]
        assert row["sbrq"] is not None
        assert row["xse"] != old["xse"] or not old["xse"]


def test_complaints_are_resolved_and_followed_by_new_ones(delivered: tuple[Path, dict[str, int]]):
    sources, counts = delivered
    lines = (sources / "complaint" / DAY / "complaints.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert len(records) == counts["complaint"]
    assert {record["处理结果"] for record in records} == {"已调解", "办理中"}
    assert len({record["投诉编号"] for record in records if record["处理结果"] == "办理中"}) == len(records) // 2


def test_the_same_world_gives_the_same_deliveries(delivered: tuple[Path, dict[str, int]]):
    sources, counts = delivered
    files = sorted(sources.glob(f"*/{DAY}/*"))
    first = [path.read_bytes() for path in files]
    assert deliver_next_day(sources, LAST) == counts, "deliveries of an earlier run are ignored"
    assert [path.read_bytes() for path in files] == first
