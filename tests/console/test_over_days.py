"""Effects of a further or late day on cases, lists and trends."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from console.apps.audit.chain import append, find_breaks
from console.apps.audit.events import SYSTEM, event_facts
from console.apps.audit.models import AuditEvent, Kind
from console.apps.campaigns.models import Campaign
from console.apps.decisions.models import Case, Decision, Result
from console.apps.decisions.states import State
from console.apps.evidence.models import Event, TrendPoint
from console.apps.ranking.models import Ranked
from console.apps.ranking.runs import alias_of
from console.core.policy import policy_of
from console.publishing.publish import publish
from jobs.lake.finished_run import finished_run
from jobs.profile.calendar import add_working_days, is_working_day
from tests.conftest import FinishedDay
from tests.console.another_day import add_day
from tests.console.conftest import HANGZHOU, ZHENGZHOU, Site


def entity(site: Site, letter: str = "C") -> Ranked:
    return site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class=letter)


@pytest.fixture
def further(finished_day: FinishedDay, tmp_path: Path) -> Any:
    """Finish a later day in a copy of the home, with points or class of an entity changed."""

    def add(days: int = 1, **of_entity: Any) -> Any:
        def change(name: str, frame: Any) -> Any:
            if name == "gold/scores":
                for entity_id, values in of_entity.get("scores", {}).items():
                    for column, value in values.items():
                        frame.loc[frame["entity_id"] == entity_id, column] = value
            return frame

        return add_day(finished_day.home, tmp_path / "home", finished_day.as_of, days=days, change=change)

    return add


def test_a_case_moves_with_its_entity_to_another_region(
    site: Site, send: Any, further: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from console.publishing import publish as publishing

    subject = entity(site)
    said = {"name": "Cosmetics", "capacity": 3, "checklist": "licence", "starts_on": "2026-07-01", "ends_on": "2026-07-31"}
    assert site.client("zhang").post(f"/campaigns/new/?q={subject.entity_id}", {**said, "token": "c"}).status_code == 302
    campaign = Campaign.objects.get()
    send("wang", subject, "visit")
    there = site.ranked(region_middle=ZHENGZHOU)
    known = publishing.known_entities

    def moved(run: Any) -> Any:
        frame = known(run)
        place = ["region_code", "region_middle", "region_top"]
        frame.loc[frame["entity_id"] == subject.entity_id, place] = [there.region_code, there.region_middle, there.region_top]
        return frame

    monkeypatch.setattr(publishing, "known_entities", moved)
    publish(further())

    case = Case.objects.get()
    assert case.region_middle == ZHENGZHOU
    assert site.client("wang").get(f"/case/{case.pk}/result/").status_code == 404
    assert not Decision.objects.filter(case__in=Case.objects.visible_to(site.user("wang"))).exists()
    page = site.client("yang").get(f"/entity/{subject.entity_id}/")
    assert (page.context["state"], len(page.context["history"])) == (State.VISIT_PLANNED, 1)
    # Of the campaign its maker sees what is left in their region; of the visit, that its visitor no longer sees it.
    assert site.client("zhang").get(f"/campaigns/{campaign.pk}/").context["members"] == []
    (member,) = site.client("yang").get(f"/campaigns/{campaign.pk}/").context["members"]
    assert (member.entity_id, member.state, member.region_middle) == (subject.entity_id, State.VISIT_PLANNED, ZHENGZHOU)
    ((left, cases, _),) = site.client("yang").get("/supervisor/").context["left"]
    assert (left.username, [case.pk for case in cases]) == ("wang", [case.pk])


def test_a_late_day_moves_no_case(site: Site, send: Any, further: Any) -> None:
    subject = entity(site)
    publish(further(days=2))
    send("wang", subject, "defer", wake_on="", wake_condition="class_change")

    done = publish(further(days=1, scores={subject.entity_id: {"risk_class": "B"}}))

    assert (done.is_new, done.woken) == (True, 0)
    assert Case.objects.get().state == State.DEFERRED


def test_a_late_day_corrects_the_trend_of_the_next_day(site: Site, further: Any) -> None:
    subject = entity(site)
    publish(further(days=2))

    publish(further(days=1, scores={subject.entity_id: {"credit_points": 7}}))

    points = TrendPoint.objects.filter(entity_id=subject.entity_id).order_by("as_of")
    assert list(points.values_list("credit_points", flat=True)) == [subject.credit_points, 7, subject.credit_points]


@pytest.mark.parametrize("later", [{"facts": {"outcome": "upheld"}}, {"is_absent": True}])
def test_an_update_of_an_old_complaint_is_no_new_complaint(site: Site, send: Any, further: Any, later: dict[str, Any]) -> None:
    known = Event.objects.filter(kind="complaint").exclude(entity_id="").values_list("entity_id", flat=True)
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU, entity_id__in=list(known))
    send("wang", subject, "defer", wake_on="", wake_condition="new_complaint")
    version = Event.objects.filter(kind="complaint", entity_id=subject.entity_id).latest("known_at")
    version.pk, version.known_at = None, site.now[0] + timedelta(days=1)
    for name, value in later.items():
        setattr(version, name, value)
    version.save(force_insert=True)

    publish(further())

    assert Case.objects.get().state == State.DEFERRED


def test_a_deferral_restored_by_undo_keeps_its_condition(site: Site, send: Any, further: Any) -> None:
    subject = entity(site)
    send("wang", subject, "defer", wake_on="", wake_condition="class_change")
    publish(further(days=1, scores={subject.entity_id: {"risk_class": "D"}}))
    Case.objects.update(state=State.DEFERRED, wake_condition="class_change", risk_class="C")
    again = site.ranked(entity_id=subject.entity_id)
    send("wang", again, "visit", token="again", version=str(Case.objects.get().version))

    site.client("wang").post(f"/decision/{Decision.objects.latest('pk').pk}/undo/")

    assert (Case.objects.get().state, Case.objects.get().risk_class) == (State.DEFERRED, "C")


def test_one_person_cannot_defer_without_end(site: Site, send: Any) -> None:
    send("wang", entity(site, "D"), "defer", wake_on="", wake_condition="class_change")

    # Sixty working days from Wednesday 1 July: twelve weeks.
    assert Case.objects.get().wake_on == date(2026, 9, 23)
    site.now[0] += timedelta(days=84)
    site.client("wang").get("/")
    assert Case.objects.get().state == State.TO_REVIEW


def test_the_next_page_reports_a_newer_list(site: Site, further: Any) -> None:
    client = site.client("zhou")
    query = client.get("/list/").context["next"]
    assert client.get(f"/list/?{query}").status_code == 200
    publish(further())

    page = client.get(f"/list/?{query}&risk_class=D", follow=True)

    assert page.redirect_chain == [("/list/?risk_class=D", 302)]
    assert "A newer list was published" in page.content.decode()


def test_going_back_returns_a_whole_page(site: Site) -> None:
    client = site.client("wang")
    part = client.get("/list/", headers={"HX-Request": "true"}).content
    whole = client.get("/list/", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}).content

    assert b"<html" not in part
    assert b"<html" in whole


def test_worked_weekend_days_count(site: Site) -> None:
    calendar = {
        "weekend": ["saturday", "sunday"],
        "holidays": ["2026-07-03", "2026-07-05"],
        "workdays": ["2026-07-04", "2026-07-05"],
    }
    limits = policy_of({**site.run.profile, "calendar": calendar})

    assert is_working_day(date(2026, 7, 4), limits.calendar)
    assert add_working_days(date(2026, 7, 2), 2, limits.calendar) == date(2026, 7, 5)


def test_a_profile_with_special_days_is_published(site: Site, finished_day: FinishedDay, tmp_path: Path, further: Any) -> None:
    run = further()
    folder = tmp_path / "profile"
    shutil.copytree(finished_day.profile, folder)
    text = (folder / "profile.toml").read_text(encoding="utf-8")
    assert "holidays = []" in text
    (folder / "profile.toml").write_text(text.replace("holidays = []", "holidays = [2026-07-02]"), encoding="utf-8")
    path = run.home / "manifests" / "runs" / f"{run.as_of}.json"
    path.write_text(json.dumps({**run.manifest, "profile_folder": str(folder)}), encoding="utf-8")

    publish(finished_run(run.home, run.as_of))

    assert not is_working_day(date(2026, 7, 2), policy_of(site.run.profile).calendar)


@pytest.mark.usefixtures("site")
def test_a_run_opens_while_another_thread_iterates_over_all() -> None:
    going = iter(connections)
    next(going)

    alias_of("2026-01-01-opened")

    assert "run_2026-01-01-opened" not in list(going)
    assert "run_2026-01-01-opened" in list(connections)
    connections.settings = {name: database for name, database in connections.settings.items() if name != "run_2026-01-01-opened"}


@pytest.mark.parametrize("address", ["/visits/", "/supervisor/"])
def test_the_number_of_queries_is_constant(site: Site, send: Any, address: str) -> None:
    action, letter = ("visit", "C") if address == "/visits/" else ("dismiss", "D")
    subjects = list(site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class=letter)[:6])
    assert len(subjects) == 6
    for subject in subjects:
        send("zhang", subject, action)

    with CaptureQueriesContext(connections["default"]) as asked:
        page = site.client("zhang").get(address).content.decode()
    assert all(subject.name in page for subject in subjects)
    assert sum('FROM "decisions_decision"' in query["sql"] for query in asked) == 1


@pytest.mark.parametrize(("reason", "is_campaign", "selected"), [("drawn", False, "other"), ("reasons_hold", True, "campaign")])
def test_a_label_says_how_its_entity_was_selected(site: Site, send: Any, reason: str, is_campaign: bool, selected: str) -> None:
    subject = entity(site)
    if is_campaign:
        said = {
            "name": "Prepaid cards",
            "capacity": 5000,
            "checklist": "ledger",
            "starts_on": "2026-07-01",
            "ends_on": "2026-07-31",
        }
        site.client("zhang").post("/campaigns/new/?risk_class=C", {**said, "token": "c"})
    send("wang", subject, "visit", reason=reason)
    found = {"visit_status": "inspected", "inspected_on": "2026-07-01", "items_checked": 1, "breaches": 0, "severity": "0"}

    site.client("wang").post(
        f"/case/{Case.objects.get().pk}/result/", {"token": "r", "version": 1, "found_violation": "no", **found}
    )

    assert Result.objects.get().selected_by == selected


@pytest.mark.usefixtures("site")
def test_writers_at_the_same_time_make_one_chain() -> None:
    def write(name: str) -> None:
        try:
            for at in range(15):
                append([event_facts(Kind.VIEWED, SYSTEM, detail={"by": name, "at": at})])
        finally:
            connections.close_all()

    before = AuditEvent.objects.count()
    writers = [Thread(target=write, args=(str(name),)) for name in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert AuditEvent.objects.count() == before + 60
    assert list(find_breaks()) == []
