"""Invented worlds and the homes that their deliveries were taken into, kept under ``build/bench`` for the next run.

What making them took is measured once and kept beside them, with where that was measured. A world is made again when
the code that invents it changed, a home when any that ``intake`` runs did.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

from benchmarks.harness.machine import origin_of
from benchmarks.harness.measure import Measured
from benchmarks.harness.tomorrow import deliver_tomorrow
from expectations.contracts.registry import SILVER
from jobs.engine.lake import Lake
from jobs.foundation.code_version import ROOT, hash_of

LAST = date(2026, 6, 30)
MORROW = LAST + timedelta(days=1)
SEED = 20260101
INVENTING = ("benchmarks.steps:generate", "benchmarks.harness.tomorrow:deliver_tomorrow")
TAKING_IN = ("benchmarks.steps:intake",)
"""Where the code starts that invents a world, and the code that takes it in."""
PROFILE_FOLDER = ROOT / "config" / "cn"

Run = Callable[..., Measured]
"""Runs a step with its options and gives what it took."""


@dataclass(frozen=True)
class World:
    """An invented world's deliveries, its home before any features, and what making the two took.

    Attributes:
        records: the rows of silver that the home holds.
        news: of each source, the records that are delivered on the morrow.
        origins: of ``generate`` and ``intake``, where what they took was measured, see :data:`benchmarks.harness.machine.ORIGIN`.
    """

    entities: int
    months: int
    sources: Path
    home: Path
    records: int
    news: dict[str, int]
    generated: Measured
    taken_in: Measured
    origins: dict[str, dict[str, Any]]


class Worlds:
    """The folder that worlds are kept in."""

    def __init__(self, folder: Path, machine: Mapping[str, Any]) -> None:
        """Keep them in ``folder``; those that are made now are made on this machine."""
        self.folder, self.origin = folder, origin_of(machine)

    def world(self, entities: int, months: int, run: Run) -> World:
        """A world of that size, made if it is not there."""
        name = f"{entities}x{months}-{hash_of(INVENTING)}"
        settings = [path for path in PROFILE_FOLDER.rglob("*") if path.is_file()]
        folder, home = self.folder / "worlds" / name, self.folder / "homes" / f"{name}-{hash_of(TAKING_IN, settings)}"
        if not (folder / "made.json").exists():
            shutil.rmtree(folder, ignore_errors=True)
            took = run("generate", "--entities", entities, "--months", months, "--seed", SEED, "--as-of", LAST, "--out", folder)
            news = deliver_tomorrow(folder / "sources", LAST)
            _note(folder, {"took": asdict(took), **self.origin, "news": news})
        if not (home / "made.json").exists():
            shutil.rmtree(home, ignore_errors=True)
            took = run("intake", "--home", home, "--sources", folder / "sources", "--as-of", LAST)
            _note(home, {"took": asdict(took), **self.origin, "records": _records(home)})
        made, taken_in = _noted(folder), _noted(home)
        return World(
            entities,
            months,
            folder / "sources",
            home,
            taken_in["records"],
            made["news"],
            Measured(**made["took"]),
            Measured(**taken_in["took"]),
            {"generate": origin_of(made), "intake": origin_of(taken_in)},
        )

    @contextmanager
    def fork(self, home: Path) -> Iterator[Path]:
        """A home that starts as the given one and is gone at the end; data files, which nothing writes twice, are shared."""
        work = self.folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(home, work / "home", copy_function=_link_or_copy)
        try:
            yield work / "home"
        finally:
            shutil.rmtree(work, ignore_errors=True)


def unmake_silver(home: Path) -> None:
    """Bring a home back to where only ingest had been done: no silver, no verdicts, no links, sums or features."""
    for folder in ("lake/silver", "lake/state", "lake/gold", "manifests/state", "manifests/links", "manifests/features"):
        shutil.rmtree(home / folder, ignore_errors=True)
    for book in sorted((home / "manifests" / "batches").glob("*.json")):
        batches = json.loads(book.read_text(encoding="utf-8"))
        for batch in batches.values():
            batch.update(gated="", conformed="", known_from="", known_until="", set_aside=0, checks=[], stopped=[])
        book.write_text(json.dumps(batches), encoding="utf-8")


def _link_or_copy(source: str, target: str) -> None:
    if source.endswith(".parquet"):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def _records(home: Path) -> int:
    lake = Lake(home)
    return sum(DeltaTable(str(lake.path(table))).to_pyarrow_dataset().count_rows() for table in SILVER.values())


def _note(folder: Path, facts: dict[str, Any]) -> None:
    """Written last: a folder without it was never finished."""
    (folder / "made.json").write_text(json.dumps(facts), encoding="utf-8")


def _noted(folder: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((folder / "made.json").read_text(encoding="utf-8"))
    return facts
