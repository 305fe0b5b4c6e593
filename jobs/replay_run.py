"""Do a finished day again, aside, from the table versions and the model that its manifest names; compare it with what it was.

Features are built from silver as a whole, whatever a day's own run built on, so a replay also shows that it makes no difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from expectations.contracts.contract import Contract
from expectations.contracts.lineage import AS_OF
from expectations.contracts.registry import MADE, SILVER
from jobs.engine.lake import Lake, arrow_schema, table_name
from jobs.engine.scratch import Scratch
from jobs.foundation.errors import CannotReplay
from jobs.foundation.log import stage
from jobs.incremental.keep_register import stand_all
from jobs.incremental.sum_returns import add_up_all
from jobs.lake.model_store import ModelStore
from jobs.lake.table_comparison import Comparison, compare
from jobs.profile.profile import Profile
from jobs.replay_aside import home_aside
from jobs.replay_obstacles import Obstacle, obstacles
from jobs.steps.build_features import build_features_day
from jobs.steps.link_complaints import link_day
from jobs.steps.score_entities import score_day
from jobs.steps.target_list import target_day


@dataclass(frozen=True)
class Replay:
    """What a replay found: each table that it made, held against the published one, and what was known to be otherwise."""

    run_id: str
    as_of: date
    tables: tuple[Comparison, ...]
    gone_past: tuple[Obstacle, ...]

    @property
    def is_same(self) -> bool:
        """Whether all that was published came out again, to the last bit."""
        return all(table.is_same for table in self.tables)


def replay_run(lake: Lake, profile: Profile, run: dict[str, Any], *, even_so: bool = False) -> Replay:
    """Do a run again and compare; the home is read and never written.

    Args:
        lake: of the run's home.
        profile: that the run was made with.
        run: its manifest.
        even_so: go on where code, profile, engine or packages are others than the run's.

    Raises:
        CannotReplay: when what the run was made of is gone or is another.
    """
    found = obstacles(lake, profile, run, (*SILVER, *MADE))
    if found and not (even_so and not any(obstacle.is_lost for obstacle in found)):
        raise _cannot(lake.home, run, found)
    as_of = date.fromisoformat(run["as_of"])
    published = lake.at(run["tables"])
    with home_aside() as home:
        made = lake.onto(home, {table_name(contract): run["tables"][table_name(contract)] for contract in SILVER})
        ModelStore(lake.home).lend(run["model_id"], home, as_of)
        _make(made, profile, as_of, before=published)
        with stage("compare") as current:
            tables = tuple(
                compare(table_name(contract), _rows(published, contract, as_of), _rows(made, contract, as_of), contract.key)
                for contract in MADE
            )
            current.note(differing=sum(not table.is_same for table in tables))
    return Replay(run["run_id"], as_of, tables, tuple(found))


def _make(lake: Lake, profile: Profile, as_of: date, *, before: Lake) -> None:
    """The day's steps from links to list; ``before`` holds the classes of the days before, as they were."""
    with Scratch(lake.home, "state", is_packed=False) as scratch:
        with stage("link") as current:
            register = scratch.materialise(stand_all(lake, profile, as_of))
            current.note(links=link_day(lake, profile, as_of, register))
        with stage("features") as current:
            sums = scratch.materialise(add_up_all(lake, profile, as_of))
            current.note(entities=build_features_day(lake, profile, as_of, register, sums))
    with stage("score") as current:
        current.note(entities=score_day(lake, profile, as_of, before=before))
    with stage("target") as current:
        current.note(listed=target_day(lake, profile, as_of))


def _rows(lake: Lake, contract: Contract, as_of: date) -> pa.Table:
    """A table's rows of the day; none where there was no such table."""
    if not lake.exists(contract):
        return arrow_schema(contract).empty_table()
    return lake.arrow(contract, where=f"{AS_OF} = '{as_of}'")


def _cannot(home: Path, run: dict[str, Any], found: list[Obstacle]) -> CannotReplay:
    passable = "" if any(obstacle.is_lost for obstacle in found) else "; or see with --even-so what comes of it as things are"
    return CannotReplay(
        what=f"the run {run.get('run_id')} cannot be done again as it was: " + "; ".join(obstacle.what for obstacle in found),
        where=str(home),
        then="; ".join(dict.fromkeys(obstacle.then for obstacle in found)) + passable,
    )
