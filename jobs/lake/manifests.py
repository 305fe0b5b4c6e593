"""Manifests: what a day found of each source, and what a run made. A day without its run manifest does not exist."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from jobs.engine.lake import Lake
from jobs.foundation.errors import CannotReplay, Damaged, InputMissing
from jobs.foundation.files import days_in, read_json, write_json
from jobs.lake.batches import Batch, BatchBook


class Verdict(StrEnum):
    """What a day settles of a source."""

    PASSED = "passed"
    """New data came and may be used."""
    STOPPED = "stopped"
    """New data came and may not be used; the data before stays in use."""
    MISSING = "missing"
    """A delivery was due and did not come."""
    UNCHANGED = "unchanged"
    """Nothing was due and nothing came."""


@dataclass(frozen=True)
class SourceManifest:
    """One source on one day."""

    source: str
    contract: str
    as_of: date
    verdict: Verdict
    why: str
    newest_delivery: date | None = None
    known_rows: int = 0
    batches: list[dict[str, Any]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)


def source_manifest_path(home: Path, source: str, as_of: date) -> Path:
    """Where a source's manifest of a day is."""
    return home / "manifests" / "sources" / source / f"{as_of}.json"


def run_manifest_path(home: Path, as_of: date) -> Path:
    """Where a run's manifest of a day is."""
    return home / "manifests" / "runs" / f"{as_of}.json"


def run_manifest_path_by_id(home: Path, run_id: str) -> Path:
    """Where a run's manifest stays when its day is done again."""
    return home / "manifests" / "runs" / "by_id" / f"{run_id}.json"


def withdrawn_path(home: Path, run_id: str) -> Path:
    """Where a run's manifest stays when a restore undid its day."""
    return home / "manifests" / "withdrawn" / f"{run_id}.json"


def finished_days(home: Path) -> dict[date, dict[str, int | None]]:
    """Each day that has a run's manifest, in order, with the table versions that its run left."""
    days = days_in(run_manifest_path(home, date.min).parent)
    return {day: (read_json(run_manifest_path(home, day)) or {}).get("tables") or {} for day in days}


def runs_since(home: Path, first: date) -> list[dict[str, Any]]:
    """The manifests of all runs of the days from ``first`` on, also of those that were done again, or undone.

    A day's newest run is told twice: by its day and by its id.
    """
    folder = run_manifest_path(home, first).parent
    paths = [*folder.glob("????-??-??.json"), *run_manifest_path_by_id(home, "*").parent.glob("????-??-??-*.json")]
    return [read_json(path) for path in sorted(paths) if date.fromisoformat(path.name[:10]) >= first]


def find_run(home: Path, which: date | str) -> dict[str, Any]:
    """The manifest of a day's newest run, or of the run of an id.

    Raises:
        InputMissing: when there is none.
        CannotReplay: when it is no longer whole, or the day's own is gone and the run's is there.
    """
    path = run_manifest_path(home, which) if isinstance(which, date) else run_manifest_path_by_id(home, which)
    is_name = isinstance(which, date) or Path(which).name == which
    found = _read_run(path) if is_name else None
    if found is None and isinstance(which, date) and (left := _left_by_id(home, which)):
        raise CannotReplay(
            what=f"the manifest of {which} is gone, and that of its run {left[-1]} is there",
            where=str(path),
            then="bring it back from a backup; if the run died at its last write, run the day again",
        )
    if found is None:
        raise InputMissing(
            what=f"the day {which} was not finished" if isinstance(which, date) else f"there is no run {which!r}",
            where=str(run_manifest_path(home, date.min).parent),
            then="run the day first with `steelyard run`" if isinstance(which, date) else "name the run_id of a manifest there",
        )
    return found


def _left_by_id(home: Path, as_of: date) -> list[str]:
    """The runs of a day that were closed; none where a restore undid the day."""
    if any(withdrawn_path(home, "*").parent.glob(f"{as_of}-*.json")):
        return []
    return sorted(path.stem for path in run_manifest_path_by_id(home, "*").parent.glob(f"{as_of}-*.json"))


def _read_run(path: Path) -> dict[str, Any] | None:
    try:
        found = read_json(path)
    except Damaged as error:
        raise _not_whole(path, error.what) from error
    if found is None:
        return None
    for name in ("as_of", "profile"):
        if not isinstance(found, dict) or not found.get(name):
            raise _not_whole(path, f"it names no {name}")
    return dict(found)


def _not_whole(path: Path, why: str) -> CannotReplay:
    return CannotReplay(
        what=f"the manifest is not as the run wrote it: {why}", where=str(path), then="bring the manifest back from a backup"
    )


def note_path(home: Path, what: str, as_of: date) -> Path:
    """Where it is noted what a day's ``links``, ``features`` or ``scores`` rest on; without the note they are made again."""
    return home / "manifests" / what / f"{as_of}.json"


def write_source_manifest(home: Path, manifest: SourceManifest) -> None:
    """Write a source's manifest in one piece."""
    write_json(source_manifest_path(home, manifest.source, manifest.as_of), asdict(manifest))


def read_source_manifest(home: Path, source: str, as_of: date) -> dict[str, Any] | None:
    """A source's manifest of a day, None when the day is not settled."""
    found: dict[str, Any] | None = read_json(source_manifest_path(home, source, as_of))
    return found


def lake_of_finished_day(lake: Lake, as_of: date) -> Lake:
    """The lake as it was when a day was finished: the table versions that the day's manifest names, the newest of the rest.

    So a run that dies half-way, or another day done later, changes nothing for readers of a finished day. A day whose versions
    maintenance no longer keeps is read from the newest, where its own rows still are.
    """
    since = time_travel_since(lake.home)
    if since is not None and as_of < since:
        return lake.at({})
    run = read_json(run_manifest_path(lake.home, as_of)) or {}
    return lake.at(run.get("tables") or {})


def time_travel_since(home: Path) -> date | None:
    """The first day whose run's table versions are kept; None when maintenance has dropped none yet."""
    noted = read_json(_time_travel_path(home))
    return date.fromisoformat(noted["since"]) if noted else None


def keep_time_travel_since(home: Path, day: date) -> date:
    """Note the first day whose run's table versions are kept, and give it; what is gone does not come back, so never an earlier."""
    since = max(day, time_travel_since(home) or day)
    write_json(_time_travel_path(home), {"since": since})
    return since


def _time_travel_path(home: Path) -> Path:
    return home / "manifests" / "time_travel.json"


def source_verdict(
    home: Path, source: str, contract: str, every_days: int | None, as_of: date, newest_delivery: date | None
) -> SourceManifest:
    """What the state of its batches says of a source on a day.

    A delivery is in use when it was taken in, judged and brought to silver; one that was not, for whatever reason, is
    not, and the verdict says so.

    Args:
        home: the run's home.
        source: its name.
        contract: its contract's name.
        every_days: how often a delivery is expected; None when there is one delivery for good.
        as_of: the day.
        newest_delivery: the newest delivery found by then, None when there is none.
    """
    batches = BatchBook(home, source).until(as_of)
    newest = batches[-1] if batches else None
    in_use = [batch for batch in batches if batch.is_in_use]
    verdict, why = _verdict(home, source, newest, newest_delivery, every_days, as_of)
    return SourceManifest(
        source=source,
        contract=contract,
        as_of=as_of,
        verdict=verdict,
        why=why,
        newest_delivery=in_use[-1].delivered_on if in_use else None,
        known_rows=sum(batch.counts.kept - batch.set_aside for batch in in_use),
        batches=[_batch_facts(batch) for batch in batches],
        checks=newest.checks if newest else [],
    )


def verdict_of_unusable_mapping(home: Path, source: str, as_of: date, why: str) -> SourceManifest:
    """What a day settles of a source whose mapping cannot be used: it is stopped, and what was taken in before stays in use.

    Its contract is that of the day on which it was settled last; ``unknown`` where none was.
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
        return Verdict.STOPPED, f"the delivery of {came} may not be used: " + "; ".join([*newest.unusable, *newest.stopped])
    if not newest.is_in_use:
        return Verdict.STOPPED, f"the steps of the delivery of {came} did not end; the data before it stays in use"
    if every_days is not None and came < as_of - timedelta(days=every_days - 1):
        often = "every day" if every_days == 1 else f"every {every_days} days"
        return Verdict.MISSING, f"a delivery is expected {often}; the last came on {came}"
    if came < as_of and _settled_before(home, source, came, as_of):
        return Verdict.UNCHANGED, f"nothing new since {came}"
    return Verdict.PASSED, f"the delivery of {came} passed its checks"


def _settled_before(home: Path, source: str, came: date, as_of: date) -> bool:
    """Whether an earlier day already settled the delivery that came on ``came``."""
    folder = source_manifest_path(home, source, as_of).parent
    return any(came <= day < as_of for day in days_in(folder))


def _batch_facts(batch: Batch) -> dict[str, Any]:
    """A delivery day as readers see it: what the gate set aside counts as quarantined."""
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
