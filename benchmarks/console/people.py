"""Create accounts with regions and cases in every state, and read the published content for requests."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from benchmarks.console.kinds import Content
from expectations.contracts import silver

PASSWORD = "asks as people do"
DUE_ON = date(2026, 7, 10)
SAMPLE = 5_000
"""Number of entities and names used in requests."""


def make_users(number: int) -> list[str]:
    """Create inspectors and return their names. Even ones see all regions, odd ones one region each."""
    from console.apps.accounts.jurisdiction import Level
    from console.apps.accounts.models import Jurisdiction, User
    from console.apps.accounts.roles import Role

    regions = itertools.cycle(_regions())
    names = [f"asker{at}" for at in range(number)]
    for at, name in enumerate(names):
        user = User.objects.create_user(name, password=PASSWORD, role=Role.INSPECTOR, must_change_password=False)
        level, code = (Level.ALL, "") if at % 2 == 0 else (Level.MIDDLE, next(regions))
        Jurisdiction.objects.create(user=user, level=level, code=code)
    return names


def make_cases(number: int, users: Sequence[str]) -> None:
    """Create cases for every other entity from the top of the list; states and owners alternate."""
    from console.apps.accounts.models import User
    from console.apps.decisions.models import Case
    from console.apps.decisions.states import State

    at = datetime(2026, 7, 1, tzinfo=UTC)
    states = itertools.cycle(state for state in State if state != State.TO_REVIEW)
    owners = itertools.cycle(User.objects.filter(username__in=users).order_by("pk").values_list("pk", flat=True))
    fields = ("entity_id", "name", "position", "risk_class", "region_code", "region_middle", "region_top")
    rows = published_list().order_by("position").values(*fields)[: number * 2 : 2]
    common = {"placed_in": published_run().run_id, "due_on": DUE_ON, "changed_at": at}
    cases = [Case(state=next(states), assigned_to_id=next(owners), place=row["position"], **common, **row) for row in rows]
    Case.objects.bulk_create(cases, batch_size=1000)


def read_content(rng: random.Random, user: str) -> Content:
    """Sample the published list for requests, with the values of filters that it offers to a user."""
    from console.apps.accounts.models import User
    from console.apps.evidence.models import Event
    from console.core.texts import load_texts
    from console.web.queries.filter_choices import Reader
    from console.web.queries.list_filters import FILTERS

    run = published_run()
    chosen = rng.sample(range(1, run.entities + 1), min(SAMPLE, run.entities))
    some = [row for part in _parts(chosen) for row in published_list().filter(position__in=part).values_list("entity_id", "name")]
    listed = list(published_list().filter(position__lte=min(run.listed, SAMPLE)).values_list("entity_id", flat=True))
    inspected = Event.objects.filter(kind=silver.INSPECTION.name).order_by("pk").values_list("entity_id", flat=True).distinct()
    unlisted = [row for part in _parts([*inspected[:SAMPLE]]) for row in _named(part).filter(is_listed=False)]
    reader = Reader(User.objects.get(username=user), load_texts("en"), run.profile)
    offered = {name: [value for value, _ in row.offered(reader, run, "")] for name, row in FILTERS.items()}
    choices = {name: values for name, values in offered.items() if values}
    return Content(listed, unlisted, [row[0] for row in some], [row[1] for row in some], choices, run.entities)


def _parts(values: list[Any]) -> Sequence[list[Any]]:
    return [values[at : at + 500] for at in range(0, len(values), 500)]


def _named(entities: list[str]) -> Any:
    return published_list().filter(entity_id__in=entities).order_by("position").values_list("entity_id", flat=True)


def _regions() -> list[str]:
    rows = (
        published_list().filter(position__lte=10_000).order_by("region_middle").values_list("region_middle", flat=True).distinct()
    )
    return [code for code in rows if code]


def published_list() -> Any:
    """The rows of the published list."""
    from console.apps.ranking.models import Ranked
    from console.apps.ranking.runs import alias_of

    return Ranked.objects.using(alias_of(published_run().run_id))


def published_run() -> Any:
    """The published run."""
    from console.apps.ranking.runs import current_run

    run = current_run()
    assert run is not None
    return run
