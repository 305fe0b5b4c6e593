"""Manifests: what a day found of each source, and what a run was made from. A day without its run manifest does not exist."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from jobs.foundation.errors import CannotReplay, Damaged, InputMissing
from jobs.foundation.files import days_in, json_text, read_json, write_json
from jobs.foundation.findings import some
from jobs.lake.batches import Batch, BatchBook
from jobs.lake.tables import LakeTables

L = TypeVar("L", bound=LakeTables)

MADE_OF = ("as_of", "profile", "config_hash", "code_version", "deliveries", "model_id", "seed", "sources", "list")
"""The facts of a run that its id is a hash of."""
MADE_OF_SINCE = ("classes_before",)
"""Further facts in the hash; manifests of earlier versions of Steelyard lack them."""


class Verdict(StrEnum):
    """The state of a source on a day."""

    PASSED = "passed"
    """New data came and is in use."""
    STOPPED = "stopped"
    """New data came and may not be used; the earlier data stays in use."""
    MISSING = "missing"
    """A delivery was due and did not come."""
    UNCHANGED = "unchanged"
    """Nothing was due and nothing came."""


@dataclass(frozen=True)
class SourceManifest:
    """One source on one day; ``late``: the deliveries in use that came late or again since the last day it was closed."""

    source: str
    contract: str
    as_of: date
    verdict: Verdict
    why: str
    newest_delivery: date | None = None
    known_rows: int = 0
    late: list[date] = field(default_factory=list)
    batches: list[dict[str, Any]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)


# Paths


def source_manifest_path(home: Path, source: str, as_of: date) -> Path:
    """The manifest of a source on a day."""
    return home / "manifests" / "sources" / source / f"{as_of}.json"


def run_manifest_path(home: Path, as_of: date) -> Path:
    """The manifest of a day's newest run."""
    return home / "manifests" / "runs" / f"{as_of}.json"


def run_manifest_path_by_id(home: Path, run_id: str) -> Path:
    """The manifest of a run; it stays when the day is run again."""
    return home / "manifests" / "runs" / "by_id" / f"{run_id}.json"


def withdrawn_path(home: Path, run_id: str) -> Path:
    """The manifest of a run whose day a restore undid."""
    return home / "manifests" / "withdrawn" / f"{run_id}.json"


def note_path(home: Path, what: str, as_of: date) -> Path:
    """The note of the inputs of a day's ``links``, ``features`` or ``scores``; rows without a note are computed again."""
    return home / "manifests" / what / f"{as_of}.json"


def _time_travel_path(home: Path) -> Path:
    return home / "manifests" / "time_travel.json"


# Runs


def run_id_of(facts: dict[str, Any]) -> str:
    """The run's id: its day and a hash of its inputs and its list, so that the same run has the same id anywhere."""
    made_of = {key: facts.get(key) for key in MADE_OF} | {key: facts[key] for key in MADE_OF_SINCE if key in facts}
    return f"{facts['as_of']}-{json_hash(made_of)[:12]}"


def digest_of(manifest: dict[str, Any]) -> str:
    """A hash of the whole manifest, including what the id leaves out, such as the engine and the table versions."""
    return hashlib.sha256(json_text({key: value for key, value in manifest.items() if key != "digest"}).encode()).hexdigest()


def json_hash(content: object) -> str:
    """The SHA-256 of any content that has a JSON form."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def finished_days(home: Path) -> dict[date, dict[str, int | None]]:
    """Each finished day, in order, with the table versions that its run left."""
    days = days_in(run_manifest_path(home, date.min).parent)
    return {day: (read_json(run_manifest_path(home, day)) or {}).get("tables") or {} for day in days}


def runs_since(home: Path, first: date) -> list[dict[str, Any]]:
    """The manifests of all runs of the days from ``first`` on, including runs that were repeated or undone.

    A day's newest run appears twice: by its day and by its id.
    """
    folder = run_manifest_path(home, first).parent
    paths = [*folder.glob("????-??-??.json"), *run_manifest_path_by_id(home, "*").parent.glob("????-??-??-*.json")]
    return [read_json(path) for path in sorted(paths) if date.fromisoformat(path.name[:10]) >= first]


def find_run(home: Path, which: date | str) -> dict[str, Any]:
    """The manifest of a day's newest run, or of the run with an id.

    Raises:
        InputMissing: when there is none.
        CannotReplay: when it is damaged, or the day's own manifest is missing while that of its run exists.
    """
    path = run_manifest_path(home, which) if isinstance(which, date) else run_manifest_path_by_id(home, which)
    found = _read_run(path) if isinstance(which, date) or Path(which).name == which else None
    if found is not None:
        return found
    if not isinstance(which, date):
        what, next_step = f"there is no run {which!r}", "name the run_id of a manifest in this folder"
    elif left := runs_left_by_id(home, which):
        raise CannotReplay(
            what=f"the manifest of {which} is missing, although that of its run {left[-1]} exists",
            where=str(path),
            next_step="restore it from a backup; if the run died at its last write, run the day again",
        )
    else:
        what, next_step = f"the day {which} was not finished", "run the day first with `steelyard run`"
    raise InputMissing(what=what, where=str(run_manifest_path(home, date.min).parent), next_step=next_step)


def outages_of_run(run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The stopped sources of a run, with the day up to which each had delivered. Earlier versions of Steelyard noted none."""
    sources = (run.get("coverage") or {}).get("sources") or {}
    return {name: facts for name, facts in sources.items() if facts["is_stopped"]}


def is_withdrawn(home: Path, as_of: date) -> bool:
    """Whether a restore undid a run of the day."""
    return any(withdrawn_path(home, "*").parent.glob(f"{as_of}-*.json"))


def runs_left_by_id(home: Path, as_of: date) -> list[str]:
    """The closed runs of a day; none where a restore undid the day."""
    if is_withdrawn(home, as_of):
        return []
    return sorted(path.stem for path in run_manifest_path_by_id(home, "*").parent.glob(f"{as_of}-*.json"))


def _read_run(path: Path) -> dict[str, Any] | None:
    try:
        found = read_json(path)
    except Damaged as error:
        raise _damaged_run(path, error.what) from error
    if found is None:
        return None
    for name in ("as_of", "profile"):
        if not isinstance(found, dict) or not found.get(name):
            raise _damaged_run(path, f"it names no {name}")
    return dict(found)


def _damaged_run(path: Path, why: str) -> CannotReplay:
    return CannotReplay(
        what=f"the manifest has changed since the run wrote it: {why}",
        where=str(path),
        next_step="restore the manifest from a backup",
    )


def versions_noted(home: Path, since: date) -> Iterator[dict[str, int | None]]:
    """The table versions that the features of each day from ``since`` on were computed from."""
    for path in sorted(note_path(home, "features", since).parent.glob("????-??-??.json")):
        if date.fromisoformat(path.stem) >= since:
            yield (read_json(path) or {}).get("read") or {}


def lake_of_finished_day(lake: L, as_of: date) -> L:
    """The lake as a finished day left it: the tables of the day's manifest are pinned, other tables are the newest.

    So neither a run that dies half-way nor a later day changes what readers of a finished day see. A day whose versions
    maintenance has removed is read from the newest versions, which still hold its rows.
    """
    return lake_of_run(lake, as_of, read_json(run_manifest_path(lake.home, as_of)) or {})


def lake_of_run(lake: L, as_of: date, manifest: dict[str, Any]) -> L:
    """As :func:`lake_of_finished_day`, for the manifest of a run of the day."""
    since = time_travel_since(lake.home)
    is_past = since is not None and as_of < since
    return lake.at({} if is_past else manifest.get("tables") or {})


def time_travel_since(home: Path) -> date | None:
    """The first day whose run's table versions are retained; None when maintenance has removed none yet."""
    noted = read_json(_time_travel_path(home))
    return date.fromisoformat(noted["since"]) if noted else None


def keep_time_travel_since(home: Path, day: date) -> date:
    """Note the first day whose run's table versions are retained, and return it; it never moves to an earlier day."""
    since = max(day, time_travel_since(home) or day)
    write_json(_time_travel_path(home), {"since": since})
    return since


# Sources


def write_source_manifest(home: Path, manifest: SourceManifest) -> None:
    """Write a source's manifest atomically."""
    write_json(source_manifest_path(home, manifest.source, manifest.as_of), asdict(manifest))


def read_source_manifest(home: Path, source: str, as_of: date) -> dict[str, Any] | None:
    """A source's manifest of a day; None when the source is not closed for the day."""
    found: dict[str, Any] | None = read_json(source_manifest_path(home, source, as_of))
    return found


def source_verdict(
    home: Path, source: str, contract: str, every_days: int | None, as_of: date, newest_delivery: date | None
) -> SourceManifest:
    """The manifest of a source on a day, from the state of its batches.

    A delivery is in use when it was ingested, passed its gate and was conformed to silver. The verdict says when it was not.

    Args:
        every_days: how often a delivery is expected; None when there is one delivery only.
        newest_delivery: the newest delivery found by then, None when there is none.
    """
    batches = BatchBook(home, source).until(as_of)
    newest = batches[-1] if batches else None
    in_use = [batch for batch in batches if batch.is_in_use]
    verdict, why = _verdict(home, source, newest, newest_delivery, every_days, as_of)
    late = [batch for batch in _late(home, source, batches, as_of) if batch is not newest or verdict is not Verdict.STOPPED]
    verdict, why = _with_late(verdict, why, late)
    return SourceManifest(
        source=source,
        contract=contract,
        as_of=as_of,
        verdict=verdict,
        why=why,
        newest_delivery=in_use[-1].delivered_on if in_use else None,
        known_rows=sum(batch.counts.kept - batch.set_aside for batch in in_use),
        late=[batch.delivered_on for batch in late if batch.is_in_use],
        batches=[_batch_facts(batch) for batch in batches],
        checks=newest.checks if newest else [],
    )


def verdict_of_unusable_mapping(home: Path, source: str, as_of: date, why: str) -> SourceManifest:
    """The manifest of a source whose mapping is unusable: it is stopped, and its earlier data stays in use.

    The contract is the one in the source's last manifest, or ``unknown``.
    """
    folder = source_manifest_path(home, source, as_of).parent
    before = [read_source_manifest(home, source, day) or {} for day in days_in(folder)]
    contract = next((str(found["contract"]) for found in reversed(before) if found.get("contract")), "unknown")
    found = source_verdict(home, source, contract, None, as_of, None)
    return replace(found, verdict=Verdict.STOPPED, why=f"{why}; the data before it stays in use", checks=[])


def _verdict(
    home: Path, source: str, newest: Batch | None, newest_delivery: date | None, every_days: int | None, as_of: date
) -> tuple[Verdict, str]:
    if newest_delivery is not None and (newest is None or newest.delivered_on < newest_delivery):
        return Verdict.STOPPED, f"the delivery of {newest_delivery} came and could not be taken in; the data before it stays in use"
    if newest is None:
        return Verdict.MISSING, "no delivery has come yet"
    came = newest.delivered_on
    if not newest.is_usable:
        return Verdict.STOPPED, f"the delivery of {came} {_not_used(newest)}"
    if not newest.is_in_use:
        return Verdict.STOPPED, f"the steps of the delivery of {came} did not end; the data before it stays in use"
    if every_days is not None and came < as_of - timedelta(days=every_days - 1):
        often = "every day" if every_days == 1 else f"every {every_days} days"
        return Verdict.MISSING, f"a delivery is expected {often}; the last came on {came}"
    if came < as_of and any(came <= day for day in _closed_before(home, source, as_of)):
        return Verdict.UNCHANGED, f"nothing new since {came}"
    warned = [check for check in newest.checks if check["severity"] == "warning" and not check["passed"]]
    whole_first = sorted(warned, key=lambda check: check["delivered_on"] is None)
    names = list(dict.fromkeys(str(check["about"]) for check in whole_first))
    found = f"may be used; warning checks that failed: {some(names)}" if names else "passed its checks"
    return Verdict.PASSED, f"the delivery of {came} {found}"


def _not_used(batch: Batch) -> str:
    return "may not be used: " + ("; ".join([*batch.unusable, *batch.stopped]) or "its steps did not end")


def _closed_before(home: Path, source: str, as_of: date) -> list[date]:
    """The earlier days for which the source was closed, in order."""
    return [day for day in days_in(source_manifest_path(home, source, as_of).parent) if day < as_of]


def _late(home: Path, source: str, batches: Sequence[Batch], as_of: date) -> list[Batch]:
    """Deliveries that are no newer than the newest on the last day the source was closed, and new or with other files since."""
    closed = _closed_before(home, source, as_of)
    entries = (read_source_manifest(home, source, closed[-1]) or {}).get("batches") if closed else None
    before = {entry["delivered_on"]: entry["files"] for entry in entries or []}
    newest = max(before, default="")
    facts = {str(batch.delivered_on): (batch, _batch_facts(batch)["files"]) for batch in batches}
    return [batch for day, (batch, files) in facts.items() if day <= newest and before.get(day) != files]


def _with_late(verdict: Verdict, why: str, late: Sequence[Batch]) -> tuple[Verdict, str]:
    """The verdict and its reason, with what was taken in late or again."""
    used = [batch.delivered_on for batch in late if batch.is_in_use]
    news = [f"the delivery of {day} came late or again and is in use" for day in used[:1]]
    if len(used) > 1:
        news = [f"{len(used)} deliveries of {used[0]} to {used[-1]} came late or again and are in use"]
    others = (batch for batch in late if not batch.is_in_use)
    news += [f"the delivery of {batch.delivered_on} came late or again and {_not_used(batch)}" for batch in others]
    if not news or verdict is not Verdict.UNCHANGED:
        return verdict, "; ".join([why, *news])
    return Verdict.STOPPED if len(used) < len(late) else Verdict.PASSED, "; ".join(news)


def _batch_facts(batch: Batch) -> dict[str, Any]:
    """A delivery day for readers: rows that the gate set aside count as quarantined."""
    counts = asdict(batch.counts)
    return {
        "delivered_on": batch.delivered_on,
        "chain": batch.chain,
        "files": [{"name": entry.name, "size": entry.size, "sha256": entry.sha256} for entry in batch.files],
        **counts,
        "kept": counts["kept"] - batch.set_aside,
        "quarantined": counts["quarantined"] + batch.set_aside,
        "unusable": batch.unusable,
        "stopped": batch.stopped,
    }
