"""The listed of a run, as they are asked for again and again: they stay as they were published, so they are read once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings
from django.db.models import QuerySet

from console.apps.ranking.models import PublishedRun, Ranked
from console.apps.ranking.runs import alias_of

_RUNS = 4
"""So many runs are kept in a process: some megabytes each, where twenty thousand are listed."""
_RUNS_BY_REGION = 64
"""The same of their regions, a few kilobytes each: as many days as the list offers."""


class Listed(NamedTuple):
    """Where one of the listed stands."""

    position: int
    risk_class: str
    credit_points: int


def listed_of(run: PublishedRun) -> Mapping[str, Listed]:
    """Who is listed in a run, by identifier: of all regions, so only for what jurisdiction bounds besides."""
    return _listed(*_key(run))


def regions_of_listed(run: PublishedRun) -> frozenset[tuple[str, str, str]]:
    """Where the listed of a run are: top, middle and own region."""
    return _regions(*_key(run))


def _key(run: PublishedRun) -> tuple[str, str, datetime]:
    """What tells one published run from another: one that was thrown away and published anew has the same id."""
    return str(settings.FOLDER.path), run.run_id, run.published_at


@lru_cache(maxsize=_RUNS)
def _listed(_folder: str, run_id: str, _published_at: datetime) -> Mapping[str, Listed]:
    rows = _rows(run_id).values_list("entity_id", *Listed._fields)
    return {name: Listed(*where) for name, *where in rows}


@lru_cache(maxsize=_RUNS_BY_REGION)
def _regions(_folder: str, run_id: str, _published_at: datetime) -> frozenset[tuple[str, str, str]]:
    return frozenset(_rows(run_id).values_list("region_top", "region_middle", "region_code").distinct())


def _rows(run_id: str) -> QuerySet[Ranked]:
    return Ranked.objects.using(alias_of(run_id)).filter(is_listed=True).order_by()
