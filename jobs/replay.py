"""Repeat a finished day in a temporary home, from the table versions and the model in its manifest, and compare the results.

Features are built from all of silver, even where the run used stored state, so a replay also shows that state makes no difference.
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
from jobs.incremental.entity_state import REGISTER_STATE, TAX_STATE, compute_state
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
from jobs.transforms.coverage import Coverage
from models.targeting.ranking import tie_break

_STOPS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Replay:
    """The result of a replay: each table compared with the published one, and the differences that were ignored."""

    run_id: str
    as_of: date
    tables: tuple[Comparison, ...]
    ignored: tuple[ReplayBlocker, ...]

    @property
    def is_same(self) -> bool:
        """Whether all published tables came out again, equal to the last bit."""
        return all(table.is_same for table in self.tables)


def replay_run(lake: Lake, profile: Profile, run: dict[str, Any], *, even_so: bool = False) -> Replay:
    """Repeat a run and compare the results; its home is only read.

    Args:
        lake: the lake of the run's home.
        profile: the profile that the run was made with.
        even_so: continue although code, profile, engine or packages are not those of the run.

    Raises:
        CannotReplay: when inputs of the run are gone or have changed.
    """
    found = replay_blockers(lake, profile, run, (*SILVER.values(), *MADE))
    if found and not (even_so and not any(blocker.is_lost for blocker in found)):
        raise _cannot(lake.home, run, found)
    as_of = date.fromisoformat(run["as_of"])
    published = lake.at(run["tables"])
    with temporary_home() as home:
        made = lake.onto(home, {contract.full_name: run["tables"][contract.full_name] for contract in SILVER.values()})
        ModelStore(lake.home).lend(run["model_id"], home, as_of)
        _make(made, profile, Coverage.stored(as_of, run.get("coverage")), before=published)
        with stage("compare") as current:
            tables = tuple(
                compare(contract.full_name, _rows(published, contract, as_of), _rows(made, contract, as_of), contract.key)
                for contract in MADE
            )
            current.note(differing=sum(not table.is_same for table in tables))
    return Replay(run["run_id"], as_of, tables, tuple(found))


def _make(lake: Lake, profile: Profile, coverage: Coverage, *, before: Lake) -> None:
    """Run the day's steps from links to list; ``before`` is the lake with the scores of earlier days."""
    as_of = coverage.as_of
    with Scratch(lake.home, "state", is_packed=False) as scratch:
        with stage("link") as current:
            register = scratch.materialise(compute_state(REGISTER_STATE, lake, profile, as_of, coverage))
            current.note(links=link_day(lake, profile, as_of, register))
        with stage("features") as current:
            sums = scratch.materialise(compute_state(TAX_STATE, lake, profile, as_of, coverage))
            current.note(entities=build_features_day(lake, profile, coverage, register, sums))
    with stage("score") as current:
        current.note(entities=score_day(lake, profile, as_of, before=before, coverage=coverage))
    with stage("target") as current:
        current.note(listed=target_day(lake, profile, as_of, coverage=coverage))


def _rows(lake: Lake, contract: Contract, as_of: date) -> pa.Table:
    """A table's rows of the day; none where the table does not exist."""
    if not lake.exists(contract):
        return arrow_schema(contract).empty_table()
    return lake.arrow(contract, where=f"{AS_OF} = '{as_of}'")


def _cannot(home: Path, run: dict[str, Any], found: list[ReplayBlocker]) -> CannotReplay:
    is_lost = any(blocker.is_lost for blocker in found)
    even_so = "" if is_lost else "; or use --even-so to see the result with the present inputs"
    return CannotReplay(
        what=f"the run {run.get('run_id')} cannot be repeated exactly: " + "; ".join(blocker.what for blocker in found),
        where=str(home),
        next_step="; ".join(dict.fromkeys(blocker.next_step for blocker in found)) + even_so,
    )


@dataclass(frozen=True)
class ReplayBlocker:
    """A reason why a run cannot be repeated exactly: something is lost, or has changed, which may be ignored."""

    what: str
    next_step: str
    is_lost: bool


def replay_blockers(lake: Lake, profile: Profile, run: dict[str, Any], tables: tuple[Contract, ...]) -> list[ReplayBlocker]:
    """All reasons why a run cannot be repeated exactly.

    Args:
        lake: the lake of the run's home.
        profile: the profile as it is now.
        tables: the tables that a replay reads or compares.
    """
    lost = [*_manifest(run), *_versions(lake, run, tables), *_model(lake, run)]
    # The tie key is compared with the published list, so that must exist.
    return [*lost, *([] if lost else _tie_key(lake, run)), *_changed(lake, profile, run)]


def _manifest(run: dict[str, Any]) -> Iterator[ReplayBlocker]:
    # Older versions wrote manifests without a digest.
    if run.get("run_id") != run_id_of(run) or run.get("digest", digest_of(run)) != digest_of(run):
        yield ReplayBlocker(
            f"the manifest has changed since the run wrote it: it does not match its own id and digest, {run.get('run_id')}",
            "restore the manifest from a backup",
            is_lost=True,
        )


def _versions(lake: Lake, run: dict[str, Any], tables: tuple[Contract, ...]) -> Iterator[ReplayBlocker]:
    pinned: dict[str, int | None] = run.get("tables") or {}
    gone = []
    for contract in tables:
        name = contract.full_name
        version = pinned.get(name)
        if name not in pinned:
            gone.append(f"{name}, for which the manifest has no version")
        elif version is not None and not (lake.exists(contract) and is_whole(lake, contract, version)):
            gone.append(f"version {version} of {name}")
    if not gone:
        return
    since = time_travel_since(lake.home)
    kept = f"; maintenance keeps the versions of runs from {since} on" if since and date.fromisoformat(run["as_of"]) < since else ""
    yield ReplayBlocker(
        f"its inputs are gone: {', '.join(gone)}{kept}",
        "restore the lake from a backup; `time_travel_days` under [retention] sets how long versions are kept",
        is_lost=True,
    )


def _model(lake: Lake, run: dict[str, Any]) -> Iterator[ReplayBlocker]:
    if not ModelStore(lake.home).is_whole(str(run.get("model_id"))):
        what = f"the model {run.get('model_id')} is not in models/ as it was stored"
        yield ReplayBlocker(what, "restore its folder from a backup", is_lost=True)


def _tie_key(lake: Lake, run: dict[str, Any]) -> Iterator[ReplayBlocker]:
    """Compare the key with the published list: each row has a hash made with the run's key."""
    as_of = date.fromisoformat(run["as_of"])
    listed = lake.at(run["tables"]).arrow(RISK_LIST, columns=[str(ENTITY_ID), str(TIE_BREAK)], where=f"{AS_OF} = '{as_of}'")
    row = next(iter(listed.slice(0, 1).to_pylist()), None)
    if row is None or tie_break(row[ENTITY_ID], tie_key(as_of)) == row[TIE_BREAK]:
        return
    was_set = run.get("tie_key") == "set"
    yield ReplayBlocker(
        f"{TIE_KEY_VARIABLE} is not the one that the list was made with"
        + ("" if was_set else ": the list was made without one, with the public word"),
        f"set {TIE_KEY_VARIABLE} to the key of that time" if was_set else f"unset {TIE_KEY_VARIABLE}",
        is_lost=True,
    )


def _changed(lake: Lake, profile: Profile, run: dict[str, Any]) -> Iterator[ReplayBlocker]:
    if run.get("code_version") != code_version():
        yield ReplayBlocker(
            f"its code was {run.get('code_version')} of Steelyard {run.get('version')}, this is {code_version()}",
            "install the version of Steelyard of that time",
            is_lost=False,
        )
    if run.get("config_hash") != profile.fingerprint():
        yield ReplayBlocker(
            f"the profile {profile.name} in {profile.folder} has changed: the hash of its files was"
            f" {str(run.get('config_hash'))[:12]}, now it is {profile.fingerprint()[:12]}",
            "give the profile of that time with --profile",
            is_lost=False,
        )
    if run.get("engine") != lake.engine:
        yield ReplayBlocker(
            f"its engine was {run.get('engine', 'not noted')}, this is {lake.engine}",
            "set STEELYARD_ENGINE to that engine, in its version of that time",
            is_lost=False,
        )
    if differing := _packages(lake, run):
        yield ReplayBlocker(f"other packages or another machine: {differing}", "use those of that time", is_lost=False)


def _packages(lake: Lake, run: dict[str, Any]) -> str:
    """Up to five packages whose versions differ; empty when none do."""
    then, now = read_environment(lake.home, run.get("packages")), installed()
    if then is None:
        return "the run did not note its packages"
    differing = [
        f"{name} {then.get(name, 'missing')} then, {now.get(name, 'missing')} now"
        for name in sorted(then.keys() | now.keys())
        if then.get(name) != now.get(name)
    ]
    return "; ".join(differing[:5]) + (f"; and {len(differing) - 5} more" if len(differing) > 5 else "")


@contextmanager
def temporary_home() -> Iterator[Path]:
    """An empty home in the temporary folder (``TMPDIR``), deleted when the block ends or a signal stops the process."""
    home = Path(tempfile.mkdtemp(prefix="steelyard-replay-"))
    try:
        with _delete_when_stopped(home):
            yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _delete_when_stopped(home: Path) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may handle signals
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
