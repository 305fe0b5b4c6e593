"""What a published day does to cases: after it is shown, in batches, and completely despite interruptions."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from console.apps.audit.chain import Head, append, find_breaks
from console.apps.audit.events import EventFacts
from console.apps.audit.models import AuditEvent
from console.apps.decisions import wake
from console.apps.decisions import wake as waking
from console.apps.decisions.models import Case
from console.apps.decisions.states import State
from console.apps.ranking.models import PublishedRun
from console.publishing.publish import publish
from tests.conftest import FinishedDay
from tests.console.another_day import add_day
from tests.console.conftest import HANGZHOU, NOW, Site


@pytest.fixture
def deferred(site: Site, send: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Five deferrals that end with the next day, in transactions of two cases."""
    monkeypatch.setattr(waking, "AT_ONCE", 2)
    subjects = list(site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")[:5])
    for subject in subjects:
        send("wang", subject, "defer", wake_on="2026-07-02")
    site.now[0] = NOW + timedelta(days=1)
    return [subject.entity_id for subject in subjects]


def to_review() -> int:
    return Case.objects.filter(state=State.TO_REVIEW).count()


@pytest.mark.usefixtures("deferred")
def test_cases_move_after_the_day_is_shown_with_one_append_to_the_chain_per_batch(
    site: Site, finished_day: FinishedDay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = add_day(finished_day.home, tmp_path / "home", finished_day.as_of, days=2)
    appended: list[int] = []
    real = waking.apply_system_steps

    def look(moves: Any, **more: Any) -> None:
        assert site.run.run_id == run.run_id
        assert connection.in_atomic_block
        real(moves, **more)

    def count(events: list[EventFacts]) -> Head:
        appended.append(len(events))
        return append(events)

    monkeypatch.setattr(waking, "apply_system_steps", look)
    monkeypatch.setattr(wake, "append", count)

    done = publish(run)

    assert (done.woken, appended, to_review()) == (5, [2, 2, 1], 5)
    assert list(find_breaks()) == []


def test_publishing_the_day_again_finishes_an_interrupted_move(
    site: Site, deferred: list[str], finished_day: FinishedDay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = add_day(finished_day.home, tmp_path / "home", finished_day.as_of, days=2)
    real, calls = waking.apply_system_steps, []

    def dies(moves: Any, **more: Any) -> None:
        real(moves, **more)
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(waking, "apply_system_steps", dies)
    with pytest.raises(KeyboardInterrupt):
        publish(run)
    assert (site.run.run_id, to_review(), PublishedRun.objects.get(run_id=run.run_id).moves_cases) == (run.run_id, 2, True)
    monkeypatch.setattr(waking, "apply_system_steps", real)

    again, once_more = publish(run), publish(run)

    assert (again.is_new, again.woken, once_more.woken, to_review()) == (False, 3, 0, 5)
    woken = AuditEvent.objects.filter(kind="woken").values_list("entity_id", flat=True)
    assert sorted(woken) == sorted(deferred)
    assert AuditEvent.objects.filter(kind="published", run_id=run.run_id).count() == 1


def test_a_decision_made_meanwhile_stays(
    deferred: list[str], finished_day: FinishedDay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = add_day(finished_day.home, tmp_path / "home", finished_day.as_of, days=2)
    real = waking._move_of

    def decided_meanwhile(case: Case, **more: Any) -> Any:
        if case.entity_id == deferred[0]:
            Case.objects.filter(pk=case.pk).update(state=State.VISIT_PLANNED, version=case.version + 1)
        return real(case, **more)

    monkeypatch.setattr(waking, "_move_of", decided_meanwhile)

    assert publish(run).woken == 4
    assert Case.objects.get(entity_id=deferred[0]).state == State.VISIT_PLANNED
