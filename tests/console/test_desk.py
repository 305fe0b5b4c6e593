"""A user's own desk: saved views, looks, assignment of cases, and moving to the next case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from console.apps.accounts.jurisdiction import Level
from console.apps.accounts.models import Jurisdiction, User
from console.apps.accounts.roles import Role
from console.apps.audit import spool
from console.apps.audit.models import AuditEvent
from console.apps.decisions.models import Case, Decision
from console.apps.decisions.permissions import assignable_users
from console.apps.decisions.states import State
from console.apps.desk.looks import looks_of
from console.apps.desk.models import Look, SavedView
from console.publishing.publish import publish
from console.web.queries.list_filters import Filters
from console.web.views.saved_views import LONGEST, MOST
from tests.conftest import FinishedDay
from tests.console.another_day import add_day
from tests.console.conftest import GIVEN, HANGZHOU, PASSWORD, ZHENGZHOU, Site


def names(page: Any) -> list[str]:
    return [row.entity_id for row in page.context["rows"]]


def test_a_view_is_saved_shown_to_its_owner_and_removed(site: Site) -> None:
    wang, li = site.client("wang"), site.client("li")
    saved = wang.post("/list/views/", {"name": "急件", "query": "risk_class=D&listed=yes&nonsense=1"})
    view = SavedView.objects.get()

    assert saved.url == "/list/?risk_class=D&listed=yes"
    assert view.filters == {"risk_class": "D", "listed": "yes"}
    page = wang.get(saved.url)
    assert [(kept.name, query, is_shown) for kept, query, is_shown in page.context["views"]] == [
        ("急件", "risk_class=D&listed=yes", True)
    ]
    assert "急件" not in li.get("/list/").content.decode()
    assert li.post(f"/list/views/{view.pk}/remove/").status_code == 404
    wang.post(f"/list/views/{view.pk}/remove/")
    assert not SavedView.objects.exists()


def test_a_view_with_an_existing_name_replaces_it(site: Site) -> None:
    for letter in "DC":
        site.client("wang").post("/list/views/", {"name": "mine", "query": f"risk_class={letter}"})

    assert SavedView.objects.get().filters == {"risk_class": "C"}


@pytest.mark.parametrize("name", ["", "  ", "x" * (LONGEST + 1)])
def test_a_view_has_a_name_that_can_be_read(site: Site, name: str) -> None:
    site.client("wang").post("/list/views/", {"name": name, "query": "risk_class=D"})

    assert not SavedView.objects.exists()


def test_the_number_of_saved_views_is_limited(site: Site) -> None:
    user = site.user("wang")
    SavedView.objects.bulk_create([SavedView(user=user, name=str(at)) for at in range(MOST)])
    for name in ("one more", "0"):
        site.client("wang").post("/list/views/", {"name": name, "query": "risk_class=D"})

    assert SavedView.objects.count() == MOST
    assert SavedView.objects.get(name="0").filters == {"risk_class": "D"}


def test_an_opened_page_counts_as_looked_at_immediately_and_only_for_this_user(site: Site) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    assert site.client("wang").get("/list/").context["rows"][0].mark == "no"
    site.client("wang").get(f"/entity/{subject.entity_id}/")

    row = site.client("wang").get("/list/").context["rows"][0]
    assert (row.entity_id, row.mark) == (subject.entity_id, "")
    assert site.client("li").get("/list/").context["rows"][0].mark == "no"
    assert subject.entity_id not in names(site.client("wang").get("/list/?seen=no"))
    assert site.client("wang").get("/").context["unseen"] == 39


def test_a_look_is_stored_when_the_audit_appends_it_and_repeating_changes_nothing(site: Site) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    for _ in range(2):
        site.client("wang").get(f"/entity/{subject.entity_id}/")
    spool.flush()
    events = list(AuditEvent.objects.filter(kind="viewed", entity_id=subject.entity_id))
    spool.appended.send(sender=None, events=events)

    look = Look.objects.get()
    assert (look.user.username, look.entity_id, look.credit_points) == ("wang", subject.entity_id, subject.credit_points)
    assert len(events) == 2
    assert list(spool.waiting()) == []


def test_a_changed_entity_is_marked_and_found(site: Site, finished_day: FinishedDay, tmp_path: Path) -> None:
    first, second = list(site.all_ranked(is_listed=True, region_middle=HANGZHOU)[:2])
    client = site.client("wang")
    for entity in (first, second):
        client.get(f"/entity/{entity.entity_id}/")
    assert names(client.get("/list/?seen=changed")) == []

    def change(name: str, frame: pd.DataFrame) -> pd.DataFrame:
        if name == "gold/scores":
            frame.loc[frame["entity_id"] == second.entity_id, "credit_points"] += 1
        return frame

    old = site.run.run_id
    publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of, change=change))

    marks = {row.entity_id: row.mark for row in client.get("/list/").context["rows"]}
    assert (marks[first.entity_id], marks[second.entity_id]) == ("", "changed")
    assert names(client.get("/list/?seen=changed")) == [second.entity_id]
    client.get(f"/entity/{second.entity_id}/?run={old}")  # the page of an earlier day says nothing about today
    assert names(client.get("/list/?seen=changed")) == [second.entity_id]
    client.get(f"/entity/{second.entity_id}/")
    assert names(client.get("/list/?seen=changed")) == []


def test_looks_can_be_restricted_to_entities(site: Site) -> None:
    first, second = list(site.all_ranked(is_listed=True, region_middle=HANGZHOU)[:2])
    for entity in (first, second):
        site.client("wang").get(f"/entity/{entity.entity_id}/")
    spool.flush()

    assert set(looks_of(site.user("wang"), [first.entity_id])) == {first.entity_id}
    assert set(looks_of(site.user("wang"))) == {first.entity_id, second.entity_id}


def give(site: Site, by: str, entity: Any, to: str, **said: Any) -> Any:
    form = {"token": f"give-{entity.entity_id}-{to}", "version": "0", "run_id": site.run.run_id, "assigned_to": "", **said}
    if to:
        form["assigned_to"] = str(site.user(to).pk)
    return site.client(by).post(f"/entity/{entity.entity_id}/assign/", form)


def test_a_supervisor_gives_a_case_to_an_inspector_who_finds_it(site: Site) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    give(site, "zhang", subject, "li")

    case = Case.objects.get()
    assert (case.state, case.assigned_to.username) == (State.TO_REVIEW, "li")
    assert Decision.objects.get().chosen == {"assigned_to": "li"}
    assert names(site.client("li").get("/list/?assigned=me")) == [subject.entity_id]
    assert site.client("li").get("/").context["given"] == 1
    assert names(site.client("wang").get("/list/?assigned=me")) == []
    assert names(site.client("zhang").get(f"/list/?assigned={site.user('li').pk}")) == [subject.entity_id]
    assert subject.entity_id not in names(site.client("wang").get("/list/?assigned=nobody"))


def test_a_planned_visit_is_reassigned_with_its_deadline_and_undone(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "visit")
    due = Case.objects.get().due_on
    give(site, "zhang", subject, "li", version="1")

    case = Case.objects.get()
    assert (case.state, case.assigned_to.username, case.due_on) == (State.VISIT_PLANNED, "li", due)
    assert site.client("li").get("/visits/").context["page"].paginator.count > 0
    site.client("zhang").post(f"/decision/{Decision.objects.latest('pk').pk}/undo/")
    assert Case.objects.get().assigned_to.username == "wang"


def test_a_reassigned_deferral_ends_as_before(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "defer")
    before = Case.objects.get()
    give(site, "zhang", subject, "li", version="1")
    after = Case.objects.get()

    assert (after.state, after.wake_on, after.assigned_to.username) == (before.state, before.wake_on, "li")


@pytest.mark.parametrize(("by", "to"), [("wang", "li"), ("zhang", "liu"), ("zhang", "chen")])
def test_only_a_supervisor_of_the_region_assigns_a_case_and_only_to_people_who_can_take_it(site: Site, by: str, to: str) -> None:
    give(site, by, site.ranked(is_listed=True, region_middle=HANGZHOU), to)

    assert not Decision.objects.exists()


def test_a_citys_supervisor_assigns_to_inspectors_of_its_districts_who_see_the_entity(site: Site) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    other = site.all_ranked(is_listed=True, region_middle=HANGZHOU).exclude(region_code=subject.region_code).first()
    for name, role, code in (("sun", Role.INSPECTOR, subject.region_code), ("qian", Role.SUPERVISOR, subject.region_code)):
        user = User.objects.create_user(name, password=PASSWORD, role=role, must_change_password=False)
        Jurisdiction.objects.create(user=user, level=Level.CODE, code=code)

    assert {person.username for person in assignable_users(site.user("zhang"))} == {"wang", "li", "zhang", "zhao", "sun", "qian"}
    # A supervisor of a district assigns people of the district, not of the city.
    assert {person.username for person in assignable_users(site.user("qian"))} == {"sun", "qian"}
    assert "sun" not in {person.username for person in assignable_users(site.user("yang"))}
    give(site, "zhang", subject, "sun")
    give(site, "zhang", other, "sun")
    assert [(case.entity_id, case.assigned_to.username) for case in Case.objects.all()] == [(subject.entity_id, "sun")]


def test_many_cases_are_assigned_together(site: Site) -> None:
    client, li = site.client("zhang"), site.user("li")
    chosen = [row.entity_id for row in site.all_ranked(is_listed=True, region_middle=HANGZHOU)[:3]]
    shown = client.post("/list/bulk/", {"action": "assign", "scope": "ticked", "entity": chosen})
    form = {"token": "many", "version": "0", "run_id": site.run.run_id, "assigned_to": str(li.pk)}
    client.post("/list/bulk/", {"action": "assign", "scope": "ticked", "entity": chosen, **form})

    assert shown.context["count"] == 3
    assert {case.assigned_to for case in Case.objects.all()} == {li}


def test_a_decision_from_a_list_leads_to_its_next_case_to_review(site: Site, send: Any) -> None:
    first, second, third = list(site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class="D")[:3])
    send("li", second, "defer")
    page = site.client("wang").get(f"/entity/{first.entity_id}/?list=risk_class%3DD")
    assert page.context["next"].entity_id == third.entity_id

    done = send("wang", first, "visit", list="risk_class=D")

    assert done.url == f"/entity/{third.entity_id}/?list=risk_class%3DD"
    assert Case.objects.get(entity_id=first.entity_id).state == State.VISIT_PLANNED


def test_a_user_can_stay_on_the_page_after_a_decision(site: Site, send: Any) -> None:
    first = site.ranked(is_listed=True, region_middle=HANGZHOU)
    site.client("wang").post("/going-on/", {"goes_on": "off"})
    assert not User.objects.get(username="wang").goes_on

    assert send("wang", first, "visit", list="risk_class=D").url == f"/entity/{first.entity_id}/?list=risk_class%3DD"


def test_the_last_of_a_list_leads_back_to_it(site: Site, send: Any) -> None:
    last = list(site.all_ranked(is_listed=True, region_middle=HANGZHOU))[-1]

    assert send("wang", last, "visit", list="listed=yes").url == "/list/?listed=yes"


def test_the_next_is_never_of_another_region(site: Site, send: Any) -> None:
    mine = list(site.all_ranked(is_listed=True, region_middle=HANGZHOU))
    assert {ZHENGZHOU} & {row.region_middle for row in site.all_ranked(is_listed=True)}

    for at in (0, 7, 20):
        there = send("wang", mine[at], "visit", list=f"region={ZHENGZHOU}").url
        assert there == f"/list/?region={ZHENGZHOU}"


def test_a_forged_list_query_is_read_like_any_filter(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)

    there = send("wang", subject, "visit", list="risk_class=Z&day=x&state=//elsewhere.example").url

    assert there.startswith("/entity/")
    assert Filters.read({"assigned": "9" * 12, "seen": "x"}).given() == {}
    assert GIVEN["visit"]["reason"] == Decision.objects.get().reason


def test_a_supervisor_sees_results_by_selection_region_and_industry(site: Site, send: Any) -> None:
    subjects = list(site.all_ranked(is_listed=True, region_middle=HANGZHOU)[:2])
    for subject, reason, hit in zip(subjects, ("complaints", "reasons_hold"), ("yes", "no"), strict=True):
        send("wang", subject, "visit", reason=reason)
        case = Case.objects.get(entity_id=subject.entity_id)
        said = {"visit_status": "inspected", "inspected_on": "2026-07-01", "items_checked": 3, "breaches": 0}
        said |= {"severity": 1 if hit == "yes" else 0}
        form = {"token": subject.entity_id, "version": 1, "found_violation": hit, **said}
        site.client("wang").post(f"/case/{case.pk}/result/", form)
    found = dict(site.client("zhang").get("/supervisor/").context["found"])

    assert [(row.visits, row.hits) for row in found["selected"]] == [(1, 1), (1, 0)]
    assert [(row.visits, row.hits, row.share) for row in found["region"]] == [(2, 1, 0.5)]
    assert sum(row.visits for row in found["industry"]) == 2
    assert "–" not in {row.name for row in found["industry"]}
    assert not any(rows for _, rows in site.client("yang").get("/supervisor/").context["found"])


def test_an_administrator_reads_the_catalogue_and_how_often_each_code_was_chosen(site: Site, send: Any) -> None:
    send("wang", site.ranked(is_listed=True, region_middle=HANGZHOU), "visit")
    kinds = dict(site.client("wu").get("/accounts/reasons/").context["kinds"])
    used = {(kind, code): count for kind, codes in kinds.items() for code, _, count in codes}

    assert {key for key, count in used.items() if count} == {
        ("visit", "reasons_hold"), ("objective", "safety"), ("kind", "on_site"), ("proportion", "least"),
    }  # fmt: skip
    assert all(len(words) == 3 for codes in kinds.values() for _, words, _ in codes)
    assert site.client("zhang").get("/accounts/reasons/").status_code == 404
