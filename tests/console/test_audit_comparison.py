"""`audit verify` compares each decision, result, answer and token with its event: a changed, deleted or added row shows."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from console.apps.api.models import Token
from console.apps.api.tokens import make_token
from console.apps.appeals.models import Appeal
from console.apps.audit.chain import append, read_head
from console.apps.audit.events import SYSTEM, event_facts
from console.apps.audit.models import Kind
from console.apps.decisions.decide import DecisionInput, act_on_case
from console.apps.decisions.models import Decision, Handling, Result
from console.apps.decisions.queues import HandlingInput, handle
from console.apps.decisions.states import Action
from console.commands import audit
from console.commands.audit_comparison import APPEND_ONLY, compare_tables
from tests.console.cases import case_of, listed, record_visit
from tests.console.conftest import Site
from tests.console.test_audit import run_sql
from tests.day.command import steelyard

UNPROTECTED = [f"DROP TRIGGER {model._meta.db_table}_no_{what}" for model in APPEND_ONLY for what in ("update", "delete")]


@pytest.fixture
def used(site: Site, send: Any) -> Site:
    """A console with a row in each table, made by people on its pages."""
    visited, dismissed = listed(site), listed(site, "D")
    send("wang", visited, "visit", comment="as planned")
    form = site.client("wang").get(f"/case/{case_of(visited).pk}/result/").context["form"]
    record_visit(site, visited, **{form.about_reasons[0].name: "yes"})
    send("wang", dismissed, "dismiss")
    proposal = Decision.objects.get(action=Action.PROPOSE)
    act_on_case(site.user("zhang"), proposal.case, DecisionInput(Action.APPROVE, "approve"))
    handle(site.user("chen"), proposal, HandlingInput("handled", 0, "asked_for", ""))
    answers = {"token": "appeal", "received_on": "2026-07-01", "ground": "disagrees", "text": "we do not agree"}
    site.client("wang").post(f"/entity/{visited.entity_id}/appeal/", {**answers, "run_id": site.run.run_id})
    site.client("zhao").post(
        f"/appeals/{Appeal.objects.get().pk}/answer/", {"outcome": "upheld", "comment": "The record is right now."}
    )
    make_token(site.user("wang"), "program", ["list"], date(2026, 7, 31))
    return site


def broken(*statements: str, protected: bool = False) -> list[str]:
    """What the comparison finds after some SQL, besides the triggers that the attacker dropped."""
    run_sql(*([] if protected else UNPROTECTED), *statements)
    return [one.why for one in compare_tables().breaks if "trigger" not in one.why]


@pytest.mark.usefixtures("used")
def test_a_used_console_is_as_its_events_say() -> None:
    for model in [*APPEND_ONLY, Token]:
        assert model._default_manager.exists(), model
    found = compare_tables()
    assert (found.breaks, found.without_digest) == ([], 0)
    assert found.rows == sum(model.objects.count() for model in (Decision, Handling, Appeal, Token)) + 1


TAMPERINGS = [
    ("UPDATE decisions_decision SET reason = 'other' WHERE action = 'visit'", "differs from it: reason"),
    ("UPDATE decisions_decision SET actor_id = actor_id + 1 WHERE action = 'visit'", "differs from it: who"),
    ("UPDATE decisions_decision SET comment = 'another' WHERE action = 'visit'", "the content of the row"),
    ("UPDATE decisions_decision SET due_on = '2030-01-01' WHERE action = 'visit'", "the content of the row"),
    ("UPDATE decisions_decision SET at = '2026-07-01 09:00:00' WHERE action = 'visit'", "the content of the row"),
    ("UPDATE decisions_case SET entity_id = 'X' || entity_id", "differs from it: entity_id"),
    ("UPDATE decisions_result SET found_violation = 1, breaches = 3", "what belongs to it"),
    ("DELETE FROM decisions_result", "what belongs to it"),
    ("UPDATE decisions_reasonverdict SET right = 'no'", "what belongs to it"),
    ("DELETE FROM decisions_reasonverdict", "what belongs to it"),
    ("UPDATE decisions_handling SET comment = 'closed'", "handling 1 in decisions_handling differs"),
    ("UPDATE appeals_appeal SET due_on = '2030-01-01'", "differs from it: due_on"),
    ("UPDATE appeals_appeal SET text = ''", "appeal 1 in appeals_appeal differs"),
    ("UPDATE appeals_answer SET outcome = 'refused'", "differs from it: outcome"),
    ("UPDATE appeals_answer SET comment = 'no'", "appeal 1 in appeals_answer differs"),
    ("DELETE FROM appeals_answer", "appeal 1 is not in appeals_answer"),
    ("UPDATE api_token SET scopes = '[\"decide\"]'", "differs from it: scopes"),
    ("UPDATE api_token SET expires_on = '2036-07-31'", "differs from it: expires_on"),
    ("UPDATE api_token SET digest = 'another'", "the content of the row"),
    ("UPDATE api_token SET user_id = user_id + 1", "differs from it: who"),
    ("DELETE FROM api_token", "token 1 is not in api_token"),
    ("DELETE FROM decisions_handling", "handling 1 is not in decisions_handling"),
]


@pytest.mark.usefixtures("used")
def test_a_changed_or_deleted_row_is_found() -> None:
    for sql, said in TAMPERINGS:
        with transaction.atomic():
            found = broken(sql)
            transaction.set_rollback(True)
        assert any(said in why for why in found), (sql, found)
    assert compare_tables().breaks == []


def test_an_added_row_is_found(used: Site) -> None:
    decision = Decision.objects.get(action=Action.VISIT)
    Decision.objects.create(case=decision.case, at=decision.at, action=Action.DEFER, form_token="added")
    added = Token.objects.create(user=used.user("wu"), name="x", digest="stolen", made_at=decision.at, expires_on=date(2036, 1, 1))
    Result.objects.create(decision=decision, visit_status="inspected", selected_by="random")

    found = broken(protected=True)

    assert [why for why in found if "has no event" in why] == [
        f"decision {Decision.objects.get(form_token='added').pk} in decisions_decision has no event",
        f"token {added.pk} in api_token has no event",
    ]
    assert any("what belongs to it" in why for why in found)  # a visit has no result of its own


@pytest.mark.parametrize("how", ["revoke", "password", "deactivate"])
def test_a_revoked_token_that_is_valid_again_is_found(used: Site, how: str) -> None:
    if how == "revoke":
        used.client("wang").post(f"/tokens/{Token.objects.get().pk}/revoke/")
    else:
        user = used.user("wang")
        kind, actor = (Kind.PASSWORD_CHANGED, user) if how == "password" else (Kind.ACCOUNT_CHANGED, SYSTEM)
        append([event_facts(kind, actor, detail={"account": user.pk, "tokens_revoked": user.revoke_tokens()})])
    assert Token.objects.get().is_revoked
    assert compare_tables().breaks == []

    make_token(used.user("wang"), "later", ["list"], date(2026, 7, 31))
    assert broken("UPDATE api_token SET is_revoked = 0", protected=True) == [
        "token 1 in api_token is valid although it was revoked"
    ]


@pytest.mark.usefixtures("used")
def test_of_rows_whose_events_hold_no_digest_the_facts_that_the_events_name_are_compared() -> None:
    run_sql(*UNPROTECTED, "UPDATE audit_auditevent SET detail = json_remove(detail, '$.content', '$.handling')")

    whole, changed = broken(protected=True), broken(TAMPERINGS[0][0], protected=True)

    assert (whole, compare_tables().without_digest) == ([], compare_tables().rows)
    assert [why.partition("differs from it: ")[2] for why in changed] == ["reason"]


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TRIGGER decisions_result_no_update",
        "DROP TRIGGER decisions_result_no_update; CREATE TRIGGER decisions_result_no_update BEFORE UPDATE ON decisions_result "
        "WHEN 0 BEGIN SELECT RAISE(ABORT, 'decisions_result is append-only'); END",
    ],
)
@pytest.mark.usefixtures("site")
def test_a_missing_or_weakened_trigger_is_found(sql: str) -> None:
    assert compare_tables().breaks == []
    run_sql(*sql.split("; ", 1))
    assert [one.why for one in compare_tables().breaks] == [
        "the trigger decisions_result_no_update is missing, was changed or added: rows of decisions_result are not protected"
    ]


@pytest.mark.parametrize("left", [20, 0])
def test_a_chain_that_was_cut_short_or_emptied_is_found_without_a_stored_head(
    site: Site, left: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "open_existing_site", lambda *_: None)
    append([event_facts(Kind.VIEWED, SYSTEM, detail={"at": at}) for at in range(40)])
    whole = steelyard(capfd, "audit", "verify", "--home", site.home)
    triggers = [f"DROP TRIGGER audit_auditevent_no_{what}" for what in ("update", "delete")]
    again = [f"CREATE TRIGGER audit_auditevent_no_{what} BEFORE {what.upper()} ON audit_auditevent "
             "BEGIN SELECT RAISE(ABORT, 'audit_auditevent is append-only'); END" for what in ("update", "delete")]  # fmt: skip
    head = read_head()
    run_sql(*triggers, f"DELETE FROM audit_auditevent WHERE number > {head.number - 20 if left else 0}", *again)

    cut = steelyard(capfd, "audit", "verify", "--home", site.home)

    assert (whole.code, cut.code) == (0, 9)
    assert f"event {head.number}: it was noted earlier and is missing" in cut.err
    assert ("there are accounts and no event" in cut.err) == (left == 0)


def test_the_head_is_noted_beside_the_database(site: Site) -> None:
    append([event_facts(Kind.VIEWED, SYSTEM)])
    path: Path = site.folder.audit_head
    head = read_head()
    assert path.read_text() == f"{head.number:020}:{head.hash}\n"
    assert path.stat().st_mode & 0o777 == 0o600


def cut_without_a_trace(last: int) -> None:
    """Delete the newest events and bring the triggers back."""
    triggers = [f"DROP TRIGGER audit_auditevent_no_{what}" for what in ("update", "delete")]
    again = [f"CREATE TRIGGER audit_auditevent_no_{what} BEFORE {what.upper()} ON audit_auditevent "
             "BEGIN SELECT RAISE(ABORT, 'audit_auditevent is append-only'); END" for what in ("update", "delete")]  # fmt: skip
    run_sql(*triggers, f"DELETE FROM audit_auditevent WHERE number > {read_head().number - last}", *again)


@pytest.mark.parametrize("later", [1, 5])
def test_events_after_a_cut_do_not_hide_it(
    site: Site, later: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "open_existing_site", lambda *_: None)
    append([event_facts(Kind.VIEWED, SYSTEM, detail={"at": at}) for at in range(9)])
    cut_without_a_trace(2)
    for at in range(later):
        append([event_facts(Kind.VIEWED, SYSTEM, detail={"later": at})])
    assert steelyard(capfd, "audit", "verify", "--home", site.home).code == 9


def test_verify_says_that_the_note_of_the_head_is_gone(
    site: Site, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "open_existing_site", lambda *_: None)
    append([event_facts(Kind.VIEWED, SYSTEM)])
    assert "audit_head" not in steelyard(capfd, "audit", "verify", "--home", site.home).out
    site.folder.audit_head.write_text("?")
    found = steelyard(capfd, "audit", "verify", "--home", site.home)
    assert (found.code, "no note of an earlier event (audit_head)" in found.out) == (0, True)


@pytest.mark.usefixtures("site")
def test_a_trigger_that_is_not_the_consoles_own_is_found() -> None:
    run_sql("CREATE TRIGGER other AFTER INSERT ON audit_auditevent BEGIN SELECT 1; END")
    assert [one.why for one in compare_tables().breaks] == [
        "the trigger other is missing, was changed or added: rows of audit_auditevent are not protected"
    ]


@pytest.mark.parametrize(
    ("known", "what"),
    [
        (["9" * 5000 + ":" + "a" * 64], "is not a head of the audit"),
        (["2:" + "a" * 64, "2:" + "b" * 64], "event 2 is given with two hashes"),
    ],
)
def test_a_head_that_cannot_be_compared_is_refused(
    site: Site, known: list[str], what: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "open_existing_site", lambda *_: None)
    found = steelyard(capfd, "audit", "verify", "--home", site.home, *(word for text in known for word in ("--known", text)))
    assert (found.code, what in found.err) == (2, True)
