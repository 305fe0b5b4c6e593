"""What a visit found becomes a label in the lake: with how the entity was selected, and when it became known."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from console.decisions.deliver import deliver
from console.decisions.models import Case
from jobs.cli import main
from tests.conftest import FinishedDay
from tests.console.conftest import HANGZHOU, Site

ROOT = Path(__file__).resolve().parents[2]
DAY = date(2026, 7, 1)


@pytest.fixture
def recorded(site: Site, send: Any) -> dict[str, str]:
    """Two results: one visit that found a violation after complaints, one that did not take place."""
    names = {}
    for said, reason in (
        (
            {
                "visit_status": "inspected",
                "inspected_on": str(DAY),
                "items_checked": 9,
                "breaches": 3,
                "severity": 2,
                "found_violation": "yes",
            },
            "complaints",
        ),
        ({"visit_status": "not_reachable"}, "cannot_tell"),
    ):
        subject = next(
            row for row in site.all_ranked(is_listed=True, region_middle=HANGZHOU) if row.entity_id not in names.values()
        )
        names[said["visit_status"]] = subject.entity_id
        send("wang", subject, "visit", reason=reason)
        case = Case.objects.get(entity_id=subject.entity_id)
        site.client("wang").post(f"/case/{case.pk}/result/", {"token": subject.entity_id, "version": case.version, **said})
    return names


@pytest.mark.usefixtures("recorded")
def test_a_day_given_again_gives_the_same_file_and_another_day_is_empty(tmp_path: Path) -> None:
    path, count = deliver(tmp_path, DAY)
    before = path.read_bytes()
    deliver(tmp_path, DAY)

    assert count == 2
    assert path.read_bytes() == before
    assert deliver(tmp_path, date(2026, 7, 2))[1] == 0


def test_a_result_is_in_silver_with_how_it_was_selected_and_from_when_it_was_known(
    recorded: dict[str, str], finished_day: FinishedDay, tmp_path: Path
) -> None:
    home, profile, sources = tmp_path / "home", tmp_path / "profile", tmp_path / "sources"
    sources.mkdir()
    shutil.copytree(finished_day.home, home)
    shutil.copytree(finished_day.profile, profile)
    shutil.copy(ROOT / "config" / "console" / "sources" / "console_results.toml", profile / "sources")
    deliver(sources, DAY)

    for verb in ("ingest", "gate", "conform"):
        with pytest.raises(SystemExit) as ended:
            main(
                [
                    verb,
                    "--profile",
                    str(profile),
                    "--home",
                    str(home),
                    "--source",
                    "console_results",
                    "--sources",
                    str(sources),
                    "--as-of",
                    str(DAY),
                ]
            )
        assert ended.value.code == 0

    table = DeltaTable(str(home / "lake/silver/inspection")).to_pyarrow_table(filters=[("source", "=", "console_results")])
    found = {row["entity_id"]: row for row in table.to_pylist()}
    visit, none = found[recorded["inspected"]], found[recorded["not_reachable"]]
    assert len(found) == 2
    assert (visit["selected_by"], visit["found_violation"], visit["breaches"]) == ("complaint", True, 3)
    assert visit["known_at"] == datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
    assert (none["visit_status"], none["found_violation"], none["selected_by"]) == ("not_reachable", None, "targeted")
    assert visit["inspector_id"] is None
