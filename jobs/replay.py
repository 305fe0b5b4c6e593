"""A home aside, for what is made to be looked at once: gone when the block ends, however it is stopped short of being killed.

Why a run cannot be done again as it was: each reason by itself, with what to do about it.

Do a finished day again, aside, from the table versions and the model that its manifest names; compare it with what it was.

Features are built from silver as a whole, whatever a day's own run built on, so a replay also shows that it makes no difference.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any

import pyarrow as pa

from expectations.contracts.contract import Contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from expectations.contracts.registry import MADE, SILVER
from expectations.contracts.scoring import RISK_LIST, TIE_BREAK
from jobs.engine.lake import Lake
from jobs.engine.scratch import Scratch
from jobs.foundation.code_version import code_version
from jobs.foundation.environment import installed, read_environment
from jobs.foundation.errors import CannotReplay
from jobs.foundation.log import stage
from jobs.incremental.entity_state import compute_state
from jobs.incremental.state_tables import REGISTER_STATE, TAX_STATE
from jobs.lake.maintenance.table_files import is_whole
from jobs.lake.manifests import digest_of, run_id_of, time_travel_since
from jobs.lake.model_store import ModelStore
from jobs.lake.table_comparison import Comparison, compare
from jobs.lake.tables import arrow_schema
from jobs.profile.profile import Profile
from jobs.steps.build_features import build_features_day
from jobs.steps.link_complaints import link_day
from jobs.steps.score_entities import score_day
from jobs.steps.target_list import TIE_KEY_VARIABLE, target_day, tie_key
from models.targeting.ranking import tie_break

_STOPS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def temporary_home() -> Iterator[Path]:
    """An empty folder among the machine's temporary ones (``TMPDIR``)."""
    home = Path(tempfile.mkdtemp(prefix="steelyard-replay-"))
    try:
        with _removed_when_stopped(home):
            yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _removed_when_stopped(home: Path) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's alone
        return
    before = {number: signal.getsignal(number) for number in _STOPS}

    def stop(number: int, frame: FrameType | None) -> None:
        shutil.rmtree(home, ignore_errors=True)
        earlier = before[signal.Signals(number)]
        signal.signal(number, earlier)
        if callable(earlier):
            earlier(number, frame)
        else:
            os.kill(os.getpid(), number)

    for number in _STOPS:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


@dataclass(frozen=True)
class Obstacle:
    """A reason; what is ``lost`` stops a replay, what is merely another now can be gone past knowingly."""

    what: str
    next_step: str
    is_lost: bool


def replay_blockers(lake: Lake, profile: Profile, run: dict[str, Any], tables: tuple[Contract, ...]) -> list[Obstacle]:
    """All that stands in the way of doing a run again.

    Args:
        lake: of the run's home.
        profile: as it is now.
        run: the run's manifest.
        tables: that are read again, or held against what is made again.
    """
    lost = [*_manifest(run), *_versions(lake, run, tables), *_model(lake, run)]
    # The key is told by the list, which must be there to be asked.
    return [*lost, *([] if lost else _tie_key(lake, run)), *_changed(lake, profile, run)]


def _manifest(run: dict[str, Any]) -> Iterator[Obstacle]:
    # A manifest without a digest is of a Steelyard that gave it none.
    if run.get("run_id") != run_id_of(run) or run.get("digest", digest_of(run)) != digest_of(run):
        yield Obstacle(
            f"the manifest is not as the run wrote it: what it says does not give its own id and digest, {run.get('run_id')}",
            "bring the manifest back from a backup",
            is_lost=True,
        )


def _versions(lake: Lake, run: dict[str, Any], tables: tuple[Contract, ...]) -> Iterator[Obstacle]:
    pinned: dict[str, int | None] = run.get("tables") or {}
    gone = []
    for contract in tables:
        name = contract.full_name
        version = pinned.get(name)
        if name not in pinned:
            gone.append(f"{name}, of which the manifest names no version")
        elif version is not None and not (lake.exists(contract) and is_whole(lake, contract, version)):
            gone.append(f"version {version} of {name}")
    if not gone:
        return
    since = time_travel_since(lake.home)
    kept = f"; maintenance keeps the versions of runs from {since} on" if since and date.fromisoformat(run["as_of"]) < since else ""
    yield Obstacle(
        f"what it rests on is gone: {', '.join(gone)}{kept}",
        "bring the lake back from a backup; `time_travel_days` under [retention] says how long versions are kept",
        is_lost=True,
    )


def _model(lake: Lake, run: dict[str, Any]) -> Iterator[Obstacle]:
    if not ModelStore(lake.home).is_whole(str(run.get("model_id"))):
        yield Obstacle(
            f"the model {run.get('model_id')} is not in models/ as it was stored",
            "bring its folder back from a backup",
            is_lost=True,
        )


def _tie_key(lake: Lake, run: dict[str, Any]) -> Iterator[Obstacle]:
    """The published list tells whether the key is the same: each row has the hash that the run's key gives."""
    as_of = date.fromisoformat(run["as_of"])
    listed = lake.at(run["tables"]).arrow(RISK_LIST, columns=[str(ENTITY_ID), str(TIE_BREAK)], where=f"{AS_OF} = '{as_of}'")
    row = next(iter(listed.slice(0, 1).to_pylist()), None)
    if row is None or tie_break(row[ENTITY_ID], tie_key(as_of)) == row[TIE_BREAK]:
        return
    was_set = run.get("tie_key") == "set"
    yield Obstacle(
        f"{TIE_KEY_VARIABLE} is not what it was when the list was made"
        + ("" if was_set else ": the list was made without one, by the public word"),
        f"set {TIE_KEY_VARIABLE} to the key of that time" if was_set else f"unset {TIE_KEY_VARIABLE}",
        is_lost=True,
    )


def _changed(lake: Lake, profile: Profile, run: dict[str, Any]) -> Iterator[Obstacle]:
    if run.get("code_version") != code_version():
        yield Obstacle(
            f"its code was {run.get('code_version')} of Steelyard {run.get('version')}, this is {code_version()}",
            "install Steelyard as it was then",
            is_lost=False,
        )
    if run.get("config_hash") != profile.fingerprint():
        yield Obstacle(
            f"the profile {profile.name} in {profile.folder} was another: the hash of its files was"
            f" {str(run.get('config_hash'))[:12]}, now it is {profile.fingerprint()[:12]}",
            "give the profile as it was then with --profile",
            is_lost=False,
        )
    if run.get("engine") != lake.engine:
        yield Obstacle(
            f"its engine was {run.get('engine', 'not noted')}, this is {lake.engine}",
            "set STEELYARD_ENGINE to that engine, in the version of then",
            is_lost=False,
        )
    if differing := _packages(lake, run):
        yield Obstacle(f"other packages, or another machine: {differing}", "use those of that time", is_lost=False)


def _packages(lake: Lake, run: dict[str, Any]) -> str:
    """What is installed otherwise, up to five of it; empty when nothing is."""
    then, now = read_environment(lake.home, run.get("packages")), installed()
    if then is None:
        return "the run did not note which it had"
    apart = [
        f"{name} {then.get(name, 'missing')} then, {now.get(name, 'missing')} now"
        for name in sorted(then.keys() | now.keys())
        if then.get(name) != now.get(name)
    ]
    return "; ".join(apart[:5]) + (f"; and {len(apart) - 5} more" if len(apart) > 5 else "")


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
    found = replay_blockers(lake, profile, run, (*SILVER.values(), *MADE))
    if found and not (even_so and not any(obstacle.is_lost for obstacle in found)):
        raise _cannot(lake.home, run, found)
    as_of = date.fromisoformat(run["as_of"])
    published = lake.at(run["tables"])
    with temporary_home() as home:
        made = lake.onto(home, {contract.full_name: run["tables"][contract.full_name] for contract in SILVER.values()})
        ModelStore(lake.home).lend(run["model_id"], home, as_of)
        _make(made, profile, as_of, before=published)
        with stage("compare") as current:
            tables = tuple(
                compare(contract.full_name, _rows(published, contract, as_of), _rows(made, contract, as_of), contract.key)
                for contract in MADE
            )
            current.note(differing=sum(not table.is_same for table in tables))
    return Replay(run["run_id"], as_of, tables, tuple(found))


def _make(lake: Lake, profile: Profile, as_of: date, *, before: Lake) -> None:
    """The day's steps from links to list; ``before`` holds the classes of the days before, as they were."""
    with Scratch(lake.home, "state", is_packed=False) as scratch:
        with stage("link") as current:
            register = scratch.materialise(compute_state(REGISTER_STATE, lake, profile, as_of))
            current.note(links=link_day(lake, profile, as_of, register))
        with stage("features") as current:
            sums = scratch.materialise(compute_state(TAX_STATE, lake, profile, as_of))
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
        next_step="; ".join(dict.fromkeys(obstacle.next_step for obstacle in found)) + passable,
    )
