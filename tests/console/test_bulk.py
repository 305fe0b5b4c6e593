"""Bulk decisions: one batch with an outcome for each entity, within a limit, shown before it happens."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from console.apps.audit.models import AuditEvent
from console.apps.decisions.decide import newest_step
from console.apps.decisions.models import Case, Decision
from console.apps.decisions.states import State
from console.core.policy import MOST_IN_BULK
from tests.console.conftest import GIVEN, HANGZHOU, Site


def bulk(site: Site, name: str, action: str, **said: Any) -> Any:
    form = {**GIVEN[action], "action": action, "token": "one-batch", "version": newest_step(), "run_id": site.run.run_id, **said}
    return site.client(name).post("/list/bulk/", form)


def test_a_bulk_decision_is_one_batch_with_an_outcome_each_and_can_be_undone_together(site: Site, send: Any) -> None:
    names = [row.entity_id for row in site.all_ranked(is_listed=True, region_middle=HANGZHOU)[:5]]
    taken = site.ranked(entity_id=names[0])
    send("li", taken, "visit")

    page = bulk(site, "wang", "visit", entity=names)

    assert (page.context["done"], page.context["asked"]) == (4, 5)
    assert {row.entity_id: why for row, why in page.context["outcomes"]}[names[0]] == "refused.state"
    assert AuditEvent.objects.filter(batch="one-batch", kind="decided").count() == 5
    undone = site.client("wang").post("/list/bulk/undo/", {"batch": "one-batch"})
    assert undone.context["done"] == 4
    assert set(Case.objects.exclude(entity_id=names[0]).values_list("state", flat=True)) == {State.TO_REVIEW}


def test_a_bulk_decision_skips_entities_that_somebody_decided_about_meanwhile(site: Site, send: Any) -> None:
    first, second = site.all_ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")[:2]
    names = [first.entity_id, second.entity_id]
    send("li", first, "defer")
    shown = site.client("wang").post("/list/bulk/", {"action": "dismiss", "entity": names}).context["form"].initial
    send("li", second, "defer")

    page = bulk(site, "wang", "dismiss", entity=names, version=shown["version"])

    outcomes = {row.entity_id: why for row, why in page.context["outcomes"]}
    assert outcomes == {first.entity_id: "", second.entity_id: "refused.changed"}


def test_a_policys_bulk_limit_is_at_most_what_a_form_can_name(site: Site) -> None:
    assert MOST_IN_BULK < settings.DATA_UPLOAD_MAX_NUMBER_FIELDS - 50
    page = bulk(site, "wang", "visit", entity=[str(at) for at in range(MOST_IN_BULK)])
    assert page.status_code == 422


def test_a_bulk_decision_first_shows_its_entities(site: Site) -> None:
    page = site.client("wang").post("/list/bulk/", {"action": "visit", "scope": "all", "risk_class": "C"})

    assert page.status_code == 200
    assert {row.risk_class for row in page.context["rows"]} == {"C"}
    assert not Decision.objects.exists()


def test_too_large_a_bulk_decision_is_refused_as_a_whole(site: Site) -> None:
    everybody = [row.entity_id for row in site.all_ranked(region_middle=HANGZHOU)[:201]]

    page = bulk(site, "wang", "visit", entity=everybody)

    assert len(everybody) == 201
    assert page.status_code == 422
    assert not Decision.objects.exists()
