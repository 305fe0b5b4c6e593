"""The listed of a run, as they are asked for again and again: they stay as they were published, so they are read once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings

from console.ranking.models import PublishedRun, Ranked
from console.ranking.runs import alias_of

_RUNS = 4
"""So many runs are kept in a process: some megabytes each, where twenty thousand are listed."""


class Listed(NamedTuple):
    """Where one of the listed stands."""

    position: int
    risk_class: str
    credit_points: int


def listed_of(run: PublishedRun) -> Mapping[str, Listed]:
    """Who is listed in a run, by identifier: of all regions, so only for what jurisdiction bounds besides."""
    return _listed(str(settings.FOLDER.path), run.run_id)


def regions_of_listed(run: PublishedRun) -> frozenset[tuple[str, str, str]]:
    """Where the listed of a run are: top, middle and own region."""
    return _regions(str(settings.FOLDER.path), run.run_id)


@lru_cache(maxsize=_RUNS)
def _listed(_folder: str, run_id: str) -> Mapping[str, Listed]:
    rows = Ranked.objects.using(alias_of(run_id)).filter(is_listed=True).order_by()
    return {name: Listed(*where) for name, *where in rows.values_list("entity_id", *Listed._fields)}


@lru_cache(maxsize=64)
def _regions(_folder: str, run_id: str) -> frozenset[tuple[str, str, str]]:
    listed = Ranked.objects.using(alias_of(run_id)).filter(is_listed=True).order_by()
    return frozenset(listed.values_list("region_top", "region_middle", "region_code").distinct())
