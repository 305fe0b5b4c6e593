"""Campaigns: made from a filter, within their capacity, followed by what visits found, closed by whoever made them."""

from __future__ import annotations

from typing import Any

from console.accounts.models import User
from console.audit.models import AuditEvent
from console.campaigns.models import Campaign, Member
from console.decisions.models import Case
from tests.console.conftest import HANGZHOU, ZHENGZHOU, Site

SAID = {"name": "Cosmetics", "capacity": 5, "checklist": "licence\n\nlabels ", "starts_on": "2026-07-01", "ends_on": "2026-07-31"}


def make(site: Site, query: str = "risk_class=D", **said: Any) -> Any:
    return site.client("zhang").post(f"/campaigns/new/?{query}", {**SAID, "token": "one", **said})


def test_a_campaign_takes_in_the_first_of_the_filter_in_the_makers_regions(site: Site) -> None:
    make(site)

    campaign = Campaign.objects.get()
    wanted = [row.entity_id for row in site.all_ranked(region_middle=HANGZHOU, risk_class="D")[:5]]
    assert [member.entity_id for member in campaign.members.all()] == wanted
    assert (campaign.items, campaign.filters) == (["licence", "labels"], {"risk_class": "D"})
    assert AuditEvent.objects.filter(kind="campaign_made", actor="zhang").count() == 1


def test_a_form_sent_twice_makes_one_and_a_period_that_is_over_none(site: Site) -> None:
    make(site)
    make(site)
    assert make(site, token="two", ends_on="2026-06-30").status_code == 422
    assert make(site, token="three", starts_on="2026-07-20", ends_on="2026-07-10").status_code == 422
    assert make(site, query="q=nobody", token="four").status_code == 422

    assert Campaign.objects.count() == 1


def test_it_is_followed_by_where_its_members_stand_and_what_visits_found(site: Site, send: Any) -> None:
    make(site)
    campaign = Campaign.objects.get()
    subject = site.ranked(entity_id=campaign.members.all()[0].entity_id)
    send("wang", subject, "visit")
    case = Case.objects.get(entity_id=subject.entity_id)
    said = {"token": "r", "version": case.version, "visit_status": "inspected", "inspected_on": "2026-07-01", "items_checked": 4}
    site.client("wang").post(f"/case/{case.pk}/result/", {**said, "breaches": 1, "severity": 1, "found_violation": "yes"})

    page = site.client("wang").get(f"/campaigns/{campaign.pk}/")

    assert (page.context["visited"], page.context["hits"]) == (1, 1)
    assert dict(page.context["states"]) == {"to_review": 4, "visited": 1}

    # The entity moved since, and its case with it: what was found there is its new region's to know.
    Case.objects.filter(pk=case.pk).update(region_code="410102", region_middle=ZHENGZHOU, region_top="410000")
    page = site.client("wang").get(f"/campaigns/{campaign.pk}/")
    assert (page.context["visited"], page.context["hits"]) == (0, 0)
    assert dict(page.context["states"]) == {"to_review": 5}


def test_a_campaign_of_a_shut_account_is_closed_by_another_supervisor_of_the_region(site: Site) -> None:
    make(site)
    campaign = Campaign.objects.get()
    User.objects.filter(username="zhang").update(is_active=False)

    for who in ("li", "chen", "yang"):
        assert site.client(who).post(f"/campaigns/{campaign.pk}/close/").status_code == 404
    assert site.client("zhao").get(f"/campaigns/{campaign.pk}/").context["may_close"]
    site.client("zhao").post(f"/campaigns/{campaign.pk}/close/")

    assert Campaign.objects.get().closed_at == site.now[0]


def test_only_whoever_made_it_closes_it_and_only_supervisors_make_one(site: Site) -> None:
    make(site)
    campaign = Campaign.objects.get()
    assert site.client("zhao").post(f"/campaigns/{campaign.pk}/close/").status_code == 404
    assert site.client("wang").post("/campaigns/new/", {**SAID, "token": "w"}).status_code == 404
    site.client("zhang").post(f"/campaigns/{campaign.pk}/close/")

    campaign.refresh_from_db()
    assert campaign.closed_at == site.now[0]


def test_of_a_campaign_over_regions_each_sees_their_own(site: Site) -> None:
    make(site)
    theirs = site.ranked(region_middle="410100")
    campaign = Campaign.objects.get()
    names = ("entity_id", "name", "position", "risk_class", "region_code", "region_middle", "region_top")
    Member.objects.create(campaign=campaign, **{name: getattr(theirs, name) for name in names})

    page = site.client("liu").get(f"/campaigns/{campaign.pk}/")

    assert [member.entity_id for member in page.context["members"]] == [theirs.entity_id]
    assert len(site.client("wang").get(f"/campaigns/{campaign.pk}/").context["members"]) == 5
