"""The scenarios, each a function that changes a world."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.harness.worlds import LAST, copy_home
from benchmarks.stress.worlds import StressWorld, day_of, prepare
from expectations.contracts.indicators import catalogue
from expectations.contracts.lineage import ENTITY_ID
from expectations.contracts.scoring import RISK_CLASS
from jobs.engine.lake import Lake
from jobs.steps.build_features import ensure_features
from jobs.take_in_source import take_in_sources
from models.foundation.inputs import usable_inputs
from simulation.world.behaviour import SCALED, USUAL, Behaviour

PLAIN = "plain"
LATE_DAYS = 45
SOURCES = {"registration": "registration", "tax": "tax_filing", "complaint": "complaint", "inspection": "inspection"}
"""The contract of each source."""


def without_source(features: pd.DataFrame, source: str) -> pd.DataFrame:
    """Features with null in all columns of a source's indicators."""
    of_source = [indicator for indicator in catalogue() if SOURCES[source] in indicator.sources]
    columns = [name for one in of_source for name in (one.column, one.peer_column) if name in features]
    return features.assign(**dict.fromkeys(columns, float("nan")))


def null_today(world: StressWorld, source: str) -> StressWorld:
    """The day after the plain one, scored by the same model without the source's columns."""
    return next_day(world, without_source(world.features, source))


def never_seen(world: StressWorld, source: str) -> StressWorld:
    """A world whose features, also those of training, never had the source's columns; visits still give labels."""
    frames = {name: getattr(world.known, name) for name in ("population", "features", "unvisited", "follow_ups")}
    without: dict[str, Any] = {name: without_source(frame, source) for name, frame in frames.items() if frame is not None}
    known = replace(world.known, **without, inputs=usable_inputs(without["population"]))
    return world.refitted(known=known, features=without_source(world.features, source))


def late(world: StressWorld, source: str) -> StressWorld:
    """The day after the plain one, by the same model, if the source's deliveries of the last days had not come."""
    folder = world.making.folder
    work = folder.with_name(f".late-{folder.name}")
    shutil.rmtree(work, ignore_errors=True)
    copy_home(folder / "home", work / "home")
    shutil.copytree(folder / "world" / "sources", work / "sources")
    for delivery in late_deliveries(work / "sources" / source, LAST):
        shutil.rmtree(delivery)
    lake = Lake(work / "home")
    take_in_sources(lake, world.profile, work / "sources", LAST)
    ensure_features(lake, world.profile, LAST)
    features, stale_days = day_of(lake)
    shutil.rmtree(work)
    return replace(next_day(world, features), stale_days=stale_days)


def late_deliveries(source: Path, as_of: date) -> list[Path]:
    """The folders of a source's deliveries of the last :data:`LATE_DAYS` days."""
    return sorted(day for day in source.iterdir() if date.fromisoformat(day.name) > as_of - timedelta(days=LATE_DAYS))


def next_day(world: StressWorld, features: pd.DataFrame) -> StressWorld:
    """The same world and model with other features, where each entity has its plain class from the day before."""
    return replace(world, features=features, earlier=world.scores.set_index(ENTITY_ID)[RISK_CLASS])


def tiny_regions(world: StressWorld) -> StressWorld:
    """One visit in each region of the lowest level."""
    capacity = replace(world.profile.capacity, region_level="own", default=1, by_region={})
    return replace(world, profile=replace(world.profile, capacity=capacity))


def other_world(world: StressWorld, behaviour: Behaviour) -> StressWorld:
    """A world of the same seed and size in which businesses and inspectors behave otherwise; it is removed when it is read."""
    folder = world.making.folder
    making = replace(world.making, folder=folder.with_name(f".other-{folder.name}"), behaviour=behaviour)
    shutil.rmtree(making.folder, ignore_errors=True)
    changed = prepare(making, world.profile)
    shutil.rmtree(making.folder)
    return changed


RATES = {
    "base rate": ("the share of violators", ("violators",)),
    "behaviour": ("all rates of relapse, unreachable businesses, displaced visits and deterrence", SCALED),
    "repeat violators": ("the rates of going on after a finding and of relapse", ("uncorrected", "relapse_monthly")),
    "unreachable businesses": ("the rates at which businesses cannot be met", ("unreachable_yearly", "eluding")),
    "displaced draws": ("the share of visits not made since another was made shortly before", ("displaced",)),
}
"""Rates of :class:`Behaviour` that are changed together, with their phrase for the page."""
FACTORS = {"base rate": (0.5, 2), "behaviour": (0.5, 2)}
"""Factors of the rates; others are doubled only."""
_OF_SOURCES = {
    "null": (null_today, "the columns of {} are null in the day's features; same model, no last good values"),
    "never seen": (never_seen, "the columns of {} are null in the day's features and in training"),
    "late": (late, f"the deliveries of {{}} in the last {LATE_DAYS} days are missing; same model, last good values"),
}

SCENARIOS: dict[str, tuple[str, Callable[[StressWorld], StressWorld]]] = {
    PLAIN: ("nothing", lambda world: world),
    **{
        f"{source} {how}": (changes.format(source), partial(change, source=source))
        for how, (change, changes) in _OF_SOURCES.items()
        for source in SOURCES
    },
    **{
        f"{name} × {factor}": (
            f"another world: {rates} × {factor}, at most 1; model trained there",
            partial(other_world, behaviour=USUAL.scaled(factor, names)),
        )
        for name, (rates, names) in RATES.items()
        for factor in FACTORS.get(name, (2,))
    },
    "tiny regions": ("capacity is one visit in each region of the lowest level", tiny_regions),
}
"""For each scenario what it changes, as a phrase of the page, and the function that changes a world."""
