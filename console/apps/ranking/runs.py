"""Which run a page shows, and the database that holds it.

The listed of a run, as they are asked for again and again: they stay as they were published, so they are read once.

One newest run a request: asked for once, and the same wherever an answer needs it, though a day is published meanwhile.
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

from console.apps.ranking.models import PublishedRun, Ranked, Reason, Tie

_FOUND: ContextVar[list[PublishedRun | None] | None] = ContextVar("found", default=None)
"""Of the request that is being answered the newest run, once it was asked for; None where no request is."""


class OneRun:
    """Whatever of an answer is of the newest run is of the same one: the frame, the policy, the list of no other day."""

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
    """What ``ask`` gives, asked once a request; each time where there is no request."""
    found = _FOUND.get()
    if found is None:
        return ask()
    if not found:
        found.append(ask())
    return found[0]


_OPENING = Lock()


def current_run(as_of: date | None = None) -> PublishedRun | None:
    """The run that is shown for a day, by default of the newest day; None where nothing was published."""
    runs = PublishedRun.objects.filter(is_current=True).order_by("-as_of")
    return once(runs.first) if as_of is None else runs.filter(as_of=as_of).first()


def alias_of(run_id: str) -> str:
    """The name by which Django knows a run's database; the first to ask opens it, for reading alone."""
    alias = f"run_{run_id}"
    with _OPENING:
        if alias not in connections.settings:
            # Another dictionary, not another key: each request goes through all of them, and may be at it in another thread.
            connections.settings = {**connections.settings, alias: _database_of(run_id)}
    return alias


def _database_of(run_id: str) -> dict[str, Any]:
    database: dict[str, Any] = deepcopy(connections.settings["evidence"])
    if database["ENGINE"].endswith("sqlite3"):
        # A run's file is replaced when its ranking is thinned out: never keep one open beyond the request.
        database["CONN_MAX_AGE"] = 0
        path = (settings.FOLDER.rankings / f"{run_id}.sqlite3").resolve()
        database["NAME"] = f"{path.as_uri()}?mode=ro&immutable=1"
        database["OPTIONS"] = {"uri": True}
    else:
        # What is said last holds.
        asked = f"{database['OPTIONS']['options']} -c search_path={schema_of(run_id)} -c default_transaction_read_only=on"
        database["OPTIONS"] = {**database["OPTIONS"], "options": asked}
    return database


def schema_of(run_id: str) -> str:
    """The PostgreSQL schema of a run."""
    return "run_" + run_id.replace("-", "_")


def run_id_of(alias: str) -> str:
    """The run whose database Django knows by that name."""
    return alias.removeprefix("run_")


def ranked_of(run: PublishedRun, user: Any) -> QuerySet[Ranked]:
    """The run's entities that a user may see, in order."""
    return Ranked.objects.using(alias_of(run.run_id)).visible_to(user)


def among(alias: str, ids: Iterable[str]) -> RawSQL:
    """Identifiers as one value of a query of a run's database, to be compared with: thousands, each by itself, take longer to send
    than to look up."""
    if connections[alias].vendor == "sqlite":
        return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(ids))])
    return RawSQL("SELECT unnest(%s::text[])", [list(ids)])


def among_places(alias: str, places: Iterable[int]) -> RawSQL:
    """As :func:`among`, for places."""
    if connections[alias].vendor == "sqlite":
        return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(places))])
    return RawSQL("SELECT unnest(%s::integer[])", [list(places)])


def reasons_of(run: PublishedRun) -> QuerySet[Reason]:
    """The run's reasons; ask only for those of entities that :func:`ranked_of` gave."""
    return Reason.objects.using(alias_of(run.run_id))


def shared_identifiers_of(run: PublishedRun) -> QuerySet[Tie]:
    """The run's ties; none of a run that was published before there were any. Show of the others what :func:`ranked_of` gives."""
    alias = alias_of(run.run_id)
    return Tie.objects.using(alias) if has_table(alias, Tie) else Tie.objects.none()


_SEEN: set[tuple[str, type[Model]]] = set()
"""Tables that runs have. One that a run has not is looked for again: the run may be published anew."""


def has_table(alias: str, model: type[Model]) -> bool:
    """Whether a run has a model's table: one that was published before there was such a table has not, and gets none."""
    if (alias, model) not in _SEEN and model._meta.db_table in connections[alias].introspection.table_names():
        _SEEN.add((alias, model))
    return (alias, model) in _SEEN


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
