"""Rows that a step refuses after they were written are not there afterwards."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from expectations.contracts.silver import LINK
from jobs.runtime.lake import Lake, arrow_schema

DAY = date(2026, 6, 30)


def write(lake: Lake, *complaints: str) -> None:
    rows = [(each, "E", 0.9, "name", datetime(2026, 6, 1, tzinfo=UTC), DAY) for each in complaints]
    schema = arrow_schema(LINK)
    table = pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)
    lake.replace_arrow(table, LINK, f"as_of = '{DAY}'")


def held(lake: Lake) -> list[str]:
    return sorted(lake.arrow(LINK, columns=["complaint_id"])["complaint_id"].to_pylist())


def refuse(lake: Lake, *complaints: str) -> None:
    try:
        with lake.put_back_on_failure(LINK):
            write(lake, *complaints)
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        return
    pytest.fail("what ended the block was swallowed")


def test_a_table_holds_again_what_it_held_before(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    write(lake, "a", "b")
    refuse(lake, "c")
    assert held(lake) == ["a", "b"]


def test_a_table_that_was_not_there_holds_nothing(tmp_path: Path) -> None:
    refuse(Lake(tmp_path), "c")
    assert held(Lake(tmp_path)) == []


def test_a_failure_before_anything_was_written_writes_nothing(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    with pytest.raises(KeyboardInterrupt), lake.put_back_on_failure(LINK):
        raise KeyboardInterrupt
    assert not lake.exists(LINK)
    write(lake, "a")
    version = lake.version(LINK)
    with pytest.raises(KeyboardInterrupt), lake.put_back_on_failure(LINK):
        raise KeyboardInterrupt
    assert lake.version(LINK) == version


def test_what_ends_well_stands(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    with lake.put_back_on_failure(LINK):
        write(lake, "a")
    assert held(lake) == ["a"]
