"""State that no later day can build on goes; all other stays, with the days that it builds on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from expectations.contracts.contract import Contract
from expectations.contracts.state import STATE
from jobs.engine.lake import Lake
from jobs.lake.maintenance.retention import trim_state
from tests.jobs.lake.homes import put_state

APRIL, MAY = "2026-04-01", "2026-05-01"


@pytest.fixture(params=STATE, ids=lambda table: table.name)
def table(request: pytest.FixtureRequest) -> Contract:
    """Each table of state."""
    return request.param


def held(lake: Lake, table: Contract) -> list[str]:
    return sorted(str(day) for day in lake.arrow(table, columns=["as_of"])["as_of"].to_pylist())


def noted(lake: Lake, table: Contract) -> list[str]:
    return sorted(path.stem for path in (lake.home / "manifests" / "state" / table.name).glob("*.json"))


def test_state_and_notes_of_closed_months_before_the_newest_are_deleted(tmp_path: Path, table: Contract) -> None:
    lake = Lake(tmp_path)
    put_state(lake, table, "2026-06-13", APRIL, ["2026-06-13"])
    put_state(lake, table, "2026-06-14", APRIL, ["2026-06-13", "2026-06-14"])
    put_state(lake, table, "2026-06-15", MAY, ["2026-06-15"])
    put_state(lake, table, "2026-06-16", MAY, ["2026-06-15", "2026-06-16"])
    assert trim_state(lake, table, date(2026, 6, 16)) == ("2026-06-13", "2026-06-14")
    assert held(lake, table) == noted(lake, table) == ["2026-06-15", "2026-06-16"]
    version = lake.version(table)
    assert trim_state(lake, table, date(2026, 6, 16)) == ()
    assert lake.version(table) == version, "a second time nothing is written"


def test_a_day_to_come_takes_nothing_from_the_days_before(tmp_path: Path, table: Contract) -> None:
    lake = Lake(tmp_path)
    put_state(lake, table, "2026-06-14", APRIL, ["2026-06-14"])
    put_state(lake, table, "2026-06-15", MAY, ["2026-06-15"])
    assert trim_state(lake, table, date(2026, 6, 14)) == ()


def test_a_part_that_no_note_names_goes(tmp_path: Path, table: Contract) -> None:
    lake = Lake(tmp_path)
    put_state(lake, table, "2026-06-15", MAY, ["2026-06-15"])
    put_state(lake, table, "2026-06-16", MAY, ["2026-06-15"])
    assert trim_state(lake, table, date(2026, 6, 16)) == ("2026-06-16",)


def test_a_home_without_state_is_left_alone(tmp_path: Path, table: Contract) -> None:
    lake = Lake(tmp_path)
    assert trim_state(lake, table, date(2026, 6, 16)) == ()
    assert not lake.exists(table)
