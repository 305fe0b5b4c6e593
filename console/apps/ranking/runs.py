"""The published runs: the one that a page shows, its database, and its listed entities.

Within a request the newest run is read once and stays the same, even if a day is published meanwhile. A published run does not
change, so its listed entities are cached.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from copy import deepcopy
from datetime import date, datetime
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connections
from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse

from console.apps.ranking.models import PublishedRun, Ranked, Reason, SharedIdentifier

_FOUND: ContextVar[list[PublishedRun | None] | None] = ContextVar("found", default=None)
"""The newest run of the current request once it was read; None outside a request."""
_OPENING = Lock()
_SEEN: set[tuple[str, type[Model]]] = set()
"""Tables that runs have. A missing table is looked for again: the run may be published again."""
_RUNS = 4
"""Runs whose listed entities a process caches: some megabytes each with twenty thousand listed."""
_RUNS_BY_REGION = 64
"""The same for their regions, a few kilobytes each: as many days as the list offers."""


class OneRun:
    """Middleware: all parts of a response use the same newest run."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response."""
        before = _FOUND.set([])
        try:
            return self.get_response(request)
        finally:
            _FOUND.reset(before)


def once(ask: Callable[[], PublishedRun | None]) -> PublishedRun | None:
    """The result of ``ask``, called once per request; outside a request, each time."""
    found = _FOUND.get()
    if found is None:
        return ask()
    if not found:
        found.append(ask())
    return found[0]


def current_run(as_of: date | None = None) -> PublishedRun | None:
    """The run that is shown for a day, by default the newest day; None if nothing was published."""
    runs = PublishedRun.objects.filter(is_current=True).order_by("-as_of")
    return once(runs.first) if as_of is None else runs.filter(as_of=as_of).first()


def alias_of(run_id: str) -> str:
    """Django's alias of a run's database. The first call configures it, read-only."""
    alias = f"run_{run_id}"
    with _OPENING:
        if alias not in connections.settings:
            # A new dictionary, not a new key: another thread may be iterating over the settings.
            connections.settings = {**connections.settings, alias: _database_of(run_id)}
    return alias


def _database_of(run_id: str) -> dict[str, Any]:
    database: dict[str, Any] = deepcopy(connections.settings["evidence"])
    if database["ENGINE"].endswith("sqlite3"):
        # A run's file is replaced when its ranking is thinned out: do not keep it open beyond the request.
        database["CONN_MAX_AGE"] = 0
        path = (settings.FOLDER.rankings / f"{run_id}.sqlite3").resolve()
        database["NAME"] = f"{path.as_uri()}?mode=ro&immutable=1"
        database["OPTIONS"] = {"uri": True}
    else:
        # The last value of an option wins.
        options = f"{database['OPTIONS']['options']} -c search_path={schema_of(run_id)} -c default_transaction_read_only=on"
        database["OPTIONS"] = {**database["OPTIONS"], "options": options}
    return database


def schema_of(run_id: str) -> str:
    """The PostgreSQL schema of a run."""
    return "run_" + run_id.replace("-", "_")


def run_id_of(alias: str) -> str:
    """The run whose database has this alias."""
    return alias.removeprefix("run_")


def ranked_of(run: PublishedRun, user: Any) -> QuerySet[Ranked]:
    """The run's entities that a user may see."""
    return Ranked.objects.using(alias_of(run.run_id)).visible_to(user)


def among(alias: str, ids: Iterable[str]) -> RawSQL:
    """Identifiers as one parameter of a query on a run's database. Thousands of parameters take longer to send than to look up."""
    if connections[alias].vendor == "sqlite":
        return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(ids))])
    return RawSQL("SELECT unnest(%s::text[])", [list(ids)])


def among_places(alias: str, places: Iterable[int]) -> RawSQL:
    """Like :func:`among`, for places."""
    if connections[alias].vendor == "sqlite":
        return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(places))])
    return RawSQL("SELECT unnest(%s::integer[])", [list(places)])


def reasons_of(run: PublishedRun) -> QuerySet[Reason]:
    """The run's reasons; ask only for those of entities from :func:`ranked_of`."""
    return Reason.objects.using(alias_of(run.run_id))


def read_reasons(run: PublishedRun, **where: Any) -> list[Reason]:
    """The run's reasons that match ``where``, by position and rank, ready to be put into words."""
    found = list(reasons_of(run).filter(**where))
    for reason in found:
        reason.run = run
    return found


def shared_identifiers_of(run: PublishedRun) -> QuerySet[SharedIdentifier]:
    """The run's shared identifiers; none if the run has no such table. Show only entities from :func:`ranked_of`."""
    alias = alias_of(run.run_id)
    return SharedIdentifier.objects.using(alias) if has_table(alias, SharedIdentifier) else SharedIdentifier.objects.none()


def has_table(alias: str, model: type[Model]) -> bool:
    """Whether a run has a model's table; a run from before the table existed does not get it."""
    if (alias, model) not in _SEEN and model._meta.db_table in connections[alias].introspection.table_names():
        _SEEN.add((alias, model))
    return (alias, model) in _SEEN


class Listed(NamedTuple):
    """The place, class and points of a listed entity."""

    position: int
    risk_class: str
    credit_points: int


def listed_of(run: PublishedRun) -> Mapping[str, Listed]:
    """The listed entities of a run by identifier, in all regions: use it only where something else restricts to jurisdictions."""
    return _listed(*_key(run))


def regions_of_listed(run: PublishedRun) -> frozenset[tuple[str, str, str]]:
    """The top, middle and own regions of a run's listed entities."""
    return _regions(*_key(run))


def _key(run: PublishedRun) -> tuple[str, str, datetime]:
    """The cache key of a published run. The id alone is not enough: a run that is published again has the same id."""
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
