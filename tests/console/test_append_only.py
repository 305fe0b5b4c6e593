"""The database refuses to change or delete rows of append-only tables."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection, models

from console.apps.appeals.models import Answer, Appeal
from console.apps.decisions.models import Decision, Handling, ReasonVerdict, Result
from console.commands.audit_comparison import APPEND_ONLY as ON_RECORD
from console.core import clock
from tests.console.conftest import HANGZHOU, Site

TRIGGERS = {
    "sqlite": "SELECT tbl_name, count(*) FROM sqlite_master WHERE type = 'trigger' GROUP BY 1",
    "postgresql": "SELECT event_object_table, count(*) FROM information_schema.triggers GROUP BY 1",
}
"""For each table, how many of UPDATE and DELETE a trigger is for."""


@pytest.fixture
def a_row_in_each_table(site: Site, send: Any) -> None:
    """A row in each table."""
    entity = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    assert send("wang", entity, "visit").status_code == 302
    decision = Decision.objects.get()
    region = {name: getattr(entity, name) for name in ("region_code", "region_middle", "region_top")}
    result = Result.objects.create(decision=decision, visit_status="not_done")
    ReasonVerdict.objects.create(result=result, indicator="any", right="yes", run_id=site.run.run_id, **region)
    Handling.objects.create(decision=decision, at=clock.now(), actor=site.user("chen"), is_open=False, reason="asked_for")
    appeal = Appeal.objects.create(
        case=decision.case,
        received_on=date(2026, 7, 1),
        ground="disagrees",
        due_on=date(2026, 7, 20),
        recorded_at=clock.now(),
        recorded_by=site.user("wang"),
    )
    Answer.objects.create(appeal=appeal, outcome="upheld", at=clock.now(), answered_by=site.user("zhang"))


@pytest.mark.usefixtures("site")
def test_exactly_the_append_only_tables_have_triggers() -> None:
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS[connection.vendor])
        found = dict(cursor.fetchall())

    assert found == {model._meta.db_table: 2 for model in ON_RECORD}


@pytest.mark.usefixtures("a_row_in_each_table")
@pytest.mark.parametrize("model", ON_RECORD)
@pytest.mark.parametrize("change", ["UPDATE {table} SET {key} = {key} + 1000", "DELETE FROM {table}"])
def test_the_database_refuses_to_change_a_row(model: type[models.Model], change: str) -> None:
    before = list(model._default_manager.order_by("pk").values())

    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(change.format(table=model._meta.db_table, key=model._meta.pk.column))

    assert list(model._default_manager.order_by("pk").values()) == before != []
