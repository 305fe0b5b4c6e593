"""Campaigns: made from a filter within their capacity, followed by the results of visits, and closed by their maker."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from console.apps.accounts.models import User
from console.apps.audit import spool
from console.apps.audit.models import AuditEvent
from console.apps.campaigns.models import Campaign, Member
from console.apps.decisions.models import Case
from tests.console.conftest import HANGZHOU, ZHENGZHOU, Site

SAID = {"name": "Cosmetics", "capacity": 5, "checklist": "licence\n\nlabels ", "starts_on": "2026-07-01", "ends_on": "2026-07-31"}


def make(site: Site, query: str = "risk_class=D", **said: Any) -> Any:
    return site.client("zhang").post(f"/campaigns/new/?{query}", {**SAID, "token": "one", **said})


def test_a_campaign_has_the_first_entities_of_the_filter_in_the_makers_regions(site: Site) -> None:
    make(site)

    campaign = Campaign.objects.get()
    wanted = [row.entity_id for row in site.all_ranked(region_middle=HANGZHOU, risk_class="D")[:5]]
    assert [member.entity_id for member in campaign.members.all()] == wanted
    assert (campaign.items, campaign.filters) == (["licence", "labels"], {"risk_class": "D"})
    assert AuditEvent.objects.filter(kind="campaign_made", actor="zhang").count() == 1


def test_a_form_sent_twice_makes_one_campaign_and_a_past_period_makes_none(site: Site) -> None:
    make(site)
    make(site)
    assert make(site, token="two", ends_on="2026-06-30").status_code == 422
    assert make(site, token="three", starts_on="2026-07-20", ends_on="2026-07-10").status_code == 422
    assert make(site, query="q=nobody", token="four").status_code == 422

    assert Campaign.objects.count() == 1


def test_its_page_shows_the_states_of_members_and_the_results_of_visits(site: Site, send: Any) -> None:
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
    assert "<strong>Filtered by</strong> Class: D (high risk)" in page.content.decode()

    # The entity and its case have moved: only users of the new region may see the result.
    Case.objects.filter(pk=case.pk).update(region_code="410102", region_middle=ZHENGZHOU, region_top="410000")
    page = site.client("wang").get(f"/campaigns/{campaign.pk}/")
    assert (page.context["visited"], page.context["hits"]) == (0, 0)
    assert dict(page.context["states"]) == {"to_review": 5}


def test_a_closed_campaign_counts_no_later_visit(site: Site, send: Any) -> None:
    make(site)
    campaign = Campaign.objects.get()
    subject = site.ranked(entity_id=campaign.members.all()[0].entity_id)
    site.client("zhang").post(f"/campaigns/{campaign.pk}/close/")
    site.now[0] += timedelta(days=1)
    send("wang", subject, "visit")
    said = {"token": "r", "version": 1, "visit_status": "inspected", "inspected_on": "2026-07-02", "items_checked": 4}
    there = f"/case/{Case.objects.get().pk}/result/"
    site.client("wang").post(there, {**said, "breaches": 1, "severity": 1, "found_violation": "yes"})

    page = site.client("wang").get(f"/campaigns/{campaign.pk}/")
    assert (page.context["visited"], page.context["hits"], Case.objects.get().state) == (0, 0, "visited")
    Campaign.objects.update(closed_at=site.now[0])
    page = site.client("wang").get(f"/campaigns/{campaign.pk}/")
    assert (page.context["visited"], page.context["hits"]) == (1, 1)


def test_the_preview_of_a_campaign_is_recorded_as_a_search(site: Site) -> None:
    site.client("zhang").get("/campaigns/new/?risk_class=D")
    spool.flush()

    says = json.loads(AuditEvent.objects.get(kind="searched", actor="zhang").detail)
    assert (says["filters"], says["page"], says["found"] > 0) == ({"risk_class": "D"}, "campaign new", True)


def test_another_supervisor_of_the_region_closes_the_campaign_of_a_deactivated_account(site: Site) -> None:
    make(site)
    campaign = Campaign.objects.get()
    User.objects.filter(username="zhang").update(is_active=False)

    for who in ("li", "chen", "yang"):
        assert site.client(who).post(f"/campaigns/{campaign.pk}/close/").status_code == 404
    assert site.client("zhao").get(f"/campaigns/{campaign.pk}/").context["may_close"]
    site.client("zhao").post(f"/campaigns/{campaign.pk}/close/")

    assert Campaign.objects.get().closed_at == site.now[0]


def test_only_its_maker_closes_a_campaign_and_only_supervisors_make_one(site: Site) -> None:
    make(site)
    campaign = Campaign.objects.get()
    assert site.client("zhao").post(f"/campaigns/{campaign.pk}/close/").status_code == 404
    assert site.client("wang").post("/campaigns/new/", {**SAID, "token": "w"}).status_code == 404
    site.client("zhang").post(f"/campaigns/{campaign.pk}/close/")

    campaign.refresh_from_db()
    assert campaign.closed_at == site.now[0]


def test_users_see_the_members_in_their_own_regions(site: Site) -> None:
    make(site)
    theirs = site.ranked(region_middle="410100")
    campaign = Campaign.objects.get()
    names = ("entity_id", "name", "position", "risk_class", "region_code", "region_middle", "region_top")
    Member.objects.create(campaign=campaign, **{name: getattr(theirs, name) for name in names})

    page = site.client("liu").get(f"/campaigns/{campaign.pk}/")

    assert [member.entity_id for member in page.context["members"]] == [theirs.entity_id]
    assert len(site.client("wang").get(f"/campaigns/{campaign.pk}/").context["members"]) == 5


def test_the_list_and_its_file_are_filtered_by_a_campaign(site: Site) -> None:
    make(site)
    campaign = Campaign.objects.get()
    wanted = list(campaign.members.values_list("entity_id", flat=True))
    client = site.client("wang")

    page = client.get(f"/list/?campaign={campaign.pk}")
    text = page.content.decode()

    assert [row.entity_id for row in page.context["rows"]] == wanted
    assert page.context["found"] == 5
    after = campaign.members.all()[1].position
    further = client.get(f"/list/?campaign={campaign.pk}&after={after}").context["rows"]
    assert [row.entity_id for row in further] == wanted[2:]
    assert f'<option value="{campaign.pk}" selected>Cosmetics</option>' in text
    lines = b"".join(client.get(f"/list/export.csv?campaign={campaign.pk}").streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 1 + len(wanted)
    searched = client.get(f"/list/?campaign={campaign.pk}&q={page.context['rows'][-1].name}").context["rows"]
    assert wanted[-1] in [row.entity_id for row in searched]
    assert {row.entity_id for row in searched} <= set(wanted)
    assert client.get("/list/?campaign=x").context["filters"].campaign == ""


def test_a_campaign_of_other_regions_is_neither_offered_nor_shown(site: Site) -> None:
    make(site)
    page = site.client("liu").get(f"/list/?campaign={Campaign.objects.get().pk}")

    offered = {select["name"]: select["choices"] for select in page.context["selects"]}
    assert (page.context["rows"], offered["campaign"]) == ([], [])
    assert "Cosmetics" not in page.content.decode()


def test_only_the_form_of_a_campaigns_visit_shows_its_checklist(site: Site, send: Any) -> None:
    make(site)
    member = Campaign.objects.get().members.all()[0].entity_id
    other = site.ranked(region_middle=HANGZHOU, is_listed=True, risk_class="C")
    for subject in (site.ranked(entity_id=member), other):
        send("wang", subject, "visit")

    def form(entity_id: str) -> str:
        return str(site.client("wang").get(f"/case/{Case.objects.get(entity_id=entity_id).pk}/result/").content.decode())

    assert "<li>licence</li><li>labels</li>" in form(member)
    assert "licence" not in form(other.entity_id)
