"""Rows that a step refuses after they were written are not there afterwards."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from expectations.contracts.silver import LINK
from jobs.engine.lake import Lake
from jobs.lake.tables import arrow_schema

DAY, OTHER = date(2026, 6, 30), date(2026, 6, 29)
WHERE = "as_of"


def write(lake: Lake, *complaints: str) -> None:
    rows = [(each, "E", 0.9, "name", datetime(2026, 6, 1, tzinfo=UTC), DAY) for each in complaints]
    schema = arrow_schema(LINK)
    table = pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)
    lake.replace_arrow(table, LINK, f"as_of = '{DAY}'")


def held(lake: Lake) -> list[str]:
    return sorted(lake.arrow(LINK, columns=["complaint_id"])["complaint_id"].to_pylist())


def refuse(lake: Lake, *complaints: str, noted: int | None = None) -> None:
    try:
        with lake.put_back_on_failure(LINK, lake.version_before(LINK, WHERE, noted)):
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
    with pytest.raises(KeyboardInterrupt), lake.put_back_on_failure(LINK, lake.version_before(LINK, WHERE, None)):
        raise KeyboardInterrupt
    assert not lake.exists(LINK)
    write(lake, "a")
    version = lake.version(LINK)
    with pytest.raises(KeyboardInterrupt), lake.put_back_on_failure(LINK, lake.version_before(LINK, WHERE, None)):
        raise KeyboardInterrupt
    assert lake.version(LINK) == version


def test_after_a_kill_the_version_from_before_it_holds_while_nobody_else_wrote(tmp_path: Path) -> None:
    lake, own = Lake(tmp_path), f"as_of = '{DAY}'"
    write(lake, "a")
    before = lake.version_before(LINK, own, None)
    write(lake, "refused")  # and then the process was killed
    assert lake.version_before(LINK, own, before) == before
    refuse(lake, "refused", noted=before)
    assert held(lake) == ["a"]
    lake.replace_arrow(lake.arrow(LINK).slice(0, 0), LINK, f"as_of = '{OTHER}'")
    assert lake.version_before(LINK, own, before) == lake.version(LINK), "another's rows must not go with it"


def test_what_ends_well_stands(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    with lake.put_back_on_failure(LINK, lake.version_before(LINK, WHERE, None)):
        write(lake, "a")
    assert held(lake) == ["a"]
