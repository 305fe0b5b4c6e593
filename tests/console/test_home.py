"""The counts of the home page equal those of the list."""

from __future__ import annotations

from typing import Any

import pytest

from console.apps.accounts.jurisdiction import Level
from console.apps.accounts.models import Jurisdiction
from console.apps.ranking import search
from tests.console.conftest import HANGZHOU, ZHENGZHOU, Site


@pytest.mark.parametrize("has_index", [True, False])
@pytest.mark.parametrize("regions", [(HANGZHOU,), (HANGZHOU, ZHENGZHOU), ()])
def test_entities_to_review_and_unseen_ones_are_counted_in_the_users_regions(
    site: Site, send: Any, regions: tuple[str, ...], has_index: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned, seen = site.all_ranked(is_listed=True, region_middle=HANGZHOU)[:2]
    assert send("wang", planned, "visit").status_code == 302
    for entity in (planned, seen):
        assert site.client("wang").get(f"/entity/{entity.entity_id}/").status_code == 200
    Jurisdiction.objects.filter(user__username="wang").delete()
    for code in regions:
        Jurisdiction.objects.create(user=site.user("wang"), level=Level.MIDDLE, code=code)
    if not has_index:
        monkeypatch.setattr(search, "has_table", lambda *_: False)

    page = site.client("wang").get("/").context

    inside = {row.position for row in site.all_ranked(is_listed=True) if row.region_middle in regions}
    assert (len(inside) > 2) == bool(regions)
    assert page["to_review"] == len(inside - {planned.position})
    assert page["unseen"] == len(inside - {planned.position, seen.position})
