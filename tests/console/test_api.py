"""The programming interface: tokens with scopes, the pages' rights, and no server error for a fuzzer."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from console.apps.accounts.models import User
from console.apps.api.models import Scope, Token
from console.apps.api.tokens import MOST_TOKENS, REQUESTS_PER_MINUTE, make_token
from console.apps.audit import spool
from console.apps.audit.models import AuditEvent
from console.apps.decisions.models import Case, Decision
from console.apps.ranking.models import PublishedRun
from console.apps.ranking.runs import alias_of, read_reasons
from console.web.api.endpoints import _reason, api
from expectations.contracts.indicators import catalogue
from tests.console.conftest import GIVEN, HANGZHOU, PEOPLE, ZHENGZHOU, Site

UNTIL = date(2026, 7, 31)
EVERY = [str(scope) for scope in Scope]
ADDRESSES = {
    "/list": "/api/list",
    "/entities/{entity_id}": "/api/entities/{entity}",
    "/entities/{entity_id}/decisions": "/api/entities/{entity}/decisions",
    "/decisions": "/api/decisions",
    "/outcomes": "/api/outcomes",
    "/appeals": "/api/appeals",
    "/export/list.{format}": "/api/export/list.csv",
}


def held(site: Site, name: str, *scopes: str) -> dict[str, str]:
    """The header with a new token of that user."""
    return {"authorization": f"Bearer {make_token(site.user(name), 'test', list(scopes or EVERY), UNTIL)}"}


def wanted(site: Site, **more: Any) -> dict[str, Any]:
    return {"action": "visit", "token": "a-program-1", "version": 0, "run_id": site.run.run_id, **GIVEN["visit"], **more}


def body(response: Any) -> str:
    return str((b"".join(response.streaming_content) if response.streaming else response.content).decode(errors="replace"))


def test_parallel_requests_make_at_most_ten_tokens(site: Site) -> None:
    clients = [site.client("wang") for _ in range(14)]

    def ask(client: Any) -> int:
        try:
            form = {"name": "t", "scopes": ["list"], "expires_on": str(UNTIL)}
            return int(client.post("/tokens/", form).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(14) as pool:
        found = Counter(pool.map(ask, clients))

    assert (found, Token.objects.count()) == ({200: MOST_TOKENS, 422: 4}, MOST_TOKENS)
    Token.objects.filter(pk=min(Token.objects.values_list("pk", flat=True))).update(is_revoked=True)
    assert ask(site.client("wang")) == 200


def test_no_address_is_left_out() -> None:
    assert set(api.get_openapi_schema(path_prefix="")["paths"]) == set(ADDRESSES)


@pytest.mark.parametrize("who", [name for name, (role, region) in PEOPLE.items() if region != ZHENGZHOU and role != "auditor"])
def test_nothing_of_another_region_is_shown_or_done(site: Site, send: Any, who: str) -> None:
    theirs = site.ranked(is_listed=True, region_middle=ZHENGZHOU)
    send("liu", theirs, "visit")
    header = held(site, who)
    for address in ADDRESSES.values():
        there = address.format(entity=theirs.entity_id)
        read = site.client().get(there, {"q": theirs.entity_id} if "list" in there else {}, headers=header)
        done = site.client().post(there, wanted(site, version=1), content_type="application/json", headers=header)

        assert theirs.name not in body(read) + body(done)
        assert read.status_code in (200, 403, 404, 405)
        assert done.status_code in (403, 404, 405)
    assert Decision.objects.count() == 1


@pytest.mark.parametrize("address", ADDRESSES.values())
def test_without_a_token_there_is_no_answer(site: Site, address: str) -> None:
    there = address.format(entity=site.ranked(is_listed=True).entity_id)
    for headers in ({}, {"authorization": "Bearer nonsense"}):
        for method in ("get", "post"):
            assert getattr(site.client("wang"), method)(there, headers=headers).status_code in (401, 405)


@pytest.mark.parametrize(
    ("scope", "address"),
    zip(EVERY, ["/list", "/entities/{entity_id}", "/decisions", "/outcomes", "/appeals", "/export/list.{format}"], strict=False),
)
def test_a_token_works_for_its_scopes_only(site: Site, scope: str, address: str) -> None:
    entity = site.ranked(is_listed=True, region_middle=HANGZHOU).entity_id
    header = held(site, "wang", scope)

    answers = {
        name: site.client().get(there.format(entity=entity), headers=header).status_code
        for name, there in ADDRESSES.items()
        if not name.endswith("}/decisions")
    }

    assert {name for name, status in answers.items() if status == 200} == {address}
    assert set(answers.values()) <= {200, 403}


def test_a_programs_decision_follows_the_pages_rules(site: Site) -> None:
    subject, header = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="D"), held(site, "wang")
    there = f"/api/entities/{subject.entity_id}/decisions"

    def post(**more: Any) -> Any:
        return site.client().post(there, wanted(site, **more), content_type="application/json", headers=header)

    assert post(reason="made up").status_code == 422
    first = post(action="dismiss", reason="known_good")
    again = post(action="dismiss", reason="known_good", version=1)

    assert (first.status_code, first.json()["state_after"]) == (200, "dismissal_proposed")
    assert (again.status_code, again.json()["detail"]) == (409, "refused.sent_before")
    assert Case.objects.get().proposed_by.username == "wang"
    assert AuditEvent.objects.filter(kind="decided", actor="wang").count() == 1


def test_a_program_decides_with_the_version_that_the_entity_gives(site: Site) -> None:
    subject, header = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C"), held(site, "wang")
    there = f"/api/entities/{subject.entity_id}"
    for version in (0, 1):
        answer = site.client().get(there, headers=header).json()
        assert (answer["version"], answer["run_id"]) == (version, site.run.run_id)
        said = {name: answer[name] for name in ("version", "run_id")} | {"token": f"a-program-{version}", "wake_on": "2026-07-20"}
        decided = wanted(site, **GIVEN["defer"], action="defer") | said
        answer = site.client().post(f"{there}/decisions", decided, content_type="application/json", headers=header)
        assert (answer.status_code, answer.json()["state_after"]) == (200, "deferred")


def test_the_audit_records_which_part_a_program_read(site: Site) -> None:
    for name in ("decisions", "outcomes", "appeals"):
        site.client().get(f"/api/{name}", {"after": 7, "limit": 3}, headers=held(site, "chen"))
    spool.flush()

    says = [json.loads(event.detail) for event in AuditEvent.objects.filter(kind="viewed", actor="chen")]
    assert [(one["page"], one["after"], one["limit"]) for one in says] == [
        (f"api {name}", 7, 3) for name in ("decisions", "outcomes", "appeals")
    ]


@pytest.mark.parametrize(("reader", "shown"), [("li", "wang"), ("zhang", "wang"), ("chen", "inspector")])
def test_the_readers_role_decides_whether_the_actor_is_shown(site: Site, send: Any, reader: str, shown: str) -> None:
    send("wang", site.ranked(is_listed=True, region_middle=HANGZHOU), "defer")

    (decision,) = site.client().get("/api/decisions", headers=held(site, reader)).json()

    assert decision["actor"] == shown


def test_a_value_has_everything_that_the_page_shows_with_it(site: Site) -> None:
    header, units = held(site, "zhou"), {indicator.column: indicator.unit for indicator in catalogue()}
    rows = site.client().get("/api/list", {"listed": "yes", "limit": 200}, headers=header).json()["rows"]
    reasons = [reason for row in rows for reason in row["reasons"]]

    assert {row["as_of"] for row in rows} == {site.run.as_of.isoformat()}
    assert all(reason["unit"] == units[reason["indicator"]] for reason in reasons)
    assert len({reason["unit"] for reason in reasons}) > 2
    for row in rows[:5]:
        alone = site.client().get(f"/api/entities/{row['entity_id']}", headers=header).json()
        page = site.client("zhou").get(f"/entity/{row['entity_id']}/").context
        assert alone == row
        assert [
            (reason["code"], reason["value"], reason["unit"], reason["peer_median"], reason["peer_group"], reason["peer_count"])
            for reason in row["reasons"]
        ] == [
            (reason.code, reason.value, reason.unit, reason.peer_median, page["entity"].peer_group, reason.peer_count)
            for reason in page["reasons"]
        ]
        assert [reason["sources"] for reason in row["reasons"]] == [
            [
                {name: source[name] for name in ("source", "verdict", "newest_delivery")} | {"failed_checks": len(source["failed"])}
                for source in reason.made_of
            ]
            for reason in page["reasons"]
        ]
    assert any(reason["sources"] and reason["peer_count"] for reason in reasons)


def test_only_amounts_of_money_have_a_currency(site: Site) -> None:
    profile = {"currency": "JPY", "minor_units": 0}
    PublishedRun.objects.filter(run_id=site.run.run_id).update(profile={**site.run.profile, **profile})
    subject = site.ranked(is_listed=True, region_middle=HANGZHOU)
    kept = read_reasons(site.run, position=subject.position)[0]
    money, share = (_reason(_as(kept, unit), subject, site.run) for unit in ("minor currency unit", "share"))

    assert (money["currency"], money["minor_units"]) == ("JPY", 0)
    assert (share["currency"], share["minor_units"]) == (None, None)


def _as(reason: Any, unit: str) -> Any:
    reason.about, reason.unit, reason.peer_count, reason.made_of = None, unit, None, []
    return reason


def test_reasons_of_many_entities_take_as_many_queries_as_those_of_one(site: Site) -> None:
    header = held(site, "wang")
    asked = []
    for limit in (1, 40):
        with CaptureQueriesContext(connections[alias_of(site.run.run_id)]) as of_run:
            rows = site.client().get("/api/list", {"listed": "yes", "limit": limit}, headers=header).json()["rows"]
        asked.append(len(of_run))
        assert len(rows) == limit

    assert asked[0] == asked[1] > 0


def test_a_token_ends_with_its_day_its_owner_or_its_revocation(site: Site) -> None:
    header = held(site, "wang", "list")

    def status() -> int:
        return int(site.client().get("/api/list", headers=header).status_code)

    assert status() == 200
    site.now[0] += timedelta(days=40)
    assert status() == 401
    site.now[0] -= timedelta(days=40)
    User.objects.filter(username="wang").update(is_active=False)
    assert status() == 401
    User.objects.filter(username="wang").update(is_active=True)
    site.client("wang").post(f"/tokens/{Token.objects.get().pk}/revoke/")
    assert status() == 401
    assert site.client("li").post(f"/tokens/{Token.objects.get().pk}/revoke/").status_code == 404


def test_a_token_is_shown_once_and_stored_as_a_hash(site: Site) -> None:
    said = {"name": "reports", "scopes": ["list", "entity"], "expires_on": "2026-07-31"}
    text = site.client("chen").post("/tokens/", said).context["text"]

    token = Token.objects.get()
    assert text not in (token.digest, site.client("chen").get("/tokens/").content.decode())
    assert site.client("chen").post("/tokens/", {**said, "scopes": ["list"], "expires_on": "2027-07-31"}).status_code == 422


def test_an_analysts_token_cannot_decide(site: Site) -> None:
    make_token(site.user("chen"), "x", EVERY, UNTIL)

    assert "decide" not in Token.objects.get().scopes


def test_a_tokens_use_per_minute_is_limited(site: Site) -> None:
    header = held(site, "wang", "outcomes")
    answers = [site.client().get("/api/outcomes", headers=header).status_code for _ in range(REQUESTS_PER_MINUTE + 1)]
    site.now[0] += timedelta(minutes=1)

    assert answers == [200] * REQUESTS_PER_MINUTE + [429]
    assert site.client().get("/api/outcomes", headers=header).status_code == 200


def operations() -> list[Any]:
    import schemathesis

    schema = schemathesis.openapi.from_dict(api.get_openapi_schema(path_prefix="/api"))
    return [operation.ok() for operation in schema.get_all_operations()]


@pytest.mark.parametrize(
    ("who", "status", "examples"),
    [("zhang", None, 15), ("nobody", 401, 3), ("without", 403, 3), ("too often", 429, 3)],
)
def test_a_fuzzer_finds_no_server_error_and_no_undocumented_answer(
    site: Site, monkeypatch: pytest.MonkeyPatch, who: str, status: int | None, examples: int
) -> None:
    from django.core.handlers.wsgi import WSGIHandler
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    described = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    monkeypatch.setattr("console.apps.api.tokens.REQUESTS_PER_MINUTE", 0 if who == "too often" else 10**6)
    header = {"nobody": "Bearer nonsense", "without": f"Bearer {make_token(site.user('zhang'), 'test', [], UNTIL)}"}
    headers = {"Authorization": header.get(who) or held(site, "zhang")["authorization"], "Host": "testserver"}
    answered: Counter[int] = Counter()
    for operation in operations():

        @seed(7)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def try_it(case: Any) -> None:
            case.operation.app = WSGIHandler()
            response = case.call(headers=headers)
            answered[response.status_code] += 1
            case.validate_response(response, checks=described)

        try_it()
    assert sum(answered.values()) >= 3 * examples
    assert status is None or set(answered) == {status}
    assert status is not None or answered[200] > 0


@pytest.mark.parametrize(
    ("sent", "content_type", "status"),
    [("{", "application/json", 400), ("{}", "application/json", 422), ("[1]", "application/json", 422)],
)
def test_unreadable_requests_get_the_documented_answer(site: Site, sent: str, content_type: str, status: int) -> None:
    there = f"/api/entities/{site.ranked(is_listed=True, region_middle=HANGZHOU).entity_id}/decisions"
    answer = site.client().post(there, sent, content_type=content_type, headers=held(site, "wang"))
    described = api.get_openapi_schema(path_prefix="")["paths"]["/entities/{entity_id}/decisions"]["post"]["responses"]

    assert answer.status_code == status
    assert status in described
    assert "detail" in answer.json()


def test_every_address_documents_its_refusals() -> None:
    for path, operation in api.get_openapi_schema(path_prefix="")["paths"].items():
        for method, described in operation.items():
            assert {400, 401, 403, 422, 429, 503} <= set(described["responses"]), (method, path)
