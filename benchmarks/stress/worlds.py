"""A simulated world with all that a scenario may change, and its scores and list.

All calls of the product are here, so that scenarios and measures know only frames.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from benchmarks.harness.worlds import LAST
from benchmarks.selective.compare import VIOLATES, WOULD_FIND, true_chances
from expectations.contracts.lineage import ENTITY_ID
from expectations.contracts.silver import INSPECTION
from jobs.engine.lake import Lake
from jobs.incremental.staleness import noted_coverage
from jobs.profile.profile import Profile
from jobs.steps.known_entities import known_entities
from jobs.steps.score_entities import Scorer, bounds_of, read_features
from jobs.steps.target_list import list_candidates, tie_key
from jobs.take_in_source import take_in_sources
from jobs.training.fit_model import fit
from jobs.training.gather_training_set import training_set
from models.evidence.availability import Availability, absent_sources
from models.labels.training_set import TrainingSet
from models.risk_model import RiskModel
from models.targeting.ranking import rank_list
from simulation.assessment.truth import on_or_before
from simulation.generate import generate_world
from simulation.world.behaviour import USUAL, Behaviour

WAS_FOUND = "was_found"
REACHED = "reached"


@dataclass(frozen=True)
class Making:
    """How a world is made: its folder, seed, size and behaviour."""

    folder: Path
    seed: int
    entities: int
    months: int
    behaviour: Behaviour = USUAL


@dataclass(frozen=True)
class StressWorld:
    """A world on its last day.

    Attributes:
        known: the training set.
        features: the day's features of all entities.
        entities: all entities of the register on that day.
        truth: ``entity_id, violates, would_find, reached, was_found`` of entities that had not closed: the chance that a visit
            reaches it, the chance that it then finds a violation, and whether a finding was known by that day.
        earlier: the classes of the day before by entity; empty on a first day.
        model: the fitted model.
        stale_days: for how many days each stopped source has delivered nothing that may be used.
    """

    making: Making
    profile: Profile
    known: TrainingSet
    features: pd.DataFrame
    entities: pd.DataFrame
    truth: pd.DataFrame
    earlier: pd.Series
    model: RiskModel
    stale_days: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Rows of ``gold.scores``, one an entity."""
        available = Availability(absent_sources([self.features], self.model.inputs), self.stale_days)
        bounds = bounds_of(self.model, self.profile)
        scorer = Scorer(self.model, "stress", self.profile, LAST, bounds, self.earlier, available)
        return scorer.score(self.features).to_pandas()

    @cached_property
    def candidates(self) -> pd.DataFrame:
        """The entities that may be listed, with the truth; a visit to a closed entity finds nothing."""
        rows = list_candidates(self.scores, self.entities, self.profile).merge(self.truth, on=ENTITY_ID, how="left")
        flags, chances = [VIOLATES, WAS_FOUND], [WOULD_FIND, REACHED]
        rows[flags] = rows[flags].eq(True)
        rows[chances] = rows[chances].fillna(0.0)
        return rows

    @cached_property
    def listed(self) -> pd.DataFrame:
        """The list within each region's capacity."""
        return rank_list(self.candidates, self.profile.capacity.of, tie_key(LAST))

    def refitted(self, rows: np.ndarray | None = None, **changed: Any) -> StressWorld:
        """The world with these changes and a model fitted on its training set, or on the labels that ``rows`` marks."""
        world = replace(self, **changed)
        return replace(world, model=fit(world.known, world.profile, rows))


def prepare(making: Making, profile: Profile) -> StressWorld:
    """Generate a world if its folder does not exist, take it in, build all features as far as they are not current, and fit."""
    folder = making.folder
    if not folder.exists():
        part = folder.with_name(f".{folder.name}")
        shutil.rmtree(part, ignore_errors=True)
        size: dict[str, Any] = {"entities": making.entities, "months": making.months, "seed": making.seed, "as_of": LAST}
        generate_world(**size, out=part / "world", behaviour=making.behaviour)
        part.rename(folder)
    lake = Lake(folder / "home")
    take_in_sources(lake, profile, folder / "world" / "sources", LAST)
    known = training_set(lake, profile, LAST)
    earlier = pd.Series(dtype=object)
    truth = truth_on(lake, making, LAST)
    entities = known_entities(lake, profile, LAST)
    features, stale_days = day_of(lake)
    return StressWorld(making, profile, known, features, entities, truth, earlier, fit(known, profile), stale_days)


def day_of(lake: Lake) -> tuple[pd.DataFrame, Mapping[str, int]]:
    """The features of the last day, and its stopped sources as :attr:`StressWorld.stale_days`."""
    return read_features(lake, LAST), noted_coverage(lake.home, LAST).stale_days


def truth_on(lake: Lake, making: Making, as_of: date) -> pd.DataFrame:
    """The truth of a day, see :attr:`StressWorld.truth`."""
    folder, behaviour = making.folder / "world" / "truth", making.behaviour
    truth = true_chances(lake, folder, as_of)
    found = lake.arrow(INSPECTION, columns=[str(ENTITY_ID)], where="found_violation").to_pandas()[ENTITY_ID]
    facts = pq.read_table(folder / "entities.parquet", columns=["entity_id", "unreachable_on"])
    away = facts.filter(on_or_before(facts["unreachable_on"], as_of))["entity_id"].to_pandas()
    truth[REACHED] = np.where(truth[ENTITY_ID].isin(away), behaviour.met_anyway, 1 - behaviour.unmet)
    truth[WAS_FOUND] = truth[ENTITY_ID].isin(found)
    return truth
