"""Filters, files and counts include all cases, also beyond ten thousand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from console.apps.decisions.models import Case
from console.apps.decisions.states import State
from console.apps.desk.models import Look
from console.apps.ranking.models import Ranked
from tests.console.conftest import HANGZHOU, Site

MANY = 10_050


@pytest.fixture
def oldest(site: Site) -> Ranked:
    """A listed entity whose case, and whose look by wang, is older than those of many others."""
    entity = site.ranked(is_listed=True, region_middle=HANGZHOU)
    wang, now = site.user("wang"), site.now[0]
    of = {"region_middle": HANGZHOU, "state": State.DEFERRED, "assigned_to": wang, "changed_at": now}
    others = [f"91330100CASE{at:06d}" for at in range(MANY)]
    Case.objects.create(**{**of, "entity_id": entity.entity_id, "changed_at": now - timedelta(days=900)})
    Case.objects.bulk_create([Case(entity_id=name, **of) for name in others], batch_size=500)
    standing = {"user": wang, "risk_class": entity.risk_class, "credit_points": entity.credit_points}
    Look.objects.create(entity_id=entity.entity_id, at="2024-01-01T00:00:00", **standing)
    Look.objects.bulk_create([Look(entity_id=name, at="2026-01-01T00:00:00", **standing) for name in others], batch_size=500)
    return entity


def listed(site: Site, **asked: str) -> list[str]:
    return [row.entity_id for row in site.client("wang").get("/list/", asked).context["rows"]]


def exported(site: Site, **asked: str) -> str:
    return b"".join(site.client("wang").get("/list/export.csv", asked)).decode()


def test_the_oldest_of_many_cases_is_found_and_exported(site: Site, oldest: Ranked) -> None:
    for asked in ({"state": "deferred"}, {"assigned": "me"}):
        assert listed(site, **asked) == [oldest.entity_id]
        assert oldest.entity_id in exported(site, **asked)
    for asked in ({"state": "to_review"}, {"assigned": "nobody"}, {"seen": "no"}):
        assert oldest.entity_id not in listed(site, **asked)
        assert oldest.entity_id not in exported(site, **asked)
    page: Any = site.client("wang").get("/").context
    mine = site.all_ranked(is_listed=True, region_middle=HANGZHOU).count()
    assert (page["to_review"], page["unseen"], page["deferred"]) == (mine - 1, mine - 1, MANY + 1)
