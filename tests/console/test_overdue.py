"""Deadlines: overdue cases are shown to the assignee and the supervisor, and reassigning does not extend a deadline."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from console.apps.api.models import Scope
from console.apps.api.tokens import make_token
from console.apps.decisions.models import Case
from console.apps.decisions.policies import days_overdue, due_after, overdue
from console.apps.decisions.states import TRANSITIONS, WITH_DEADLINE, Action, State
from console.apps.ranking.current_policy import current_policy
from console.core.texts import load_texts
from tests.console.conftest import HANGZHOU, Site


def planned(site: Site, send: Any, letter: str = "D", count: int = 1, by: str = "wang") -> list[Case]:
    """Visits planned on Wednesday 1 July: due on the 15th."""
    for entity in site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class=letter)[:count]:
        send(by, entity, "visit")
    return list(Case.objects.order_by("pk"))


def on(site: Site, day: int) -> None:
    site.now[0] = site.now[0].replace(day=day)


def test_every_state_that_waits_for_a_person_has_a_deadline(site: Site) -> None:
    assert site.run
    entered = {(action, after) for (before, action), after in TRANSITIONS.items() if after in WITH_DEADLINE and before != after}

    assert {after for _, after in entered} == WITH_DEADLINE
    for action, _ in entered:
        assert due_after(action, date(2026, 7, 1), current_policy()) is not None
    # All other states are to review, end automatically (test_deferrals), or wait for nothing.
    assert set(State) - WITH_DEADLINE == {
        State.TO_REVIEW, State.DEFERRED, State.NOT_INSPECTED, State.DISMISSED, State.VISITED,
    }  # fmt: skip


@pytest.mark.parametrize(("day", "is_late", "days"), [(15, False, 0), (16, True, 1), (18, True, 2), (20, True, 3)])
def test_a_visit_is_overdue_from_the_day_after_its_deadline_in_working_days(
    site: Site, send: Any, day: int, is_late: bool, days: int
) -> None:
    (case,) = planned(site, send)
    on(site, day)

    assert list(overdue(Case.objects.all(), date(2026, 7, day))) == [case] * is_late
    assert days_overdue(case, date(2026, 7, day), current_policy()) == days
    assert "<strong>1</strong> visit planned<" in site.client("wang").get("/").content.decode()
    home = {name: site.client(name).get("/").context for name in ("wang", "li", "zhang", "yang")}
    assert (home["wang"]["overdue"], home["li"]["overdue"]) == (int(is_late), 0)
    assert (home["zhang"]["late_cases"], home["yang"]["late_cases"]) == (int(is_late), 0)
    there = dict(site.client("wang").get("/visits/").context["groups"])
    assert there["overdue"] == [case] * is_late
    assert ("overdue for" in site.client("wang").get(f"/entity/{case.entity_id}/").content.decode()) == is_late
    assert ("overdue for" in site.client("wang").get("/visits/").content.decode()) == is_late


def test_a_visit_with_a_result_is_not_overdue(site: Site, send: Any) -> None:
    (case,) = planned(site, send, "C")
    on(site, 20)
    said = {"visit_status": "not_done", "token": "r", "version": 1}

    assert site.client("wang").post(f"/case/{case.pk}/result/", said).status_code == 302

    assert not overdue(Case.objects.all(), date(2026, 7, 20)).exists()
    assert site.client("zhang").get("/").context["late_cases"] == 0


def test_a_supervisor_sees_all_overdue_cases_of_the_region_only(site: Site, send: Any) -> None:
    cases = planned(site, send, count=3)
    proposed = site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class="D")[3]
    send("li", proposed, "dismiss")
    for case, to in zip(cases, ("", "li", "zhang"), strict=True):  # the first has no assignee
        person = site.user(to).pk if to else ""
        form = {"token": f"give-{case.pk}", "version": "1", "run_id": site.run.run_id, "assigned_to": person}
        site.client("zhang").post(f"/entity/{case.entity_id}/assign/", form)
    on(site, 17)

    page = site.client("zhang").get("/supervisor/")

    late = page.context["late"]
    assert [case.entity_id for case in late] == [proposed.entity_id, *(case.entity_id for case in cases)]
    assert [case.due_on for case in late] == [date(2026, 7, 6), *[date(2026, 7, 15)] * 3]
    assert [case.days_overdue for case in late] == [9, 2, 2, 2]
    assert page.context["nobodys"] == {"assigned_to": None, "planned": 1, "overdue": 1}
    load = {person.username: row["overdue"] for person, row in page.context["people"]}
    assert (load["li"], load["zhang"], load["wang"]) == (1, 1, 0)
    assert "overdue for 9 working days" in page.content.decode().partition('id="waiting"')[2].partition("</section>")[0]
    assert site.client("yang").get("/supervisor/").context["late"] == []
    assert site.client("wang").get("/supervisor/").status_code in (403, 404)


def test_a_long_list_shows_how_many_more_there_are(site: Site, send: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.web.views.home.MAX_SHOWN", 2)
    planned(site, send, count=3)
    on(site, 17)

    page = site.client("zhang").get("/supervisor/")

    assert (len(page.context["late"]), page.context["late_count"]) == (2, 3)
    assert "Showing the 2 longest overdue of 3." in page.content.decode()


def test_the_number_of_queries_does_not_depend_on_the_overdue_cases(site: Site, send: Any) -> None:
    asked = []
    for count in (1, 6):
        planned(site, send, "D" if count == 1 else "C", count=count)
        on(site, 17)
        client = site.client("zhang")  # now, since a session that is idle for weeks ends
        client.get("/supervisor/")
        with CaptureQueriesContext(connections["default"]) as own:
            page = client.get("/supervisor/")
        asked.append(len(own))
        assert len(page.context["late"]) == (1 if count == 1 else 7)
        site.now[0] -= timedelta(days=16)

    assert asked[0] == asked[1]


@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
def test_the_list_can_be_filtered_to_overdue_cases(site: Site, send: Any, language: str) -> None:
    late, *others = planned(site, send, "C", count=3)
    Case.objects.filter(pk__in=[case.pk for case in others]).update(due_on=date(2026, 7, 20))
    on(site, 20)
    client = site.client("wang")
    client.cookies["language"] = language
    texts = load_texts(language)

    page = client.get("/list/", {"overdue": "yes"})

    assert [row.entity_id for row in page.context["rows"]] == [late.entity_id]
    shown = page.content.decode()
    assert f'<option value="yes" selected>{texts("filter.overdue_yes")}</option>' in shown
    assert f"{texts('filter.overdue')}{texts('word.colon')}{texts('filter.overdue_yes')}" in shown
    assert texts("visits.days_overdue", n=3) in shown
    assert page.context["rows"][0].days_overdue == 3
    assert not client.get("/list/", {"overdue": "yes", "assigned": "nobody"}).context["rows"]
    assert len(client.get("/list/", {"overdue": "perhaps"}).context["rows"]) > 3  # an unknown value filters nothing


def test_files_and_programs_can_filter_to_overdue_cases(site: Site, send: Any) -> None:
    late, *others = planned(site, send, "C", count=2)
    Case.objects.filter(pk=others[0].pk).update(due_on=date(2026, 7, 20))
    on(site, 20)
    header = {"authorization": f"Bearer {make_token(site.user('wang'), 'test', [Scope.LIST, Scope.EXPORT], date(2026, 7, 31))}"}

    answer = site.client().get("/api/list?overdue=yes", headers=header).json()
    file = site.client().get("/api/export/list.csv?overdue=yes", headers=header)
    lines = list(csv.reader(b"".join(file.streaming_content).decode("utf-8-sig").splitlines()))

    assert [row["entity_id"] for row in answer["rows"]] == [late.entity_id]
    assert [line[1] for line in lines[1:]] == [late.entity_id]


def test_reassigning_a_visit_does_not_extend_its_deadline(site: Site, send: Any) -> None:
    (case,) = planned(site, send)
    on(site, 20)
    form = {"token": "give", "version": "1", "run_id": site.run.run_id, "assigned_to": site.user("li").pk}
    site.client("zhang").post(f"/entity/{case.entity_id}/{Action.ASSIGN}/", form)

    assert dict(site.client("li").get("/visits/").context["groups"])["overdue"] == [case]
