"""Results of visits become labels in the lake, with how the entity was selected and when the result became known."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from console.apps.campaigns.models import Campaign, Member
from console.apps.decisions.models import Case, Decision, Result
from console.apps.decisions.results import planned_visit
from console.apps.decisions.states import State
from console.apps.ranking.runs import reasons_of
from console.publishing.outcomes import SOURCE, export_outcomes
from jobs.cli import main
from jobs.lake.manifests import read_source_manifest
from jobs.profile.mapping import load_mapping, load_mappings
from jobs.sources.sources_of_day import DEFAULTS, every_path, mappings_of_day
from tests.conftest import FinishedDay
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


@pytest.mark.parametrize(
    ("reason", "kind", "in_campaign", "selected_by"),
    [
        ("complaints", "on_site", False, "complaint"),
        ("drawn", "on_site", False, "other"),
        ("reasons_hold", "joint", False, "joint"),
        ("reasons_hold", "on_site", True, "campaign"),
        ("complaints", "on_site", True, "complaint"),
        ("reasons_hold", "on_site", False, "targeted"),
    ],
)
def test_the_decision_to_visit_determines_the_selection(
    site: Site, send: Any, reason: str, kind: str, in_campaign: bool, selected_by: str
) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    if in_campaign:
        said = {"name": "x", "capacity": 1, "checklist": "x", "starts_on": "2026-07-01", "ends_on": "2026-07-31", "token": "c"}
        assert site.client("zhang").post("/campaigns/new/?listed=yes", said).status_code == 302
    send("wang", subject, "visit", reason=reason, kind=kind)
    case = Case.objects.get(entity_id=subject.entity_id)
    said = {"visit_status": "inspected", "inspected_on": str(DAY), "items_checked": 3, "breaches": 0, "severity": 0}
    form = {"token": "r", "version": 1, "found_violation": "no", **said}
    site.client("wang").post(f"/case/{case.pk}/result/", form)

    assert planned_visit(case) == Decision.objects.get(action="visit")
    assert (Result.objects.get().selected_by, Result.objects.get().inclusion_probability) == (selected_by, None)


CAMPAIGN = {"name": "x", "capacity": 1, "checklist": "x", "starts_on": "2026-07-01", "ends_on": "2026-07-31", "token": "c"}


def visited(site: Site, subject: Any, **said: Any) -> Result:
    """Record a visit of today that found nothing."""
    case = Case.objects.get(entity_id=subject.entity_id)
    form = {"token": "r", "version": case.version, "visit_status": "inspected", "inspected_on": str(site.now[0].date())}
    form |= {"items_checked": 3, "breaches": 0, "severity": 0, "found_violation": "no", **said}
    assert site.client("wang").post(f"/case/{case.pk}/result/", form).status_code == 302
    return Result.objects.get()


def test_a_campaign_that_comes_after_the_decision_selected_nobody(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "visit")
    assert site.client("zhang").post("/campaigns/new/?listed=yes", CAMPAIGN).status_code == 302
    assert Member.objects.filter(entity_id=subject.entity_id).exists()

    assert visited(site, subject).selected_by == "targeted"
    assert Decision.objects.get(action="visit").campaign is None


def test_a_campaign_closed_before_the_visit_still_selected_the_entity(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    site.client("zhang").post("/campaigns/new/?listed=yes", CAMPAIGN)
    send("wang", subject, "visit")
    site.client("zhang").post(f"/campaigns/{Campaign.objects.get().pk}/close/")
    site.now[0] += timedelta(days=5)

    assert visited(site, subject).selected_by == "campaign"
    assert Decision.objects.get(action="visit").campaign == Campaign.objects.get()


@pytest.mark.parametrize(("days", "planned_on"), [(2, date(2026, 7, 3)), (20, date(2026, 7, 15))])
def test_a_missed_visit_was_planned_at_most_for_today_and_for_its_deadline(
    site: Site, send: Any, days: int, planned_on: date
) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "visit")
    site.now[0] += timedelta(days=days)

    assert visited(site, subject, visit_status="not_done").planned_on == planned_on


def test_a_visit_that_took_place_has_its_own_date(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "visit")
    result = visited(site, subject)

    assert (result.planned_on, result.inspected_on) == (None, DAY)


def correct(site: Site, name: str, result: Result, **said: Any) -> Any:
    case = Case.objects.get(pk=result.decision.case_id)
    form = {"token": f"c-{case.version}-{name}", "version": case.version, "visit_status": "inspected"}
    form |= {"inspected_on": "2026-07-01", "items_checked": 5, "breaches": 2, "severity": 3, "found_violation": "yes", **said}
    return site.client(name).post(f"/case/{case.pk}/result/", form)


def test_a_mistyped_result_is_corrected_and_both_rows_stay(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "visit", reason="complaints")
    first = visited(site, subject, **{f"right_{indicator_of(site, subject)}": "no"})
    page = site.client("wang").get(f"/case/{first.decision.case_id}/result/")
    assert page.context["form"].initial["items_checked"] == 3
    assert page.context["form"].initial[f"right_{indicator_of(site, subject)}"] == "no"
    site.now[0] += timedelta(days=1)

    correct(site, "li", first)
    assert Result.objects.count() == 1
    before = Case.objects.get().changed_at
    correct(site, "wang", first, **{f"right_{indicator_of(site, subject)}": "yes"})
    again = Result.objects.exclude(pk=first.pk).get()
    correct(site, "zhang", first, visit_status="refused")

    last = Result.objects.current().get()
    assert (again.found_violation, again.selected_by, again.corrects, last.corrects) == (True, "complaint", first, again)
    assert (last.first(), last.visit_status, last.found_violation) == (first, "refused", None)
    assert (Case.objects.get().state, Case.objects.get().changed_at) == (State.NOT_INSPECTED, before)
    assert [decision.action for decision in Decision.objects.all()] == ["visit", "record", "correct", "correct_no_visit"]


def indicator_of(site: Site, subject: Any) -> str:
    reason = reasons_of(site.run).filter(position=subject.position).first()
    assert reason is not None
    return reason.indicator


def test_a_corrected_result_counts_once_in_its_current_version(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    right = f"right_{indicator_of(site, subject)}"
    site.client("zhang").post("/campaigns/new/?listed=yes", CAMPAIGN)
    send("wang", subject, "visit")
    correct(site, "wang", visited(site, subject, **{right: "no"}), **{right: "yes"})

    home, supervisor = site.client("wang").get("/").context, site.client("zhang").get("/supervisor/").context
    (row,) = site.client("chen").get("/feedback/").context["rows"]
    campaign = site.client("zhang").get(f"/campaigns/{Campaign.objects.get().pk}/").context
    assert (home["visits"], home["hits"]) == (1, 1)
    assert [(found.visits, found.hits) for found in dict(supervisor["found"])["selected"]] == [(1, 1)]
    assert (row["yes"], row["no"]) == (1, 0)
    assert (campaign["visited"], campaign["hits"]) == (1, 1)


def test_a_correction_is_a_later_version_of_the_same_visit_in_the_lake(
    site: Site, send: Any, finished_day: FinishedDay, tmp_path: Path
) -> None:
    home, sources = tmp_path / "home", tmp_path / "sources"
    sources.mkdir()
    shutil.copytree(finished_day.home, home)
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "visit")
    first = visited(site, subject)
    export_outcomes(sources, DAY)
    site.now[0] += timedelta(days=1)
    correct(site, "wang", first)
    export_outcomes(sources, DAY + timedelta(days=1))

    for day in (DAY, DAY + timedelta(days=1)):
        take_in(finished_day, home, sources, day)

    old, new = sorted(in_silver(home), key=lambda row: row["known_at"])
    assert old["inspection_id"] == new["inspection_id"]
    assert (old["found_violation"], new["found_violation"]) == (False, True)
    assert new["known_at"] - old["known_at"] == timedelta(days=1)


def test_a_correction_does_not_refer_to_a_visit_that_was_undone(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "visit")
    first = visited(site, subject, visit_status="not_done")
    site.now[0] += timedelta(days=1)
    send("wang", subject, "visit", version="2")
    site.client("wang").post(f"/decision/{Decision.objects.filter(action='visit').latest('id').pk}/undo/")

    correct(site, "wang", first, inspected_on=str(DAY))

    assert (Result.objects.current().get().inspected_on, Case.objects.get().state) == (DAY, "visited")


def test_correcting_a_missed_visit_does_not_postpone_the_return(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "visit")
    first = visited(site, subject, visit_status="not_done")
    back = Case.objects.get().wake_on
    site.now[0] += timedelta(days=2)
    correct(site, "wang", first, visit_status="refused")

    assert Decision.objects.filter(action="correct_no_visit").exists()
    assert Case.objects.get().wake_on == back


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"found_violation": "no", "breaches": 5, "severity": 4}, {"found_violation"}),
        ({"found_violation": "no", "breaches": 0, "severity": 1}, {"found_violation"}),
        ({"found_violation": "no", "breaches": 1, "severity": 0}, {"found_violation"}),
        ({"found_violation": "yes", "breaches": 1, "severity": 0}, {"severity"}),
        ({"found_violation": "yes", "breaches": 0, "severity": 2}, set()),
        ({"found_violation": "no", "breaches": 0, "severity": 0}, set()),
    ],
)
def test_the_answers_of_a_result_must_be_consistent(site: Site, send: Any, said: dict[str, Any], wrong: set[str]) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "visit")
    form = {"token": "r", "version": 1, "visit_status": "inspected", "inspected_on": str(DAY), "items_checked": 9, **said}
    page = site.client("wang").post(f"/case/{Case.objects.get().pk}/result/", form)

    assert set(page.context["form"].errors if page.status_code == 422 else ()) == wrong
    assert Result.objects.count() == (0 if wrong else 1)
