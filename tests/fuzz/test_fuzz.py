"""Thousands of mutated deliveries: counts add up in each, no error is raised, and sound deliveries beside them are taken in.

``make test-fuzz`` takes many more. A failure names its deliveries: set ``STEELYARD_FUZZ_ONLY`` to a number to repeat one by itself.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from expectations.contracts.lineage import DELIVERED_ON
from expectations.contracts.quarantine import INTO_FILE
from jobs.engine.lake import Lake
from jobs.engine.scratch import Scratch
from jobs.profile.load_profile import load_profile
from jobs.profile.mapping import SourceMapping
from jobs.profile.profile import Profile
from jobs.sources.file_source import source_of
from jobs.sources.landing import Landed
from jobs.sources.mapped_records import LandedRecords
from jobs.steps.conform_source import conform_source
from jobs.steps.gate_source import gate_new_days
from jobs.steps.ingest_source import ingest_source
from jobs.take_in_source import close_source
from jobs.transforms.mapped import IN_SCOPE, UNREADABLE_COLUMN
from tests.fuzz.mutations import lay, mutated
from tests.fuzz.sources import RECORDS, SOURCES, Source, records_in

ROOT = Path(__file__).resolve().parents[2]
SEED = int(os.environ.get("STEELYARD_FUZZ_SEED", "34"))
ONLY = os.environ.get("STEELYARD_FUZZ_ONLY", "")
READ = int(os.environ.get("STEELYARD_FUZZ_READ", "300"))
TAKE_IN = int(os.environ.get("STEELYARD_FUZZ_TAKE_IN", "20"))
SOUND, FIRST = date(2026, 1, 1), date(2026, 1, 2)
"""The day of the sound delivery before the mutated ones, and the first of theirs."""
LONGEST_SECONDS = 120
"""Seconds of a processor that a batch may take: a small file must not take long, however it is damaged."""


@dataclass(frozen=True)
class Batch:
    """Mutated deliveries of one source on consecutive days, between two sound ones."""

    source: Source
    numbers: tuple[int, ...]
    size: int

    @property
    def days(self) -> dict[date, int]:
        """The number of the delivery of each day."""
        return {FIRST + timedelta(days=number % self.size): number for number in self.numbers}

    @property
    def last(self) -> date:
        """The day of the sound delivery after them."""
        return FIRST + timedelta(days=self.size)

    def is_sound(self, day: date) -> bool:
        """Whether the delivery of a day is one of the two sound ones."""
        return day in (SOUND, self.last)

    def left_out(self, found: Iterable[date]) -> int:
        """How many mutated deliveries are on none of the days found."""
        return len(set(self.days).difference(found))

    def deliver(self, profile: Profile, folder: Path) -> SourceMapping:
        """Write all deliveries below a folder, and their source's mapping to the profile; return the mapping."""
        mapping = self.source.write_mapping(profile.folder)
        for day in (SOUND, self.last):
            place = folder / self.source.name / str(day)
            place.mkdir(parents=True)
            (place / "a.dat").write_bytes(self.source.sound_file(mapping, day))
        for day, number in self.days.items():
            random = Random(f"{SEED}/{number}")
            lay(folder / self.source.name, day, mutated(self.source, mapping, day, random), random)
        if self.source.lookup:
            (folder / "places.csv").write_text(self.source.lookup, encoding="utf-8")
        return mapping


def batches(count: int, size: int) -> Iterator[Batch]:
    """All deliveries in batches, the sources in turn; only one delivery when one is asked for."""
    for first in range(0, count, size):
        source = SOURCES[first // size % len(SOURCES)]
        numbers = tuple(range(first, min(first + size, count)))
        if not ONLY:
            yield Batch(source, numbers, size)
        elif int(ONLY) in numbers:
            yield Batch(source, (int(ONLY),), size)


Check = Callable[[Batch, Path], Counter[str]]


def usable_days(landed: Landed) -> list[date]:
    return [day for day in sorted(landed.read) if day not in landed.problems]


def run_all(check: Check, count: int, size: int, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Check every batch; one that fails is repeated delivery by delivery, so that the failure names the smallest case.

    Every tenth batch is shown as progress, and every failure at once.
    """
    outcomes: Counter[str] = Counter()
    failures: list[str] = []
    began = time.monotonic()

    def show(line: str) -> None:
        with capsys.disabled():
            print(line, file=sys.stderr, flush=True)

    def tried(batch: Batch) -> str:
        place = folder / "batch"
        place.mkdir()
        before = time.process_time()
        try:
            counts = check(batch, place)
            assert (took := time.process_time() - before) <= LONGEST_SECONDS, f"it takes {took:.0f} seconds of a processor"
            outcomes.update(counts)
            return ""
        except Exception as error:
            frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(str(ROOT / "jobs"))]
            where = "".join(f" {Path(frame.filename).name}:{frame.lineno}" for frame in frames[-3:])
            return f"{type(error).__name__}:{where}: {str(error)[:1000]}"
        finally:
            shutil.rmtree(place)

    for batch in batches(count, size):
        if batch.numbers[0] % (10 * size) == 0 and batch.numbers[0]:
            show(f"{batch.numbers[0]:,} of {count:,} deliveries, {time.monotonic() - began:.0f} s, {len(failures)} failures")
        if not (failed := tried(batch)):
            continue
        alone = {number: tried(Batch(batch.source, (number,), size)) for number in batch.numbers} if len(batch.numbers) > 1 else {}
        named = {number: why for number, why in alone.items() if why} or {",".join(map(str, batch.numbers)): failed}
        for number, why in named.items():
            failures.append(f"source {batch.source.name}, seed {SEED}, delivery {number}: {why}")
            show(failures[-1])
    print(f"{count} deliveries, seed {SEED}: {dict(sorted(outcomes.items()))}")
    if failures:
        pytest.fail(f"{len(failures)} failures:\n" + "\n".join(failures), pytrace=False)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    """A profile with the mappings of all sources."""
    (tmp_path / "profile").mkdir()
    shutil.copy(ROOT / "config" / "cn" / "profile.toml", tmp_path / "profile")
    return load_profile(str(tmp_path / "profile"))


def test_reading_and_mapping_count_every_record_of_mutated_deliveries(
    profile: Profile, spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def check(batch: Batch, folder: Path) -> Counter[str]:
        mapping = batch.deliver(profile, folder)
        deliveries, lake = source_of(mapping, folder, batch.last, profile.reading), Lake(folder / "home", spark)
        for warning in deliveries.warnings():
            warning.encode()
        with Scratch(lake.home, "fuzz") as scratch:
            landed = deliveries.land(sorted(deliveries.facts({})), scratch.folder / "raw", lake, lambda _path: None)
            records = LandedRecords(lake, profile, mapping, folder, landed, scratch)
            try:
                rows = scratch.materialise(records.mapped(usable_days(landed)))
            except PySparkException:
                # As ingest does it: days of types that the mapping cannot be applied to are stopped.
                for day, why in records.unmapped_days(usable_days(landed)).items():
                    landed.give_up(mapping, day, why)
                rows = scratch.materialise(records.mapped(usable_days(landed)))
            is_read = f"{IN_SCOPE} AND {UNREADABLE_COLUMN} IS NULL"
            mapped = rows.groupBy(DELIVERED_ON).agg(
                F.count("*").alias("rows"),
                F.count_if(F.expr(is_read)).alias("sound"),
                F.count_if(F.expr(f"{is_read} AND {INTO_FILE} IS NULL")).alias("kept"),
            )
            found = {row[DELIVERED_ON]: row.asDict() for row in mapped.collect()}
        rejected = Counter(row["delivered_on"] for row in landed.rejected.to_pylist())
        unreadable = {row["delivered_on"] for row in landed.rejected.to_pylist() if row["source_row"] == 0}
        outcomes: Counter[str] = Counter()
        for day, read in landed.read.items():
            counts = found.get(day, {"rows": 0, "sound": 0, "kept": 0})
            assert read == counts["rows"] + rejected[day], f"{day}: {read} read, {counts}, {rejected[day]} rejected"
            files = list((folder / batch.source.name / str(day)).glob("*"))
            held = records_in(mapping, files[0].read_bytes()) if len(files) == 1 and day not in unreadable else None
            assert held in (None, read), f"{day}: {read} read of {held} records"
            if batch.is_sound(day):
                assert (read, counts["rows"], day in landed.problems) == (RECORDS, RECORDS, False), f"the sound day {day}"
                assert counts["sound"] >= RECORDS - 1, f"the sound day {day}: {counts}"
            else:
                is_whole = counts["sound"] == read
                outcomes["stopped" if day in landed.problems else "all sound" if is_whole else "some not sound"] += 1
        outcomes["left out"] = batch.left_out(landed.read)
        return outcomes

    run_all(check, READ, 50, tmp_path, capsys)


def test_ingest_gate_and_conform_take_in_the_sound_deliveries_beside_mutated_ones(
    profile: Profile, spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def check(batch: Batch, folder: Path) -> Counter[str]:
        mapping = batch.deliver(profile, folder)
        lake = Lake(folder / "home", spark)
        # The second half of the days arrives in a second run.
        for as_of in (FIRST + timedelta(days=batch.size // 2), batch.last):
            ingested = ingest_source(lake, profile, mapping, folder, as_of)
            found = gate_new_days(lake, profile, mapping, folder, as_of)
            conform_source(lake, profile, mapping, as_of)
            close_source(lake.home, mapping, folder, as_of)
            "\n".join(ingested.warnings).encode()
        outcomes: Counter[str] = Counter()
        for one in found:
            counts = one.counts
            assert counts.adds_up, f"{one.delivered_on}: {counts}"
            if batch.is_sound(one.delivered_on):
                assert (one.is_usable, counts.read) == (True, RECORDS), (
                    f"the sound day {one.delivered_on}: {one.stopped} {one.unusable}"
                )
                assert counts.quarantined + one.set_aside == 0, f"the sound day {one.delivered_on}: {counts}, {one.set_aside}"
            else:
                is_whole = one.is_usable and counts.quarantined + one.set_aside == 0
                outcomes["stopped" if not one.is_usable else "taken in whole" if is_whole else "some quarantined"] += 1
        outcomes["left out"] = batch.left_out(one.delivered_on for one in found)
        return outcomes

    run_all(check, TAKE_IN, 10, tmp_path, capsys)
