"""Sums that no later day can build on go; all others stay, with the days that they build on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa

from expectations.contracts.state import TAX_SUMS
from jobs.lake_care.trim_sums import trim_sums
from jobs.runtime.files import write_json
from jobs.runtime.lake import Lake, arrow_schema
from jobs.runtime.manifest import note_path

APRIL, MAY = "2026-04-01", "2026-05-01"


def put(lake: Lake, day: str, settled: str, parts: list[str]) -> None:
    """A day's part of the sums, and the note of it."""
    schema = arrow_schema(TAX_SUMS)
    row = {**dict.fromkeys(schema.names, 0), "entity_id": "E", "as_of": date.fromisoformat(day), "changes_on": None}
    lake.replace_arrow(pa.Table.from_pylist([row], schema), TAX_SUMS, f"as_of = '{day}'")
    note = {"code": "c", "settled": settled, "deliveries": {}, "parts": parts}
    write_json(note_path(lake.home, "state/tax_sums", date.fromisoformat(day)), note)


def held(lake: Lake) -> list[str]:
    return sorted(str(day) for day in lake.arrow(TAX_SUMS, columns=["as_of"])["as_of"].to_pylist())


def noted(lake: Lake) -> list[str]:
    return sorted(path.stem for path in (lake.home / "manifests" / "state" / "tax_sums").glob("*.json"))


def test_sums_of_settled_months_before_the_newest_go_with_their_notes(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    put(lake, "2026-06-13", APRIL, ["2026-06-13"])
    put(lake, "2026-06-14", APRIL, ["2026-06-13", "2026-06-14"])
    put(lake, "2026-06-15", MAY, ["2026-06-15"])
    put(lake, "2026-06-16", MAY, ["2026-06-15", "2026-06-16"])
    assert trim_sums(lake, date(2026, 6, 16)) == ("2026-06-13", "2026-06-14")
    assert held(lake) == noted(lake) == ["2026-06-15", "2026-06-16"]
    version = lake.version(TAX_SUMS)
    assert trim_sums(lake, date(2026, 6, 16)) == ()
    assert lake.version(TAX_SUMS) == version, "a second time nothing is written"


def test_a_day_to_come_takes_nothing_from_the_days_before(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    put(lake, "2026-06-14", APRIL, ["2026-06-14"])
    put(lake, "2026-06-15", MAY, ["2026-06-15"])
    assert trim_sums(lake, date(2026, 6, 14)) == ()


def test_a_part_that_no_note_names_goes(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    put(lake, "2026-06-15", MAY, ["2026-06-15"])
    put(lake, "2026-06-16", MAY, ["2026-06-15"])
    assert trim_sums(lake, date(2026, 6, 16)) == ("2026-06-16",)


def test_a_home_without_sums_is_left_alone(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    assert trim_sums(lake, date(2026, 6, 16)) == ()
    assert not lake.exists(TAX_SUMS)
