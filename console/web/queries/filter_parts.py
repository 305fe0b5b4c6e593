"""The parts of a run's list that filters by other tables leave, and the column that a region code selects."""

from __future__ import annotations

from typing import Any

from pyroaring import BitMap

from console.apps.campaigns.models import Member
from console.apps.desk.looks import UNSEEN, places_changed, places_looked_at
from console.apps.ranking.list_part import Part
from console.apps.ranking.models import PublishedRun, Ranked
from console.apps.ranking.runs import alias_of, among
from console.core.code_names import codes_of


def region_column(code: str, run: PublishedRun) -> str:
    """The column that holds the codes of this code's level."""
    known = codes_of(str(run.profile.get("region_scheme", ""))).get(code)
    return {1: "region_top", 2: "region_middle"}.get(known.level if known else 3, "region_code")


def campaign_members(part: Part, campaign: str, run: PublishedRun, user: Any) -> Part:
    """The members of a campaign that the user may see."""
    alias, members = alias_of(run.run_id), Member.objects.visible_to(user).filter(campaign=int(campaign))
    ids = members.order_by().values_list("entity_id", flat=True)
    rows = Ranked.objects.using(alias).filter(entity_id__in=among(alias, ids)).order_by()
    return part.only(BitMap(rows.values_list("position", flat=True)))


def entities_by_look(part: Part, seen: str, run: PublishedRun, user: Any) -> Part:
    """The listed entities that the user has not viewed, or that changed after the user viewed them."""
    return part.without(places_looked_at(user, run)) if seen == UNSEEN else part.only(places_changed(user, run))
