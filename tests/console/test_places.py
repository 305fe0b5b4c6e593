"""Lists by state and person: a page equals the result of reading every case, without reading every case."""

from __future__ import annotations

import itertools
import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from console.apps.campaigns.models import Campaign, Member
from console.apps.decisions import places as placing
from console.apps.decisions.models import Case
from console.apps.decisions.states import WITH_DEADLINE, State
from console.apps.desk.looks import CHANGED, UNSEEN
from console.apps.desk.models import Look
from console.apps.ranking.list_part import LAST
from console.apps.ranking.models import Ranked
from console.apps.ranking.runs import ranked_of
from console.publishing.publish import publish
from console.web.queries import filtered_list as filtering
from console.web.queries.filter_choices import ME, NOBODY
from console.web.queries.filtered_list import Filtered, next_case
from console.web.queries.list_filters import Filters
from tests.conftest import FinishedDay
from tests.console.another_day import add_day
from tests.console.conftest import HANGZHOU, NOW, Site

PAGE = 7
PEOPLE = ("wang", "li", None)
TODAY = date(2026, 7, 1)
DUE_ON = (date(2026, 6, 22), date(2026, 6, 30), TODAY, date(2026, 7, 15), None)


@pytest.fixture
def cases(site: Site, monkeypatch: pytest.MonkeyPatch) -> dict[str, Case]:
    """Half of the entities have a case with random state, assignee and deadline. Windows are small, so a page needs several."""
    monkeypatch.setattr(placing, "FIRST_WINDOW", 2)
    monkeypatch.setattr(filtering, "FIRST_WINDOW", 2)
    rng = random.Random(5)
    rows = rng.sample(list(site.all_ranked()), site.run.entities // 2)
    made = [
        Case(
            entity_id=row.entity_id, name=row.name, state=rng.choice([*State]), changed_at=NOW, placed_in=site.run.run_id,
            place=row.position, position=row.position, region_code=row.region_code, region_middle=row.region_middle,
            region_top=row.region_top, assigned_to=site.user(name) if (name := rng.choice(PEOPLE)) else None,
            due_on=rng.choice(DUE_ON),
        )
        for row in rows
    ]  # fmt: skip
    Case.objects.bulk_create(made)
    return {case.entity_id: case for case in made}


def is_meant(row: Ranked, filters: Filters, case: Case | None) -> bool:
    """Whether a row matches the filters, from the row and its case alone."""
    whose = case.assigned_to_id if case else None
    is_late = case is not None and case.state in WITH_DEADLINE and case.due_on is not None and case.due_on < TODAY
    listed_alone = not filters.overdue and (filters.state == State.TO_REVIEW or filters.assigned == NOBODY)
    return (
        (row.is_listed or not listed_alone)
        and (is_late or not filters.overdue)
        and (not filters.state or (case.state if case else State.TO_REVIEW) == filters.state)
        and (not filters.assigned or (whose is None if filters.assigned == NOBODY else whose == int(filters.assigned)))
        and filters.risk_class in ("", row.risk_class)
        and filters.q in row.name
    )


def asked(site: Site, seed: str) -> list[dict[str, str]]:
    """A random quarter of all combinations of state, person, deadline and other filters."""
    person = str(site.user("wang").pk)
    others: list[dict[str, str]] = [{}, {"risk_class": "C"}, {"q": "公司", "risk_class": "D"}]
    asked = itertools.product(["", *State], ["", NOBODY, person], ["", "yes"], others)
    every = [
        {"state": state, "assigned": whose, "overdue": late, **more} for state, whose, late, more in asked if state or whose or late
    ]
    return random.Random(seed).sample(every, len(every) // 4)


@pytest.mark.parametrize("name", ["wang", "zhou"])
@pytest.mark.parametrize("placed", ["all", "some", "none"])
def test_a_page_by_state_and_person_equals_reading_every_case(site: Site, cases: dict[str, Case], name: str, placed: str) -> None:
    if placed != "all":
        some = Case.objects.all() if placed == "none" else Case.objects.filter(pk__in=[case.pk for case in [*cases.values()][::3]])
        some.update(placed_in="another", place=1)
    user = site.user(name)
    everybody = list(ranked_of(site.run, user).order_by("position"))
    for given in asked(site, f"{name} {placed}"):
        filters = Filters.read(given)
        wanted = [row.position for row in everybody if is_meant(row, filters, cases.get(row.entity_id))]
        after = wanted[len(wanted) // 3] if wanted else 0

        whole, first, page = (found(filters, site, user, **part) for part in ({}, {"most": PAGE}, {"after": after, "most": PAGE}))

        assert whole == wanted, given
        assert first == wanted[:PAGE], given
        assert page == [place for place in wanted if place > after][:PAGE], given
        listed = [place for place in wanted if place <= site.run.listed]
        for most in (PAGE, len(everybody), LAST):
            counted = tuple(len(places[:most]) for places in (wanted, listed))
            assert Filtered.by(filters, site.run, user).count(most) == counted, (given, most)


@pytest.mark.usefixtures("cases")
@pytest.mark.parametrize("name", ["wang", "zhou"])
def test_campaigns_and_looks_combine_with_other_filters(site: Site, name: str) -> None:
    user = site.user(name)
    everybody = list(ranked_of(site.run, user).order_by("position"))
    members, same, other = everybody[::3], everybody[::4], everybody[1::4]
    campaign = put_into_campaign(members, site)
    Look.objects.bulk_create([look(user, row, 0) for row in same] + [look(user, row, 1) for row in other])
    is_kept = {
        ("campaign", str(campaign.pk)): {row.position for row in members},
        ("seen", UNSEEN): {row.position for row in everybody if row.is_listed} - {row.position for row in [*same, *other]},
        ("seen", CHANGED): {row.position for row in other if row.is_listed},
    }
    given = ({}, {"state": "to_review"}, {"state": "deferred"}, {"assigned": ME}, {"risk_class": "C"}, {"region": HANGZHOU})
    for asked_for, text, (more, kept) in itertools.product(given, ("", "公司", "无人"), is_kept.items()):
        wanted = [place for place in found(Filters.read({**asked_for, "q": text}), site, user) if place in kept]
        filters = Filters.read({**asked_for, "q": text, more[0]: more[1]})

        assert found(filters, site, user) == wanted, filters
        assert found(filters, site, user, after=PAGE, most=PAGE) == [p for p in wanted if p > PAGE][:PAGE], filters
        assert Filtered.by(filters, site.run, user).count(PAGE)[0] == min(len(wanted), PAGE), filters


def put_into_campaign(rows: list[Ranked], site: Site) -> Campaign:
    columns = ("entity_id", "name", "position", "risk_class", "region_code", "region_middle", "region_top")
    when = {"made_at": NOW, "starts_on": TODAY, "ends_on": date(2026, 9, 30)}
    what = {"capacity": len(rows), "checklist": "licence", "run_id": site.run.run_id}
    made = Campaign.objects.create(name="Spring", form_token="spring", made_by=site.user("li"), **what, **when)
    Member.objects.bulk_create([Member(campaign=made, **{name: getattr(row, name) for name in columns}) for row in rows])
    return made


def look(user: Any, row: Ranked, moved: int) -> Look:
    stood = {"credit_points": row.credit_points + moved, "risk_class": row.risk_class}
    return Look(user=user, entity_id=row.entity_id, at=NOW.isoformat(), **stood)


def found(filters: Filters, site: Site, user: Any, **part: Any) -> list[int]:
    return list(Filtered.by(filters, site.run, user).rows(**{"most": LAST, **part}).values_list("position", flat=True))


@pytest.mark.usefixtures("cases")
def test_cases_get_their_entities_places_on_a_newer_list(site: Site, finished_day: FinishedDay, tmp_path: Path) -> None:
    last = list(site.all_ranked(is_listed=False))[-1].entity_id

    def change(name: str, frame: Any) -> Any:
        if name == "gold/scores":
            frame.loc[frame["entity_id"] == last, "margin"] = frame["margin"].max() + 1
        return frame

    run = add_day(finished_day.home, tmp_path / "home", finished_day.as_of, change=change)
    publish(run)

    places = dict(site.all_ranked().values_list("entity_id", "position"))
    assert set(Case.objects.values_list("placed_in", flat=True)) == {run.run_id}
    assert all(place == places[name] for name, place in Case.objects.values_list("entity_id", "place"))


def test_a_case_has_its_place_from_the_first_decision(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    send("wang", subject, "visit")

    case = Case.objects.get()
    assert (case.place, case.placed_in) == (subject.position, site.run.run_id)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("state=deferred", "cases_of_state_by_place"),
        ("state=to_review", "cases_by_place"),
        ("assigned=me", "cases_of_person_by_place"),
        ("overdue=yes", "cases_with_deadline_by_place"),
    ],
)
@pytest.mark.usefixtures("cases")
def test_cases_are_read_from_an_index_in_the_lists_order(site: Site, query: str, index: str) -> None:
    client = site.client("wang")
    with CaptureQueriesContext(connection) as captured:
        client.get(f"/list/?{query}")

    read = [asked["sql"] for asked in captured if 'SELECT "decisions_case"."place"' in asked["sql"]]
    assert read
    with connection.cursor() as cursor:
        for sql in read:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = [row[3] for row in cursor.fetchall()]
            assert len(plan) == 1, plan
            assert f"INDEX {index} (" in plan[0]
    # No look-up by identifier: every case has its place in this run.
    assert not [asked for asked in captured if asked["sql"].startswith('SELECT "decisions_case"."entity_id" AS')]


def test_the_next_case_is_the_first_one_behind_without_a_decision(site: Site, cases: dict[str, Case]) -> None:
    request: Any = RequestFactory().get("/")
    request.user = site.user("wang")
    listed = list(ranked_of(site.run, request.user).filter(is_listed=True).order_by("position"))
    for query, letter in (("", ""), ("risk_class=D", "D"), ("state=to_review&risk_class=C", "C")):
        for after in listed[::5]:
            behind = (
                row
                for row in listed
                if row.position > after.position
                and letter in ("", row.risk_class)
                and (row.entity_id not in cases or cases[row.entity_id].state == State.TO_REVIEW)
            )
            assert next_case(request, site.run, after, query) == next(behind, None)
    assert next_case(request, site.run, listed[0], "state=deferred") is None
