"""Why a run cannot be done again as it was: each reason by itself, with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from expectations.contracts.contract import Contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from expectations.contracts.scoring import RISK_LIST, TIE_BREAK
from jobs.close_day import digest_of, run_id_of
from jobs.engine.lake import Lake, table_name
from jobs.foundation.code_version import code_version
from jobs.foundation.environment import installed, read_environment
from jobs.lake.maintenance.tables import is_whole
from jobs.lake.manifests import time_travel_since
from jobs.lake.model_store import ModelStore
from jobs.profile.profile import Profile
from jobs.steps.target_list import TIE_KEY_VARIABLE, tie_key
from models.targeting.ranking import tie_break


@dataclass(frozen=True)
class Obstacle:
    """A reason; what is ``lost`` stops a replay, what is merely another now can be gone past knowingly."""

    what: str
    then: str
    is_lost: bool


def obstacles(lake: Lake, profile: Profile, run: dict[str, Any], tables: tuple[Contract, ...]) -> list[Obstacle]:
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
        name = table_name(contract)
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
