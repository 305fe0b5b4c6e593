"""Attacks that must be refused or have no effect."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import connections
from openpyxl import load_workbook

from console.apps.accounts.models import User
from console.apps.audit.models import AuditEvent
from console.apps.decisions.models import Case, Decision
from console.apps.ranking.models import Ranked
from console.apps.ranking.runs import alias_of
from console.core.spreadsheets import csv_lines, xlsx_file
from console.publishing.run_database import thin_out
from tests.console.conftest import GIVEN, HANGZHOU, PASSWORD, ZHENGZHOU, Site


def entity(site: Site) -> Ranked:
    return site.ranked(is_listed=True, region_middle=HANGZHOU)


def test_a_deactivated_user_cannot_decide_while_signed_in(site: Site) -> None:
    client = site.client("wang")
    subject = entity(site)
    assert client.get(f"/entity/{subject.entity_id}/").status_code == 200
    User.objects.filter(username="wang").update(is_active=False)

    response = client.post(
        f"/entity/{subject.entity_id}/visit/", {**GIVEN["visit"], "token": "t", "version": 0, "run_id": site.run.run_id}
    )

    assert response.url.startswith("/sign-in/")
    assert not Decision.objects.exists()


def test_a_form_sent_again_has_no_effect(site: Site) -> None:
    subject, client = entity(site), site.client("wang")
    form = {**GIVEN["defer"], "token": "same", "version": 0, "run_id": site.run.run_id}
    for version in (0, 1):
        client.post(f"/entity/{subject.entity_id}/defer/", {**form, "version": version})

    assert Decision.objects.count() == 1
    assert AuditEvent.objects.filter(kind="refused", detail__contains="refused.sent_before").count() == 1


def test_a_region_in_a_form_is_ignored(site: Site) -> None:
    theirs = site.ranked(is_listed=True, region_middle=ZHENGZHOU)
    form = {
        **GIVEN["visit"],
        "token": "t",
        "version": 0,
        "run_id": site.run.run_id,
        "region_middle": HANGZHOU,
        "region_code": "330106",
    }

    assert site.client("wang").post(f"/entity/{theirs.entity_id}/visit/", form).status_code == 404
    own = entity(site)
    site.client("wang").post(f"/entity/{own.entity_id}/visit/", {**form, "region_middle": ZHENGZHOU})
    assert [case.region_middle for case in Case.objects.all()] == [HANGZHOU]


def test_a_form_from_another_site_is_refused(site: Site) -> None:
    subject = entity(site)
    client = site.client("wang", enforce_csrf_checks=True)
    form = {**GIVEN["visit"], "token": "t", "version": 0, "run_id": site.run.run_id}

    response = client.post(f"/entity/{subject.entity_id}/visit/", form)

    assert response.status_code == 403
    assert not Decision.objects.exists()


HARMFUL = ["=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(A1)", "\t=1", " =1", "＝1", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("name", HARMFUL)
def test_formulas_in_names_are_text_in_every_file(name: str) -> None:
    text = b"".join(csv_lines(["name", "points"], [(name, -5)])).decode("utf-8-sig")
    sheet = load_workbook(io.BytesIO(xlsx_file("list", ["name", "points"], [(name, -5)]).read())).active

    assert text.splitlines()[1].lstrip('"').startswith("'")
    assert text.rstrip().endswith(",-5")
    assert (sheet["A2"].data_type, sheet["A2"].value, sheet["B2"].value) == ("s", "'" + name, -5)


def test_a_comment_of_five_megabytes_is_refused(site: Site) -> None:
    subject = entity(site)
    form = {**GIVEN["dismiss"], "token": "t", "version": 0, "run_id": site.run.run_id, "comment": "x" * 5_000_000}

    assert site.client("wang").post(f"/entity/{subject.entity_id}/dismiss/", form).status_code == 400
    form["comment"] = "x" * 2001
    assert site.client("wang").post(f"/entity/{subject.entity_id}/dismiss/", form).status_code == 422
    assert not Decision.objects.exists()


def test_an_uploaded_file_is_refused(site: Site) -> None:
    subject = entity(site)
    form = {**GIVEN["dismiss"], "token": "t", "version": 0, "run_id": site.run.run_id, "comment": io.BytesIO(b"x")}

    assert site.client("wang").post(f"/entity/{subject.entity_id}/dismiss/", form).status_code == 400


def test_script_in_a_name_or_comment_is_escaped(site: Site, send: Any) -> None:
    import sqlite3

    subject = entity(site)
    script = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    path = site.folder.rankings / f"{site.run.run_id}.sqlite3"
    copy = path.with_suffix(".copy")
    copy.write_bytes(path.read_bytes())
    with sqlite3.connect(copy) as database:
        database.execute("UPDATE ranking_ranked SET name = ?, address = ? WHERE entity_id = ?", (script, script, subject.entity_id))
    connections[alias_of(site.run.run_id)].close()
    copy.replace(path)
    send("wang", subject, "visit", comment=script)

    for there in ("/list/", f"/entity/{subject.entity_id}/", "/visits/"):
        page = site.client("wang").get(there).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize("asked", ["' OR 1=1 --", '" OR *', "杭州*", "NEAR(", "a" * 5000, "\x00", "%", "_", "(", "列 AND 名"])
def test_search_text_is_never_an_operator(site: Site, asked: str) -> None:
    response = site.client("wang").get("/list/", {"q": asked})

    assert response.status_code == 200
    assert len(response.context["rows"]) <= 50


@pytest.mark.parametrize(
    "query",
    ["after=-1", "after=9999999999999999999", "after=²", "day=2026-13-45", "region=zz", "risk_class=Z", "state=x", "moved=x"],
)
def test_a_manipulated_url_still_opens(site: Site, query: str) -> None:
    assert site.client("wang").get(f"/list/?{query}").status_code == 200


@pytest.mark.parametrize("query", ["before=²", "before=-1", "since=0001-01-01", "until=9999-12-31", "since=yesterday", "kind=x"])
def test_a_manipulated_audit_url_still_opens(site: Site, query: str) -> None:
    assert site.client("zhou").get(f"/audit/?{query}").status_code == 200
    assert site.client("zhou").get(f"/audit/export.csv?{query}").status_code == 200


def test_five_wrong_passwords_lock_the_account(site: Site) -> None:
    for _ in range(5):
        site.client().post("/sign-in/", {"username": "wang", "password": "wrong"})

    response = site.client().post("/sign-in/", {"username": "wang", "password": PASSWORD})

    assert response.status_code == 429
    assert AuditEvent.objects.filter(kind="locked_out").exists()
    assert site.client().post("/sign-in/", {"username": "li", "password": PASSWORD}).status_code == 302


def test_sign_in_redirects_to_no_other_site(site: Site) -> None:
    response = site.client().post(
        "/sign-in/?next=https://elsewhere.example/", {"username": "wang", "password": PASSWORD, "next": "//elsewhere.example"}
    )

    assert response.url == "/"
    away = site.client("wang").post("/language/", {"language": "en", "next": "https://elsewhere.example/"})
    assert away.url == "/"


def test_an_initial_password_opens_only_the_password_page(site: Site) -> None:
    User.objects.filter(username="wang").update(must_change_password=True)
    client = site.client("wang")

    assert client.get("/list/").url == "/password/"
    client.post("/password/", {"new_password1": "quite another one 7", "new_password2": "quite another one 7"})
    assert client.get("/list/").status_code == 200


def test_thinning_passes_entities_as_parameters(site: Site) -> None:
    thin_out(site.run.run_id, ["'); DROP TABLE ranking_ranked; --"])

    assert site.ranked(is_listed=True).position == 1
