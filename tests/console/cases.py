"""Listed entities, their cases, and the forms of a visit's result, for the tests of decisions and results."""

from __future__ import annotations

from typing import Any

from console.apps.decisions.models import Case, Result
from console.apps.ranking.models import Ranked
from console.apps.ranking.runs import reasons_of
from tests.console.conftest import HANGZHOU, Site

CAMPAIGN = {"name": "x", "capacity": 1, "checklist": "x", "starts_on": "2026-07-01", "ends_on": "2026-07-31", "token": "c"}


def listed(site: Site, letter: str = "C") -> Ranked:
    """The first listed entity of Hangzhou in a class."""
    return site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class=letter)


def case_of(entity: Ranked) -> Case:
    """The case of an entity."""
    return Case.objects.get(entity_id=entity.entity_id)


def indicator_of(site: Site, subject: Any) -> str:
    """The indicator of the entity's first reason."""
    reason = reasons_of(site.run).filter(position=subject.position).first()
    assert reason is not None
    return reason.indicator


def record_visit(site: Site, subject: Any, **said: Any) -> Result:
    """Record a visit of today that found nothing; its result."""
    case = Case.objects.get(entity_id=subject.entity_id)
    form = {"token": "r", "version": case.version, "visit_status": "inspected", "inspected_on": str(site.now[0].date())}
    form |= {"items_checked": 3, "breaches": 0, "severity": 0, "found_violation": "no", **said}
    assert site.client("wang").post(f"/case/{case.pk}/result/", form).status_code == 302
    return Result.objects.get()


def correct_visit(site: Site, name: str, result: Result, **said: Any) -> Any:
    """Send a user's correction of a result; the answer."""
    case = Case.objects.get(pk=result.decision.case_id)
    form = {"token": f"c-{case.version}-{name}", "version": case.version, "visit_status": "inspected"}
    form |= {"inspected_on": "2026-07-01", "items_checked": 5, "breaches": 2, "severity": 3, "found_violation": "yes", **said}
    return site.client(name).post(f"/case/{case.pk}/result/", form)
