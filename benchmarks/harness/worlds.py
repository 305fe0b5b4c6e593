"""Cache simulated worlds, and the homes with their ingested deliveries, in ``build/bench``.

How long each took is measured once and stored beside it, with the origin of the measurement. A world is generated again when the
code of ``generate`` changes, a home when the code of ``intake`` or the profile changes.
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
from benchmarks.harness.measure import Measurement
from benchmarks.harness.tomorrow import deliver_next_day
from expectations.contracts.registry import SILVER
from jobs.foundation.code_version import ROOT, hash_of
from jobs.lake.tables import LakeTables

LAST = date(2026, 6, 30)
NEXT_DAY = LAST + timedelta(days=1)
SEED = 20260101
GENERATE_CODE = ("benchmarks.steps:generate", "benchmarks.harness.tomorrow:deliver_next_day")
INTAKE_CODE = ("benchmarks.steps:intake",)
"""Entry points of the code that makes a world and a home; their hashes are in the names of the cache."""
PROFILE_FOLDER = ROOT / "config" / "cn"

Run = Callable[..., Measurement]
"""Runs a step with its options and returns its measurement."""


@dataclass(frozen=True)
class World:
    """A simulated world, its home without features, and the measurements of making both.

    Attributes:
        records: number of silver rows in the home.
        news: number of records delivered on the next day, by source.
        origins: origins of the measurements of ``generate`` and ``intake``, see :data:`benchmarks.harness.machine.ORIGIN`.
    """

    entities: int
    months: int
    sources: Path
    home: Path
    records: int
    news: dict[str, int]
    generated: Measurement
    intake: Measurement
    origins: dict[str, dict[str, Any]]


class Worlds:
    """The cache of worlds in a folder."""

    def __init__(self, folder: Path, machine: Mapping[str, Any]) -> None:
        """Use ``folder``; new worlds get the origin of this machine."""
        self.folder, self.origin = folder, origin_of(machine)

    def world(self, entities: int, months: int, run: Run) -> World:
        """Return a world of this size; generate it if it is not cached."""
        name = f"{entities}x{months}-{hash_of(GENERATE_CODE)}"
        settings = [path for path in PROFILE_FOLDER.rglob("*") if path.is_file()]
        folder, home = self.folder / "worlds" / name, self.folder / "homes" / f"{name}-{hash_of(INTAKE_CODE, settings)}"
        if not (folder / "made.json").exists():
            shutil.rmtree(folder, ignore_errors=True)
            took = run("generate", "--entities", entities, "--months", months, "--seed", SEED, "--as-of", LAST, "--out", folder)
            news = deliver_next_day(folder / "sources", LAST)
            _write_facts(folder, {"took": asdict(took), **self.origin, "news": news})
        if not (home / "made.json").exists():
            shutil.rmtree(home, ignore_errors=True)
            took = run("intake", "--home", home, "--sources", folder / "sources", "--as-of", LAST)
            _write_facts(home, {"took": asdict(took), **self.origin, "records": _records(home)})
        made, taken_in = _read_facts(folder), _read_facts(home)
        generated, intake = (Measurement(**facts["took"]) for facts in (made, taken_in))
        origins = {"generate": origin_of(made), "intake": origin_of(taken_in)}
        return World(entities, months, folder / "sources", home, taken_in["records"], made["news"], generated, intake, origins)

    @contextmanager
    def fork(self, home: Path) -> Iterator[Path]:
        """Yield a temporary copy of a home."""
        work = self.folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        copy_home(home, work / "home")
        try:
            yield work / "home"
        finally:
            shutil.rmtree(work, ignore_errors=True)


def copy_home(home: Path, target: Path) -> None:
    """Copy a home; data files are hard links, since no data file is written twice."""
    shutil.copytree(home, target, copy_function=_hard_link_or_copy)


def drop_silver(home: Path) -> None:
    """Reset a home to its state after ingest: no silver, verdicts, links, state or features."""
    for folder in ("lake/silver", "lake/state", "lake/gold", "manifests/state", "manifests/links", "manifests/features"):
        shutil.rmtree(home / folder, ignore_errors=True)
    for file in sorted((home / "manifests" / "batches").glob("*.json")):
        batches = json.loads(file.read_text(encoding="utf-8"))
        for batch in batches.values():
            batch.update(gated="", conformed="", known_from="", known_until="", set_aside=0, checks=[], stopped=[])
        file.write_text(json.dumps(batches), encoding="utf-8")


def _hard_link_or_copy(source: str, target: str) -> None:
    if source.endswith(".parquet"):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def _records(home: Path) -> int:
    lake = LakeTables(home)
    return sum(DeltaTable(str(lake.path(table))).to_pyarrow_dataset().count_rows() for table in SILVER.values())


def _write_facts(folder: Path, facts: dict[str, Any]) -> None:
    """Write the facts last: a folder without them is incomplete."""
    (folder / "made.json").write_text(json.dumps(facts), encoding="utf-8")


def _read_facts(folder: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((folder / "made.json").read_text(encoding="utf-8"))
    return facts
