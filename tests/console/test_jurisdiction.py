"""Every URL, for every role and region, hides entities of other regions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from console.apps.accounts.jurisdiction import Level
from console.apps.accounts.models import Jurisdiction
from console.apps.accounts.roles import Role
from console.apps.api.models import Scope
from console.apps.api.tokens import make_token
from console.apps.appeals.models import Appeal
from console.apps.campaigns.models import Campaign, Member
from console.apps.decisions.models import Case, Decision
from console.apps.desk.models import SavedView
from console.apps.ranking.models import Ranked
from console.urls import urlpatterns
from tests.console.conftest import GIVEN, HANGZHOU, PEOPLE, ZHENGZHOU, Site

OPEN = {"sign_in", "sign_out", "language", "to_provider", "provider_back"}
"""What is there before one signs in."""
OF_ENTITY = {"entity", "view_remove", "decide", "undo", "result", "step", "campaign", "campaign_close", "handle"}
OF_ONESELF = {
    "home", "own_password", "keys", "going_on", "help", "second_factor", "second_factor_set_up", "second_factor_remove",
}  # fmt: skip
"""Pages that concern only the signed-in user; every role may open them."""
ADDRESSES = {
    "home": "/",
    "own_password": "/password/",
    "keys": "/keys/",
    "going_on": "/going-on/",
    "view_save": "/list/views/",
    "view_remove": "/list/views/{view}/remove/",
    "help": "/help/",
    "risk_list": "/list/",
    "export_list": "/list/export.csv",
    "bulk": "/list/bulk/",
    "bulk_undo": "/list/bulk/undo/",
    "entity": "/entity/{entity}/",
    "decide": "/entity/{entity}/visit/",
    "appeal_new": "/entity/{entity}/appeal/",
    "appeals": "/appeals/",
    "appeal_answer": "/appeals/{appeal}/answer/",
    "undo": "/decision/{decision}/undo/",
    "result": "/case/{case}/result/",
    "step": "/case/{case}/reopen/",
    "visits": "/visits/",
    "supervisor": "/supervisor/",
    "hand_over": "/supervisor/hand-over/",
    "campaigns": "/campaigns/",
    "campaign_new": "/campaigns/new/",
    "campaign": "/campaigns/{campaign}/",
    "campaign_close": "/campaigns/{campaign}/close/",
    "tokens": "/tokens/",
    "token_revoke": "/tokens/1/revoke/",
    "explore": "/explore/",
    "explore_export": "/explore/regions.csv",
    "feedback": "/feedback/",
    "handle": "/feedback/{decision}/handle/",
    "status": "/status/",
    "model": "/status/model/",
    "model_card": "/status/model-card.md",
    "second_factor": "/second-factor/",
    "second_factor_set_up": "/second-factor/set-up/",
    "second_factor_remove": "/second-factor/remove/",
    "audit": "/audit/",
    "audit_verify": "/audit/verify/",
    "audit_export": "/audit/export.csv",
    "audit_chain": "/audit/chain.jsonl",
    "accounts": "/accounts/",
    "reason_texts": "/accounts/reasons/",
    "account_new": "/accounts/new/",
    "account": "/accounts/1/",
}


def test_every_url_is_covered() -> None:
    # test_api covers the URLs for programs.
    named = {pattern.name for pattern in urlpatterns if hasattr(pattern, "name")}
    assert named == {*ADDRESSES, *OPEN}
    assert [str(pattern.pattern) for pattern in urlpatterns if not hasattr(pattern, "name")] == ["api/"]


@pytest.fixture
def elsewhere(site: Site, send: Any) -> dict[str, Any]:
    """An entity in Zhengzhou with everything that an entity can have."""
    return with_all(site, send, site.ranked(is_listed=True, region_middle=ZHENGZHOU))


def with_all(site: Site, send: Any, entity: Ranked) -> dict[str, Any]:
    """Give an entity in Zhengzhou a case, a decision, a campaign, an appeal and a saved view."""
    assert send("liu", entity, "visit").status_code == 302
    case = Case.objects.get(entity_id=entity.entity_id)
    said = {
        "name": f"About {entity.name}",
        "capacity": 3,
        "checklist": "licence",
        "starts_on": "2026-07-01",
        "ends_on": "2026-07-31",
    }
    assert site.client("yang").post("/campaigns/new/?risk_class=D", {**said, "token": "c"}).status_code == 302
    objects = {"token": "o", "received_on": "2026-07-01", "ground": "disagrees", "text": f"{entity.name} objects"}
    assert site.client("liu").post(f"/entity/{entity.entity_id}/appeal/", objects).status_code == 302
    view = SavedView.objects.create(user=site.user("liu"), name=f"All of {entity.name}", filters={"q": entity.name})
    return {
        "view": view.pk,
        "campaign": Campaign.objects.get().pk,
        "appeal": Appeal.objects.get().pk,
        "entity": entity.entity_id,
        "name": entity.name,
        "case": case.pk,
        "decision": Decision.objects.get(case=case).pk,
    }


def body(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return str(content.decode(errors="replace"))


@pytest.mark.parametrize("who", [name for name, (role, region) in PEOPLE.items() if region != ZHENGZHOU and role != Role.AUDITOR])
def test_nothing_of_another_region_is_shown_or_done(site: Site, elsewhere: dict[str, Any], who: str) -> None:
    client = site.client(who)
    before = Decision.objects.count()
    for name, address in ADDRESSES.items():
        if name in ("own_password", "keys"):
            continue
        there = address.format(**elsewhere)
        form = {**GIVEN["visit"], "token": f"{who}-{name}", "version": "1", "run_id": site.run.run_id, "action": "visit"}
        form |= {"entity": elsewhere["entity"], "scope": "ticked", "visit_status": "not_done", "region": ZHENGZHOU}
        for method in (client.get, client.post):
            response = method(there, form if method == client.post else {"region": ZHENGZHOU})
            if name in OF_ENTITY:
                assert response.status_code in (404, 405), (name, method)
            text = body(response)
            assert elsewhere["name"] not in text, (name, method)
            assert response.status_code in (200, 302, 404, 405, 422), (name, response.status_code)
    assert Decision.objects.count() == before


def test_nobody_sees_anything_without_signing_in(site: Site, elsewhere: dict[str, Any]) -> None:
    for name, address in ADDRESSES.items():
        for method in ("get", "post"):
            response = getattr(site.client(), method)(address.format(**elsewhere))

            assert response.status_code in (302, 405), (name, method)
            assert response.status_code == 405 or response.url.startswith("/sign-in/"), (name, method)


def test_the_list_shows_entities_of_the_region_only(site: Site) -> None:
    page = site.client("wang").get("/list/")

    assert {row.region_middle for row in page.context["rows"]} == {HANGZHOU}


def test_a_search_finds_nothing_of_another_region(site: Site, elsewhere: dict[str, Any]) -> None:
    for asked in (elsewhere["name"], elsewhere["entity"]):
        assert site.client("wang").get("/list/", {"q": asked}).context["rows"] == []
        assert len(site.client("liu").get("/list/", {"q": asked}).context["rows"]) == 1


def test_an_auditor_sees_every_region(site: Site, elsewhere: dict[str, Any]) -> None:
    page = site.client("zhou").get("/list/")

    assert {row.region_middle for row in page.context["rows"]} > {HANGZHOU, ZHENGZHOU}
    assert site.client("zhou").get(f"/entity/{elsewhere['entity']}/").status_code == 200


def test_an_auditor_changes_nothing(site: Site, elsewhere: dict[str, Any]) -> None:
    before = Decision.objects.count()
    for name, address in ADDRESSES.items():
        if name not in ("own_password", "keys", "audit_verify"):
            form = {**GIVEN["visit"], "token": f"a-{name}", "version": "1", "run_id": site.run.run_id, "action": "visit"}
            site.client("zhou").post(address.format(**elsewhere), {**form, "entity": elsewhere["entity"], "role": "admin"})

    assert Decision.objects.count() == before
    assert site.user("zhou").role == Role.AUDITOR


def test_a_person_without_a_region_sees_an_empty_list(site: Site) -> None:
    assert site.client("huang").get("/list/").context["rows"] == []
    assert not site.all_ranked().visible_to(site.user("huang")).exists()


def test_every_url_states_the_roles_that_may_open_it() -> None:
    views = {pattern.name: pattern.callback for pattern in urlpatterns if hasattr(pattern, "name")}

    assert {name for name, view in views.items() if not hasattr(view, "roles")} == {*OF_ONESELF, *OPEN}
    assert all(view.roles <= frozenset(Role) and view.roles for view in views.values() if hasattr(view, "roles"))


@pytest.mark.parametrize("who", ["liu", "yang", "chen", "zhou", "wu"])
def test_a_url_opens_for_its_roles_and_for_no_other(site: Site, elsewhere: dict[str, Any], who: str) -> None:
    client, role = site.client(who), site.user(who).role
    for pattern in urlpatterns:
        roles = getattr(getattr(pattern, "callback", None), "roles", None)
        if roles is None or role in roles:
            continue
        there = ADDRESSES[pattern.name].format(**elsewhere)
        assert client.get(there).status_code in (404, 405), pattern.name
        assert client.post(there, {"token": f"{who}-{pattern.name}"}).status_code == 404, pattern.name
    assert Decision.objects.count() == 1


NEAR = {
    "same": lambda own: {"region_code": own.region_code},
    "next": lambda own: {"region_middle": own.region_middle, "region_code__gt": own.region_code},
    "further": lambda own: {"region_top": own.region_top, "region_middle__gt": own.region_middle},
    "beyond": lambda own: {"region_top__gt": own.region_top},
}
"""How an entity's region stands to another's: the same; another of the one above; another of the one above that; none in common."""
SEES = {
    Level.CODE: {"same"},
    Level.MIDDLE: {"same", "next"},
    Level.TOP: {"same", "next", "further"},
    Level.ALL: {"same", "next", "further", "beyond"},
}


@pytest.mark.parametrize("near", NEAR)
@pytest.mark.parametrize("level", SEES)
def test_each_level_sees_the_regions_below_it_and_no_other(site: Site, send: Any, level: Level, near: str) -> None:
    own = next(
        row
        for row in site.all_ranked(is_listed=True, region_middle=HANGZHOU)
        if all(site.all_ranked(is_listed=True, **of(row)).exclude(pk=row.pk).exists() for of in NEAR.values())
    )
    there = site.all_ranked(is_listed=True, **NEAR[near](own)).exclude(entity_id=own.entity_id).first()
    Jurisdiction.objects.filter(user__username__in=("liu", "yang")).update(level=Level.ALL, code="")
    Jurisdiction.objects.filter(user__username="zhang").delete()
    code = getattr(own, f"region_{level}", "")
    Jurisdiction.objects.create(user=site.user("zhang"), level=level, code=code)
    made = with_all(site, send, there)
    Member.objects.exclude(entity_id=there.entity_id).delete()
    client, is_seen = site.client("zhang"), near in SEES[level]
    token = make_token(site.user("zhang"), "test", [str(scope) for scope in Scope], site.now[0].date() + timedelta(days=9))

    shown = set()
    for name, address in ADDRESSES.items():
        text = body(client.get(address.format(**made)))
        # The not-found page contains the requested URL, which leads to the same page again.
        if there.name in text or ("{entity}" not in address and there.entity_id in text):
            shown.add(name)
    header = {"authorization": f"Bearer {token}"}
    for path in ("list", f"entities/{there.entity_id}", "decisions", "outcomes", "appeals", "export/list.csv"):
        text = body(site.client().get(f"/api/{path}", {"limit": 200}, headers=header))
        if there.name in text or there.entity_id in text:
            shown.add(f"api {path.partition('/')[0]}")
    for asked in (there.name, there.entity_id):
        found = client.get("/list/", {"q": asked}).context["rows"]
        assert [row.entity_id for row in found] == ([there.entity_id] if is_seen else []), asked

    assert shown >= {"export_list", "entity", "appeals", "api entities", "api decisions"} if is_seen else shown == set()
