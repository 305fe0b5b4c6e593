"""Corrections of results: both rows stay, and each figure counts the current one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from console.apps.campaigns.models import Campaign
from console.apps.decisions.models import Case, Decision, Result
from console.apps.decisions.states import State
from tests.console.cases import CAMPAIGN, correct_visit, indicator_of, record_visit
from tests.console.conftest import HANGZHOU, Site

DAY = date(2026, 7, 1)


def test_a_mistyped_result_is_corrected_and_both_rows_stay(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "visit", reason="complaints")
    first = record_visit(site, subject, **{f"right_{indicator_of(site, subject)}": "no"})
    page = site.client("wang").get(f"/case/{first.decision.case_id}/result/")
    assert page.context["form"].initial["items_checked"] == 3
    assert page.context["form"].initial[f"right_{indicator_of(site, subject)}"] == "no"
    site.now[0] += timedelta(days=1)

    correct_visit(site, "li", first)
    assert Result.objects.count() == 1
    before = Case.objects.get().changed_at
    correct_visit(site, "wang", first, **{f"right_{indicator_of(site, subject)}": "yes"})
    again = Result.objects.exclude(pk=first.pk).get()
    correct_visit(site, "zhang", first, visit_status="refused")

    last = Result.objects.current().get()
    assert (again.found_violation, again.selected_by, again.corrects, last.corrects) == (True, "complaint", first, again)
    assert (last.first(), last.visit_status, last.found_violation) == (first, "refused", None)
    assert (Case.objects.get().state, Case.objects.get().changed_at) == (State.NOT_INSPECTED, before)
    assert [decision.action for decision in Decision.objects.all()] == ["visit", "record", "correct", "correct_no_visit"]


def test_a_corrected_result_counts_once_in_its_current_version(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    right = f"right_{indicator_of(site, subject)}"
    site.client("zhang").post("/campaigns/new/?listed=yes", CAMPAIGN)
    send("wang", subject, "visit")
    correct_visit(site, "wang", record_visit(site, subject, **{right: "no"}), **{right: "yes"})

    home, supervisor = site.client("wang").get("/").context, site.client("zhang").get("/supervisor/").context
    (row,) = site.client("chen").get("/feedback/").context["rows"]
    campaign = site.client("zhang").get(f"/campaigns/{Campaign.objects.get().pk}/").context
    assert (home["visits"], home["hits"]) == (1, 1)
    assert [(found.visits, found.hits) for found in dict(supervisor["found"])["selected"]] == [(1, 1)]
    assert (row["yes"], row["no"]) == (1, 0)
    assert (campaign["visited"], campaign["hits"]) == (1, 1)


def test_a_correction_does_not_refer_to_a_visit_that_was_undone(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "visit")
    first = record_visit(site, subject, visit_status="not_done")
    site.now[0] += timedelta(days=1)
    send("wang", subject, "visit", version="2")
    site.client("wang").post(f"/decision/{Decision.objects.filter(action='visit').latest('id').pk}/undo/")

    correct_visit(site, "wang", first, inspected_on=str(DAY))

    assert (Result.objects.current().get().inspected_on, Case.objects.get().state) == (DAY, "visited")


def test_correcting_a_missed_visit_does_not_postpone_the_return(site: Site, send: Any) -> None:
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    send("wang", subject, "visit")
    first = record_visit(site, subject, visit_status="not_done")
    back = Case.objects.get().wake_on
    site.now[0] += timedelta(days=2)
    correct_visit(site, "wang", first, visit_status="refused")

    assert Decision.objects.filter(action="correct_no_visit").exists()
    assert Case.objects.get().wake_on == back
