"""Decisions: permissions, states, two people, deadlines, undo."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.apps.accounts.roles import Role
from console.apps.audit.models import AuditEvent
from console.apps.decisions.models import Case, Decision
from console.apps.decisions.policies import due_after
from console.apps.decisions.states import OF_SYSTEM, TRANSITIONS, Action, State
from console.apps.ranking.current_policy import current_policy
from console.core.policy import LIMITS_FOLDER, policy_of
from jobs.profile.calendar import add_working_days
from tests.console.cases import case_of, listed
from tests.console.conftest import Site


def test_every_state_can_be_left_and_every_action_leads_to_a_state() -> None:
    assert {state for state, _ in TRANSITIONS} == set(State)
    assert {action for _, action in TRANSITIONS} | {Action.UNDO} == set(Action)


def test_a_visit_is_planned_with_a_deadline_in_working_days(site: Site, send: Any) -> None:
    subject = listed(site)

    response = send("wang", subject, "visit")

    case = case_of(subject)
    assert response.url == f"/entity/{subject.entity_id}/"
    # Wednesday 1 July plus ten working days, with two weekends between.
    assert (case.state, case.assigned_to.username, case.due_on) == (State.VISIT_PLANNED, "wang", date(2026, 7, 15))


def test_holidays_and_weekends_of_the_profile_do_not_count(site: Site) -> None:
    holiday = policy_of({**site.run.profile, "calendar": {"weekend": ["friday"], "holidays": ["2026-07-02"]}})

    assert add_working_days(date(2026, 7, 1), 2, holiday.calendar) == date(2026, 7, 5)
    assert due_after(Action.VISIT, date(2026, 7, 1), current_policy()) == date(2026, 7, 15)


def test_a_dismissal_that_needs_two_people_is_proposed_and_its_proposer_cannot_approve(site: Site, send: Any) -> None:
    subject = listed(site, "D")
    send("zhang", subject, "dismiss")
    case = case_of(subject)
    assert case.state == State.DISMISSAL_PROPOSED

    own = site.client("zhang").post(f"/case/{case.pk}/approve/", {"token": "own", "version": case.version})
    assert case_of(subject).state == State.DISMISSAL_PROPOSED
    assert own.status_code == 302
    assert AuditEvent.objects.filter(kind="refused", actor="zhang", detail__contains="refused.own").exists()

    site.client("zhao").post(f"/case/{case.pk}/approve/", {"token": "other", "version": case.version})
    assert case_of(subject).state == State.DISMISSED


def test_an_inspector_proposes_and_cannot_approve(site: Site, send: Any) -> None:
    subject = listed(site, "D")
    send("wang", subject, "dismiss")
    case = case_of(subject)

    site.client("li").post(f"/case/{case.pk}/approve/", {"token": "t", "version": case.version})

    assert case_of(subject).state == State.DISMISSAL_PROPOSED


def test_the_published_class_counts_not_the_forms(site: Site, send: Any) -> None:
    subject = listed(site, "D")

    send("wang", subject, "dismiss", risk_class="A")

    assert case_of(subject).state == State.DISMISSAL_PROPOSED


def test_one_person_dismisses_a_lower_class(site: Site, send: Any) -> None:
    subject = listed(site)

    send("wang", subject, "dismiss")

    assert case_of(subject).state == State.DISMISSED


def test_a_profiles_limits_override_only_what_they_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copy(LIMITS_FOLDER / "default.toml", tmp_path)
    (tmp_path / "own.toml").write_text("[deadlines]\nvisit = 4\n")
    monkeypatch.setattr("console.core.policy.LIMITS_FOLDER", tmp_path)
    limits = policy_of({"name": "own"})

    assert (limits.deadlines.visit, limits.deadlines.no_visit) == (4, policy_of({}).deadlines.no_visit)


def test_a_decision_can_be_undone_for_a_while(site: Site, send: Any) -> None:
    subject = listed(site)
    send("wang", subject, "visit")
    decision = case_of(subject).decisions.get()

    site.client("li").post(f"/decision/{decision.pk}/undo/")
    assert case_of(subject).state == State.VISIT_PLANNED
    site.now[0] += timedelta(minutes=10)
    site.client("wang").post(f"/decision/{decision.pk}/undo/")

    case = case_of(subject)
    assert (case.state, case.assigned_to, case.due_on, case.decisions.count()) == (State.TO_REVIEW, None, None, 2)


def test_an_old_decision_cannot_be_undone(site: Site, send: Any) -> None:
    subject = listed(site)
    send("wang", subject, "visit")
    site.now[0] += timedelta(minutes=16)

    site.client("wang").post(f"/decision/{case_of(subject).decisions.get().pk}/undo/")

    assert case_of(subject).state == State.VISIT_PLANNED


def test_the_second_of_two_people_with_one_form_is_refused(site: Site, send: Any) -> None:
    subject = listed(site)
    send("wang", subject, "defer")

    send("li", subject, "visit")

    assert case_of(subject).decisions.count() == 1
    assert AuditEvent.objects.filter(kind="refused", actor="li", detail__contains="refused.changed").exists()


@pytest.fixture
def proposed(site: Site, send: Any) -> Case:
    """A dismissal of class D that waits for a second person."""
    subject = listed(site, "D")
    send("wang", subject, "dismiss")
    return case_of(subject)


def test_a_refusal_needs_a_reason_and_may_have_a_comment(site: Site, proposed: Case) -> None:
    for there in ("/supervisor/", f"/entity/{proposed.entity_id}/"):
        text = site.client("zhang").get(there).content.decode()
        form = text[text.index(f'action="/case/{proposed.pk}/refuse/"') :].partition("</form>")[0]
        assert '<select name="reason" required' in form
        assert 'name="comment"' in form

    said = {"token": "no", "version": proposed.version, "reason": "not_explained", "comment": "The register says otherwise."}
    site.client("zhang").post(f"/case/{proposed.pk}/refuse/", said)

    page = site.client("wang").get(f"/entity/{proposed.entity_id}/").content.decode()
    assert "The register says otherwise." in page
    assert "The explanation does not account for the reasons" in page
    assert proposed.decisions.latest("at", "id").reason == "not_explained"
    assert json.loads(AuditEvent.objects.filter(kind="decided").latest("number").detail)["reason"] == "not_explained"


def test_reopening_needs_a_reason(site: Site, send: Any) -> None:
    subject = listed(site)
    send("wang", subject, "dismiss")

    site.client("zhang").post(f"/case/{case_of(subject).pk}/reopen/", {"token": "t", "version": 1, "reason": "appeal"})

    assert (case_of(subject).state, case_of(subject).decisions.latest("at", "id").reason) == (State.TO_REVIEW, "appeal")
    assert "An appeal was upheld" in site.client("zhang").get(f"/entity/{subject.entity_id}/").content.decode()


@pytest.mark.parametrize("reason", ["", "not_in_scope", "typed by hand"])
def test_a_refusal_without_a_catalogue_reason_fails_with_a_message(site: Site, proposed: Case, reason: str) -> None:
    said = {"token": "t", "version": proposed.version, "reason": reason, "comment": "Look again.", "from": "supervisor"}

    page = site.client("zhang").post(f"/case/{proposed.pk}/refuse/", said)

    assert page.status_code == 422
    assert 'href="#refuse_reason"' in page.content.decode()
    assert "Look again." in page.content.decode()
    assert Case.objects.get(pk=proposed.pk).state == State.DISMISSAL_PROPOSED


def test_a_user_who_may_not_refuse_gets_a_message_whatever_the_form_contains(site: Site, proposed: Case) -> None:
    site.client("li").post(f"/case/{proposed.pk}/refuse/", {"token": "t", "version": proposed.version})

    assert AuditEvent.objects.filter(kind="refused", actor="li", detail__contains="refused.role").exists()


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AUDITOR, Role.ADMIN])
def test_other_roles_decide_nothing(site: Site, send: Any, role: Role) -> None:
    name = {Role.ANALYST: "chen", Role.AUDITOR: "zhou", Role.ADMIN: "wu"}[role]

    assert send(name, listed(site), "visit").status_code == 404
    assert not Decision.objects.exists()


def test_steps_of_the_system_cannot_be_requested(site: Site) -> None:
    subject = listed(site)
    for action in (*OF_SYSTEM, Action.APPROVE, "nonsense"):
        form = {"token": "t", "version": 0, "run_id": site.run.run_id, "reason": "season"}
        assert site.client("zhang").post(f"/entity/{subject.entity_id}/{action}/", form).status_code == 404


def test_a_dismissal_for_wrong_data_is_in_the_data_queue_until_it_is_undone(site: Site, send: Any) -> None:
    subject = listed(site)
    send("wang", subject, "dismiss", reason="data_error")

    def open_reports() -> dict[str, list[str]]:
        queues = site.client("chen").get("/feedback/").context["queues"]
        return {queue: [decision.case.entity_id for decision in decisions] for queue, decisions, _ in queues}

    assert open_reports() == {"data": [subject.entity_id], "policy": []}
    site.client("wang").post(f"/decision/{case_of(subject).decisions.get().pk}/undo/")
    assert open_reports() == {"data": [], "policy": []}
