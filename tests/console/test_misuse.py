"""Misuse by people with an account: forged forms, bypassing the audit, old passwords and tokens."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection

from console.apps.accounts.jurisdiction import Level
from console.apps.accounts.models import Jurisdiction, User
from console.apps.accounts.roles import Role
from console.apps.api.models import Token
from console.apps.api.tokens import MOST_TOKENS, make_token
from console.apps.audit import spool
from console.apps.audit.models import AuditEvent, Kind
from console.apps.decisions.models import Case, Decision
from console.apps.decisions.states import State
from console.apps.ranking.models import PublishedRun, Ranked
from console.core.invisible_characters import made_visible
from console.core.spreadsheets import csv_lines
from console.web.middleware import BY_PROVIDER
from jobs.foundation.files import escape_formula
from tests.console.conftest import GIVEN, HANGZHOU, PASSWORD, ZHENGZHOU, Site


def entities(site: Site, count: int = 2) -> list[Ranked]:
    return list(site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")[:count])


def noted(**what: Any) -> list[dict[str, Any]]:
    spool.flush()
    return [json.loads(event.detail) for event in AuditEvent.objects.filter(**what)]


@pytest.mark.parametrize("name", ["wake:{case}:1", "undo:{decision}", "return:{case}:1", "a b", ""])
def test_no_form_can_name_a_step_of_the_system(site: Site, send: Any, name: str) -> None:
    first, other = entities(site)
    send("wang", first, "defer")
    case = Case.objects.get()
    forged = name.format(case=case.pk, decision=case.decisions.get().pk)

    assert send("li", other, "visit", token=forged).status_code == 422

    assert Decision.objects.count() == 1
    site.now[0] += timedelta(days=30)
    site.client("wang").get("/")
    assert Case.objects.get().state == State.TO_REVIEW


def test_an_invalid_form_shows_no_entity_without_an_audit_event(site: Site) -> None:
    (subject,) = entities(site, 1)

    page = site.client("wang").post(f"/entity/{subject.entity_id}/visit/", {})

    assert subject.name in page.content.decode()
    assert [said["page"] for said in noted(kind=Kind.VIEWED, actor="wang", entity_id=subject.entity_id)] == ["entity"]


def test_views_of_accounts_are_recorded(site: Site) -> None:
    site.client("wu").get("/accounts/")
    site.client("wu").get(f"/accounts/{site.user('wang').pk}/")
    spool.flush()

    says = [json.loads(event.detail) for event in AuditEvent.objects.filter(kind="viewed", actor="wu")]
    assert says == [{"page": "accounts"}, {"page": "account", "account": site.user("wang").pk}]


def test_the_preview_of_a_bulk_decision_is_recorded(site: Site) -> None:
    names = [row.entity_id for row in entities(site, 3)]

    site.client("wang").post("/list/bulk/", {"action": "visit", "entity": names})

    assert [said["entities"] for said in noted(kind=Kind.SEARCHED, actor="wang")] == [names]


def test_visit_forms_and_parts_of_the_list_are_recorded(site: Site, send: Any) -> None:
    (subject,) = entities(site, 1)
    send("wang", subject, "visit")
    client = site.client("wang")

    client.get(f"/case/{Case.objects.get().pk}/result/")
    client.get("/list/?after=7")

    assert [said["page"] for said in noted(kind=Kind.VIEWED, entity_id=subject.entity_id)] == ["result"]
    assert [said["after"] for said in noted(kind=Kind.SEARCHED)] == [7]


def test_nobody_is_assigned_a_visit_outside_their_regions(site: Site) -> None:
    """A supervisor has two regions and an inspector has one of them: a visit in the other would be lost."""
    for code in (HANGZHOU, ZHENGZHOU):
        Jurisdiction.objects.get_or_create(user=site.user("zhang"), level=Level.MIDDLE, code=code)
    there = site.ranked(is_listed=True, region_middle=ZHENGZHOU)
    form = {**GIVEN["visit"], "token": "t", "version": 0, "run_id": site.run.run_id, "assigned_to": site.user("wang").pk}

    site.client("zhang").post(f"/entity/{there.entity_id}/visit/", form)

    assert not Decision.objects.exists()
    assert [said["why"] for said in noted(kind=Kind.REFUSED)] == ["refused.assignee"]
    site.client("zhang").post(f"/entity/{there.entity_id}/visit/", {**form, "token": "u", "assigned_to": site.user("liu").pk})
    assert Case.objects.get().assigned_to == site.user("liu")


def test_a_password_set_by_somebody_else_cannot_be_chosen_again(site: Site) -> None:
    User.objects.filter(username="wang").update(must_change_password=True)

    page = site.client("wang").post("/password/", {"new_password1": PASSWORD, "new_password2": PASSWORD})

    assert page.status_code == 422
    assert site.user("wang").must_change_password


def test_an_open_session_cannot_take_over_the_account(site: Site) -> None:
    client, new = site.client("wang"), "quite another one 7"
    asked = {"new_password1": new, "new_password2": new}

    for old in ({}, {"old_password": "wrong"}):
        client.post("/password/", {**asked, **old})
        assert site.user("wang").check_password(PASSWORD)
    assert AuditEvent.objects.filter(kind=Kind.SIGN_IN_FAILED).count() == 1

    make_token(site.user("wang"), "nightly", ["list"], (site.now[0] + timedelta(days=9)).date())
    client.post("/password/", {**asked, "old_password": PASSWORD})
    assert site.user("wang").check_password(new)
    assert Token.objects.get().is_revoked
    assert [said["tokens_revoked"] for said in noted(kind=Kind.PASSWORD_CHANGED)] == [1]
    assert client.get("/list/").status_code == 200


@pytest.mark.parametrize("asked", ["new_password", "no_second_factor"])
def test_an_administrators_open_session_cannot_take_over_their_own_account(site: Site, asked: str) -> None:
    User.objects.filter(username="wu").update(has_second_factor=True)
    client, user = site.client("wu"), site.user("wu")
    session = client.session
    session[BY_PROVIDER] = True  # counts as a second factor, without a device
    session.save()
    there = f"/accounts/{user.pk}/"
    form = {"username": "wu", "role": "admin", "is_active": "on", "regions": ""}

    assert asked not in client.get(there).content.decode()
    page = client.post(there, {**form, asked: "on"})

    assert page.context["form"].non_field_errors()
    assert (site.user("wu").password, site.user("wu").has_second_factor) == (user.password, True)
    assert asked in client.get(f"/accounts/{_with_factor(site, 'wang').pk}/").content.decode()


def _with_factor(site: Site, name: str) -> User:
    User.objects.filter(username=name).update(has_second_factor=True)
    return site.user(name)


@pytest.mark.parametrize("name", ["steelyard", "Steelyard", "-", "WANG", "ｗａｎｇ"])
def test_an_account_name_cannot_imitate_another_or_the_system(site: Site, name: str) -> None:
    before = User.objects.count()

    page = site.client("wu").post("/accounts/new/", {"username": name, "role": "inspector", "is_active": "on", "regions": HANGZHOU})

    assert "username" in page.context["form"].errors
    assert User.objects.count() == before


def test_regions_can_be_set_once_the_region_scheme_is_known(site: Site) -> None:
    PublishedRun.objects.update(is_current=False)
    client = site.client("wu")
    form = {"username": "new", "role": "inspector", "is_active": "on"}

    assert "regions" in client.post("/accounts/new/", {**form, "regions": HANGZHOU}).context["form"].errors
    client.post("/accounts/new/", {**form, "regions": "all"})
    assert [place.level for place in User.objects.get(username="new").jurisdictions.all()] == [Level.ALL]


@pytest.mark.parametrize("change", [{"is_active": ""}, {"is_active": "on", "new_password": "on"}])
def test_tokens_end_with_the_account_or_its_password(site: Site, change: dict[str, str]) -> None:
    user = site.user("wang")
    make_token(user, "nightly", ["list"], (site.now[0] + timedelta(days=9)).date())

    site.client("wu").post(f"/accounts/{user.pk}/", {"username": "wang", "role": "inspector", "regions": HANGZHOU, **change})

    assert Token.objects.get().is_revoked
    assert [said["tokens_revoked"] for said in noted(kind=Kind.ACCOUNT_CHANGED)] == [1]


def test_more_tokens_do_not_bypass_the_rate_limit(site: Site) -> None:
    form = {"name": "more", "scopes": ["list"], "expires_on": str((site.now[0] + timedelta(days=9)).date())}
    client = site.client("wang")
    for _ in range(MOST_TOKENS + 2):
        page = client.post("/tokens/", form)

    assert page.status_code == 422
    assert Token.objects.count() == MOST_TOKENS
    client.post(f"/tokens/{Token.objects.first().pk}/revoke/")
    assert client.post("/tokens/", form).status_code == 200


def test_replacing_a_row_does_not_bypass_the_triggers(site: Site, send: Any) -> None:
    send("wang", entities(site)[0], "visit")

    for table in ("audit_auditevent", "decisions_decision"):
        with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
            cursor.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


@pytest.mark.parametrize("name", ["\u3000=1", "\u200b=1", "\x01=1", "\x0b+1", "\u2028@A1", "\u00ad-1"])
def test_invisible_characters_hide_no_formula(name: str) -> None:
    assert made_visible(escape_formula(name)) == "'" + made_visible(name)


@pytest.mark.parametrize("name", ["shop;=1+1", "shop\t=1+1"])
def test_no_cell_ends_early_in_another_program(name: str) -> None:
    text = b"".join(csv_lines(["name", "points"], [(name, 5)])).decode("utf-8-sig")

    assert text.splitlines()[1] == f'"{name}",5'


def test_the_language_can_be_chosen_on_a_page_after_a_form(site: Site) -> None:
    client = site.client("wang")
    page = client.post("/list/bulk/", {"action": "visit", "entity": [entities(site)[0].entity_id]}).content.decode()
    there = page.split('name="next" value="')[1].split('"')[0]

    assert client.get(client.post("/language/", {"language": "zh-Hans", "next": there}).url).status_code == 200


@pytest.mark.parametrize(
    "there", ["nowhere", "home", "javascript:alert(1)", "//elsewhere.example", "/\\elsewhere.example", "\r\nX: 1", ""]
)
def test_choosing_a_language_redirects_to_this_site_only(site: Site, there: str) -> None:
    assert site.client().post("/language/", {"language": "en", "next": there}).url == "/"


def test_the_page_for_a_database_failure_does_not_use_the_database(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = site.client("wang", raise_request_exception=False)

    def fails(*_: Any) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr("console.web.context_processors.current_run", fails)
    page = client.get("/help/", headers={"Accept-Language": "zh-Hant"})

    assert (page.status_code, page.headers["Content-Type"]) == (500, "text/plain; charset=utf-8")
    assert page.content.decode().startswith("系統錯誤")


def test_a_new_role_applies_immediately(site: Site) -> None:
    client, (subject,) = site.client("zhang"), entities(site, 1)
    assert client.get("/supervisor/").status_code == 200

    User.objects.filter(username="zhang").update(role=Role.ANALYST)

    form = {**GIVEN["visit"], "token": "t", "version": 0, "run_id": site.run.run_id}
    assert client.get("/supervisor/").status_code == 404
    assert client.post(f"/entity/{subject.entity_id}/visit/", form).status_code == 404
    assert client.get(f"/entity/{subject.entity_id}/").status_code == 200


def test_options_of_the_database_address_are_kept() -> None:
    from console.settings import _postgresql

    options = _postgresql("postgresql://a:b@c:5/d?sslmode=verify-full&sslrootcert=%2Fetc%2Froot.crt", "console")["OPTIONS"]

    assert options == {"sslmode": "verify-full", "sslrootcert": "/etc/root.crt", "options": "-c search_path=console"}
