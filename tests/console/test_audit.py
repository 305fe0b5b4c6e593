"""The audit: its chain reveals every change, no crash loses a view, and exports are recorded before they leave."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.db import DatabaseError, connection
from django.test import override_settings

from console.apps.accounts import sign_in_attempts
from console.apps.accounts.sign_in_attempts import About
from console.apps.audit import spool
from console.apps.audit.chain import GENESIS, Head, append, find_breaks, read_head
from console.apps.audit.events import NOBODY, SYSTEM, event_facts
from console.apps.audit.models import AuditEvent, Kind
from console.apps.ranking.current_policy import lock_time
from console.web import downloads
from tests.console.conftest import PASSWORD, Site
from tests.day.command import steelyard

pytestmark = pytest.mark.usefixtures("site")
NO_TRIGGERS = ("DROP TRIGGER audit_auditevent_no_update", "DROP TRIGGER audit_auditevent_no_delete")


def add(count: int) -> None:
    append([event_facts(Kind.VIEWED, SYSTEM, detail={"at": at}) for at in range(count)])


def run_sql(*statements: str) -> None:
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


def test_each_event_covers_the_one_before() -> None:
    add(3)
    first, *rest = AuditEvent.objects.all()

    assert first.previous_hash == GENESIS
    assert [event.previous_hash for event in rest] == [first.hash, *(event.hash for event in rest[:-1])]
    assert list(find_breaks()) == []


def test_an_update_that_bypasses_the_models_is_refused() -> None:
    add(1)

    with pytest.raises(DatabaseError, match="append-only"):
        AuditEvent.objects.update(actor="somebody else")


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit_auditevent SET detail = '{}' WHERE number = 3",
        "UPDATE audit_auditevent SET actor = 'x', hash = previous_hash WHERE number = 3",
        "DELETE FROM audit_auditevent WHERE number = 3",
        "UPDATE audit_auditevent SET number = number + 100 WHERE number > 2",
    ],
)
def test_the_chain_reveals_changes_after_the_triggers_are_dropped(tampering: str) -> None:
    add(5)
    run_sql(*NO_TRIGGERS, tampering)

    assert 3 in [one.number for one in find_breaks()]


def test_a_hash_noted_elsewhere_reveals_a_chain_that_was_cut_short() -> None:
    add(5)
    head = read_head()
    run_sql(*NO_TRIGGERS, f"DELETE FROM audit_auditevent WHERE number > {head.number - 2}")

    assert list(find_breaks()) == []
    assert [one.number for one in find_breaks([head])] == [head.number]
    assert [one.number for one in find_breaks([Head(2, "0" * 64)])] == [2]


def test_the_page_verifies_the_newest_part_of_a_long_chain_and_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.web.views.oversight.MAX_VERIFIED", 3)
    add(6)
    run_sql(*NO_TRIGGERS, "UPDATE audit_auditevent SET actor = 'x' WHERE number = 2")
    page = site.client("zhou").post("/audit/verify/")
    assert (page.context["found"], page.context["verified"]) == ([], 3)
    assert "steelyard audit verify" in page.content.decode()

    run_sql("UPDATE audit_auditevent SET actor = 'x' WHERE number = (SELECT max(number) FROM audit_auditevent)")

    assert len(site.client("zhou").post("/audit/verify/").context["found"]) == 1


def test_events_added_during_verification_are_not_verified(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from console.commands import audit

    def slowly(known: Any) -> Any:
        yield from find_breaks(known)
        add(1)

    monkeypatch.setattr(audit, "open_existing_site", lambda *_: None)
    monkeypatch.setattr("console.apps.audit.chain.find_breaks", slowly)
    add(3)
    head = read_head()

    output = CliRunner().invoke(audit.app, ["verify", "--home", str(site.home)]).output

    assert f"{head.number}:{head.hash}" in output
    assert read_head().number == head.number + 1


def test_the_command_reports_a_broken_chain(site: Site, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    from console.commands import audit

    monkeypatch.setattr(audit, "open_existing_site", lambda *_: None)
    words = ["audit", "verify", "--home", site.home]
    add(3)
    whole = steelyard(capfd, *words)
    run_sql(*NO_TRIGGERS, "UPDATE audit_auditevent SET actor = 'x' WHERE number = 2")
    broken = steelyard(capfd, *words)

    assert whole.code == 0
    assert f"{read_head().number}:{read_head().hash}" in whole.out
    assert broken.code == 9
    assert "event 2" in broken.err


def test_views_and_searches_are_in_the_chain_after_the_response(site: Site) -> None:
    with override_settings(FLUSHES_AFTER_RESPONSE=False):
        site.client("wang").get("/list/", {"q": "杭州", "risk_class": "D"})
    assert not AuditEvent.objects.filter(kind=Kind.SEARCHED).exists()

    assert spool.flush() == 1

    event = AuditEvent.objects.get(kind=Kind.SEARCHED)
    assert (event.actor, json.loads(event.detail)["filters"]) == ("wang", {"q": "杭州", "risk_class": "D"})


def test_a_view_survives_a_process_killed_before_or_during_the_flush(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for at in range(3):
        spool.put(event_facts(Kind.VIEWED, SYSTEM, detail={"at": at}))

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(spool, "append", killed)
    with pytest.raises(KeyboardInterrupt):
        spool.flush()
    monkeypatch.undo()
    # Killed after the commit and before the file was deleted: its lines are read twice.
    (taken,) = site.folder.spool.glob(spool.TAKEN)
    again = taken.read_bytes()
    spool.flush()
    taken.write_bytes(again)
    spool.flush()

    assert [json.loads(event.detail)["at"] for event in AuditEvent.objects.filter(kind=Kind.VIEWED)] == [0, 1, 2]
    assert list(find_breaks()) == []


def test_an_export_is_recorded_before_it_leaves(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    response = site.client("wang").get("/list/export.csv?risk_class=D")

    event = AuditEvent.objects.get(kind=Kind.EXPORTED)
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert json.loads(event.detail)["rows"] == len(lines) - 1

    def fails(*_: Any) -> None:
        raise DatabaseError("the audit cannot be written")

    monkeypatch.setattr(downloads, "record_event", fails)
    client = site.client("wang", raise_request_exception=False)
    assert client.get("/list/export.csv").status_code == 500


def test_nothing_is_written_without_an_actor() -> None:
    from django.contrib.auth.models import AnonymousUser

    for nobody in (AnonymousUser(), "somebody", ""):
        with pytest.raises(ValueError, match="actor"):
            event_facts(Kind.VIEWED, nobody)
    assert event_facts(Kind.SIGN_IN_FAILED, NOBODY).actor_id is None


def test_sign_ins_and_failures_are_recorded(site: Site) -> None:
    site.client().post("/sign-in/", {"username": "wang", "password": "wrong"})
    site.client().post("/sign-in/", {"username": "wang", "password": PASSWORD})

    assert list(AuditEvent.objects.exclude(kind=Kind.PUBLISHED).values_list("kind", "actor")) == [
        ("sign_in_failed", "-"),
        ("signed_in", "wang"),
    ]
    details = [json.loads(event.detail) for event in AuditEvent.objects.exclude(kind=Kind.PUBLISHED)]
    assert details == [{"username": "wang", "address": "127.0.0.1"}, {"address": "127.0.0.1"}]


def test_a_password_typed_as_a_name_is_stored_nowhere(site: Site) -> None:
    for _ in range(7):
        site.client().post("/sign-in/", {"username": PASSWORD, "password": "wang"})

    names = {json.loads(event.detail)["username"] for event in AuditEvent.objects.filter(actor="-")}
    assert {event.kind for event in AuditEvent.objects.filter(actor="-")} == {Kind.SIGN_IN_FAILED, Kind.LOCKED_OUT}
    assert [name.partition(": ")[0] for name in names] == ["no account"]
    assert set(AccessAttempt.objects.values_list("username", flat=True)) == names
    content = (site.folder.decisions.read_bytes(), *(path.read_bytes() for path in site.folder.path.glob("console.sqlite3*")))
    assert [PASSWORD.encode() in part for part in content] == [False] * len(content)


def test_failed_sign_ins_are_counted_beyond_a_limit_and_do_not_fill_the_audit(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in_attempts, "MOST", {**sign_in_attempts.MOST, About.AUDIT: 5})

    def fail(name: str, address: int) -> None:
        site.client(REMOTE_ADDR=f"198.51.100.{address}").post("/sign-in/", {"username": name, "password": "wrong"})

    for at in range(12):
        fail(f"nobody{at}", at)
    fail("wang", 99)
    failed = [json.loads(event.detail)["username"] for event in AuditEvent.objects.filter(kind=Kind.SIGN_IN_FAILED)]
    assert ([name[:10] for name in failed[:5]], failed[5:]) == (
        ["no account"] * 5,
        ["wang"],
    )  # a flood hides no account's failure

    site.now[0] += lock_time()
    fail("nobody", 1)

    details = [json.loads(event.detail) for event in AuditEvent.objects.filter(kind=Kind.SIGN_IN_FAILED)][6:]
    assert [detail.get("further_failures") for detail in details] == [7, None]
    assert details[0]["window_from"] == "2026-07-01T01:00:00+00:00"
    assert list(find_breaks()) == []


def test_an_auditor_finds_events_by_person_entity_and_day_and_checks_the_chain(site: Site) -> None:
    entity = site.ranked(region_middle="330100")
    site.client("wang").get(f"/entity/{entity.entity_id}/")
    spool.flush()
    auditor = site.client("zhou")

    for asked in (
        {"actor": "wang"},
        {"entity": entity.entity_id},
        {"since": "2026-07-01", "until": "2026-07-01", "kind": "viewed"},
    ):
        assert entity.entity_id in [row.entity_id for row in auditor.get("/audit/", asked).context["rows"]]
    assert auditor.get("/audit/", {"since": "2026-07-02", "actor": "wang"}).context["rows"] == []
    assert auditor.post("/audit/verify/").context["found"] == []


@pytest.mark.parametrize(("hour", "day"), [(15, "2026-07-01"), (16, "2026-07-02"), (23, "2026-07-02")])
def test_an_auditor_filters_by_days_in_the_profiles_time_zone(site: Site, hour: int, day: str) -> None:
    site.now[0] = datetime(2026, 7, 1, hour, 59, tzinfo=UTC)  # Hangzhou is eight hours ahead
    spool.put(event_facts(Kind.VIEWED, site.user("wang")))
    spool.flush()
    auditor = site.client("zhou")

    for asked in ("2026-07-01", "2026-07-02", "2026-07-03"):
        query = {"since": asked, "until": asked, "actor": "wang"}
        (shown,) = auditor.get("/audit/", query).context["rows"] or [None]
        assert (shown is not None) == (asked == day), asked
        lines = b"".join(auditor.get("/audit/export.csv", query).streaming_content).splitlines()
        assert len(lines) == 1 + (asked == day)
    assert f">{day} " in auditor.get("/audit/", {"actor": "wang"}).content.decode()
