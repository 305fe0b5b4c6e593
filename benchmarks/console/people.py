"""Who asks, and what they have decided so far: accounts with regions, and cases in every state."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from benchmarks.console.kinds import Known
from expectations.contracts.indicators import catalogue

PASSWORD = "asks as people do"
SAMPLE = 5_000
"""So many entities and names are asked for, in turn."""


def make_people(number: int) -> list[str]:
    """Accounts that read the list, every other for all regions and the others for one each; give their names."""
    from console.accounts.jurisdiction import Level
    from console.accounts.models import Jurisdiction, User
    from console.accounts.roles import Role

    regions = itertools.cycle(_regions())
    names = [f"asker{at}" for at in range(number)]
    for at, name in enumerate(names):
        user = User.objects.create_user(name, password=PASSWORD, role=Role.INSPECTOR, must_change_password=False)
        level, code = (Level.ALL, "") if at % 2 == 0 else (Level.MIDDLE, next(regions))
        Jurisdiction.objects.create(user=user, level=level, code=code)
    return names


def make_cases(number: int) -> None:
    """So many of the first by rank have been decided on, in every state by turns."""
    from console.decisions.models import Case
    from console.decisions.states import State

    at = datetime(2026, 7, 1, tzinfo=UTC)
    states = itertools.cycle(state for state in State if state != State.TO_REVIEW)
    fields = ("entity_id", "name", "position", "risk_class", "region_code", "region_middle", "region_top")
    rows = _ranked().order_by("position").values(*fields)[: number * 2 : 2]
    Case.objects.bulk_create([Case(state=next(states), changed_at=at, **row) for row in rows], batch_size=1000)


def known(rng: random.Random) -> Known:
    """What the published list can be asked for."""
    from console.decisions.states import State
    from console.pages.filters import CLASSES, MOVED
    from console.ranking.runs import current_run

    run = current_run()
    assert run is not None
    chosen = rng.sample(range(1, run.entities + 1), min(SAMPLE, run.entities))
    some = [row for part in _parts(chosen) for row in _ranked().filter(position__in=part).values_list("entity_id", "name")]
    listed = list(_ranked().filter(position__lte=min(run.listed, SAMPLE)).values_list("entity_id", flat=True))
    counties = sorted(set(_ranked().filter(is_listed=True).values_list("region_code", flat=True)))
    sections = sorted(set(_ranked().filter(position__lte=10_000).values_list("industry_section", flat=True)) - {""})
    choices = {
        "region": [*_regions(), *counties, "330000", "410000"],
        "industry": sections,
        "risk_class": CLASSES,
        "state": [*State],
        "reason": [indicator.column for indicator in catalogue()],
        "moved": [move for move in MOVED if move != "new"],
    }
    return Known(listed, [row[0] for row in some], [row[1] for row in some], choices, run.entities)


def _parts(positions: list[int]) -> Sequence[list[int]]:
    return [positions[at : at + 500] for at in range(0, len(positions), 500)]


def _regions() -> list[str]:
    rows = _ranked().filter(position__lte=10_000).order_by("region_middle").values_list("region_middle", flat=True).distinct()
    return [code for code in rows if code]


def _ranked() -> Any:
    from console.ranking.models import Ranked
    from console.ranking.runs import alias_of, current_run

    run = current_run()
    assert run is not None
    return Ranked.objects.using(alias_of(run.run_id))
