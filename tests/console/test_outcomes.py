"""Results of visits become labels in the lake, with how the entity was selected and when the result became known."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from console.apps.decisions.models import Case
from console.publishing.outcomes import SOURCE, export_outcomes
from jobs.cli import main
from jobs.lake.manifests import read_source_manifest
from jobs.profile.mapping import DEFAULTS, every_path, load_mapping, load_mappings
from jobs.sources.sources_of_day import mappings_of_day
from tests.conftest import FinishedDay
from tests.console.cases import correct_visit, record_visit
from tests.console.conftest import HANGZHOU, Site

DAY = date(2026, 7, 1)


@pytest.fixture
def recorded(site: Site, send: Any) -> dict[str, str]:
    """Two results: a visit because of complaints that found a violation, and a visit that did not take place."""
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
def test_exporting_a_day_again_gives_the_same_file_and_another_day_is_empty(tmp_path: Path) -> None:
    path, count = export_outcomes(tmp_path, DAY)
    before = path.read_bytes()
    export_outcomes(tmp_path, DAY)

    assert count == 2
    assert path.read_bytes() == before
    assert export_outcomes(tmp_path, date(2026, 7, 2))[1] == 0


def take_in(finished_day: FinishedDay, home: Path, sources: Path, as_of: date) -> None:
    """Ingest a day's results into the lake."""
    words = ["--profile", str(finished_day.profile), "--home", str(home), "--source", SOURCE, "--sources", str(sources)]
    for verb in ("ingest", "gate", "conform"):
        with pytest.raises(SystemExit) as ended:
            main([verb, *words, "--as-of", str(as_of)])
        assert ended.value.code == 0


def in_silver(home: Path) -> list[dict[str, Any]]:
    return DeltaTable(str(home / "lake/silver/inspection")).to_pyarrow_table(filters=[("source", "=", SOURCE)]).to_pylist()


def test_a_result_is_in_silver_with_its_selection_and_when_it_became_known(
    recorded: dict[str, str], finished_day: FinishedDay, tmp_path: Path
) -> None:
    home, sources = tmp_path / "home", tmp_path / "sources"
    sources.mkdir()
    shutil.copytree(finished_day.home, home)
    export_outcomes(sources, DAY)
    assert "console_results" not in load_mappings(Path(finished_day.profile))

    take_in(finished_day, home, sources, DAY)

    found = {row["entity_id"]: row for row in in_silver(home)}
    visit, none = found[recorded["inspected"]], found[recorded["not_reachable"]]
    assert len(found) == 2
    assert (visit["selected_by"], visit["found_violation"], visit["breaches"]) == ("complaint", True, 3)
    assert visit["known_at"] == datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
    assert (none["visit_status"], none["found_violation"], none["selected_by"]) == ("not_reachable", None, "targeted")
    assert visit["inspector_id"] is None


def test_the_source_is_part_of_a_day_from_its_first_delivery(
    recorded: dict[str, str], finished_day: FinishedDay, tmp_path: Path
) -> None:
    export_outcomes(tmp_path, DAY)
    own = set(load_mappings(Path(finished_day.profile)))

    def of(as_of: date, home: Path = tmp_path / "none") -> set[str]:
        return set(mappings_of_day(Path(finished_day.profile), home, as_of, tmp_path)) - own

    assert recorded
    assert (of(date(2026, 6, 30)), of(DAY), of(date(2026, 7, 9))) == (set(), {SOURCE}, {SOURCE})
    assert set(mappings_of_day(Path(finished_day.profile), finished_day.home, DAY)) == own


def test_a_profiles_own_mapping_of_results_replaces_the_shipped_one(finished_day: FinishedDay, tmp_path: Path) -> None:
    assert every_path(Path(finished_day.profile))[SOURCE] == DEFAULTS / f"{SOURCE}.toml"
    profile = tmp_path / "profile"
    shutil.copytree(finished_day.profile, profile)
    own = profile / "sources" / f"{SOURCE}.toml"
    shutil.copy(DEFAULTS / own.name, own)

    assert every_path(profile)[SOURCE] == own
    assert mappings_of_day(profile, tmp_path, DAY)[SOURCE] == load_mapping(own)


@pytest.mark.usefixtures("site")
def test_nothing_is_delivered_before_the_first_result(tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()

    assert export_outcomes(sources, DAY) == (None, 0)
    assert list(sources.iterdir()) == []


@pytest.mark.usefixtures("recorded")
def test_a_day_without_results_is_ingested_as_an_empty_delivery(finished_day: FinishedDay, tmp_path: Path) -> None:
    home, sources = tmp_path / "home", tmp_path / "sources"
    sources.mkdir()
    shutil.copytree(finished_day.home, home)
    after = date(2026, 7, 2)
    export_outcomes(sources, DAY)
    export_outcomes(sources, after)

    words = ["--profile", str(finished_day.profile), "--home", str(home), "--source", SOURCE, "--sources", str(sources)]
    for verb in ("ingest", "gate", "conform", "settle"):
        with pytest.raises(SystemExit) as ended:
            main([verb, *words, "--as-of", str(after)])
        assert ended.value.code == 0

    settled = read_source_manifest(home, SOURCE, after)
    assert settled is not None
    assert (settled["verdict"], settled["newest_delivery"], settled["known_rows"]) == ("passed", str(after), 2)


def test_a_correction_is_a_later_version_of_the_same_visit_in_the_lake(
    site: Site, send: Any, finished_day: FinishedDay, tmp_path: Path
) -> None:
    home, sources = tmp_path / "home", tmp_path / "sources"
    sources.mkdir()
    shutil.copytree(finished_day.home, home)
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "visit")
    first = record_visit(site, subject)
    export_outcomes(sources, DAY)
    site.now[0] += timedelta(days=1)
    correct_visit(site, "wang", first)
    export_outcomes(sources, DAY + timedelta(days=1))

    for day in (DAY, DAY + timedelta(days=1)):
        take_in(finished_day, home, sources, day)

    old, new = sorted(in_silver(home), key=lambda row: row["known_at"])
    assert old["inspection_id"] == new["inspection_id"]
    assert (old["found_violation"], new["found_violation"]) == (False, True)
    assert new["known_at"] - old["known_at"] == timedelta(days=1)
