"""Take a source's new deliveries into bronze: read and map the records, find duplicates, write, count.

All days from the first new or changed one on are written again, so running a step twice repairs and never doubles rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import Column as SqlColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.contract import Column, Type
from expectations.contracts.lineage import DELIVERED_ON, IS_ABSENT, KNOWN_AT, SOURCE, SOURCE_FILE, SOURCE_ROW
from expectations.contracts.quarantine import COMBINED, INTO_FILE, STAGE, Stage, quarantine_of
from expectations.contracts.registry import BRONZE
from expectations.row_rules import is_sound_sql
from jobs.engine.lake import Lake
from jobs.engine.scratch import Scratch
from jobs.formats.raw_records import RAW
from jobs.foundation.code_version import code_version
from jobs.foundation.errors import CountMismatch
from jobs.foundation.files import read_toml
from jobs.foundation.paths import printable
from jobs.lake.batches import (
    Batch,
    BatchBook,
    Counts,
    DayRange,
    FileFacts,
    between,
    day_ranges,
    delivery_fingerprints,
    file_facts,
    single_days,
)
from jobs.lake.write_intents import WriteIntent
from jobs.profile.lookup_schema import Lookup
from jobs.profile.mapping import SourceMapping
from jobs.profile.profile import Profile
from jobs.sources.deliveries import find_lookup_files
from jobs.sources.file_source import source_of
from jobs.sources.landing import Landed
from jobs.sources.mapped_records import LandedRecords
from jobs.transforms.latest_known import instant_sql
from jobs.transforms.mapped import IN_SCOPE, UNREADABLE_COLUMN, conflicts_as_quarantine, unreadable_as_quarantine
from jobs.transforms.versions import IS_CONFLICT, IS_DUPLICATE, RECORD, absent_from, add_marks, find_marks, keep_latest_kept


@dataclass(frozen=True)
class Ingested:
    """The days that were taken in, every day known by then, and warnings for the operator."""

    taken_in: tuple[date, ...]
    known: tuple[Batch, ...]
    warnings: tuple[str, ...] = ()

    def totals(self) -> dict[str, int]:
        """The counts over the days that were taken in."""
        batches = [batch for batch in self.known if batch.delivered_on in set(self.taken_in)]
        counts = ("read", "kept", "combined", "duplicates", "quarantined", "out_of_scope")
        return {"days": len(batches), **{name: sum(getattr(batch.counts, name) for batch in batches) for name in counts}}


def ingest_source(
    lake: Lake,
    profile: Profile,
    mapping: SourceMapping,
    sources: Path,
    as_of: date,
    progress: Callable[[Path], None] = lambda _path: None,
) -> Ingested:
    """Write the deliveries made by ``as_of`` to bronze, as far as they are new or changed.

    Raises:
        CountMismatch: when a record read on a day has no outcome, or more than one.
    """
    book, intent = BatchBook(lake.home, mapping.name), WriteIntent(lake.home, mapping.name, "ingest")
    known, deliveries = book.until(as_of), source_of(mapping, sources, as_of, profile.reading)
    files = deliveries.facts({batch.delivered_on: batch for batch in known})
    lookups = {lookup.name: _lookup_files(lookup, sources) for lookup in mapping.lookups}
    rules = _rules(profile, mapping, lookups)
    first = min(filter(None, (_first_stale(known, files, rules), intent.first(as_of))), default=None)
    warnings = deliveries.warnings()
    if first is None:
        return Ingested((), tuple(known), tuple(warnings))

    pending = [day for day in sorted(files) if day >= first]
    before = [batch for batch in known if batch.delivered_on < first]
    with intent.writing(first, as_of):
        with Scratch(lake.home, f"ingest-{mapping.name}") as scratch:
            landed = deliveries.land(pending, scratch.folder / "raw", lake, progress)
            files = {day: [landed.files.get(facts.name, facts) for facts in found] for day, found in files.items()}
            writer = _BronzeWriter(lake, profile, mapping, sources, first, as_of, scratch)
            counts = writer.write(landed, build_on={batch.delivered_on for batch in before if batch.is_usable})
        unused = {batch.delivered_on for batch in before if not batch.is_usable} | set(landed.problems)
        # A lookup that changed meanwhile is what was read; earlier days, joined with what it was, are then stale.
        chains = delivery_fingerprints(files, _rules(profile, mapping, lookups | landed.lookups), unused)
        batches = [Batch(day, chains[day], files[day], counts[day], unusable=landed.problems.get(day, [])) for day in pending]
        _check_counts(mapping, batches)
        book.drop([batch.delivered_on for batch in known if batch.delivered_on >= first])
        book.put(batches)
        book.save()
    return Ingested(tuple(pending), tuple(book.until(as_of)), (*warnings, *landed.warnings, *_lost(known, batches, first)))


def _lost(known: Sequence[Batch], batches: Sequence[Batch], first: date) -> list[str]:
    """A warning for each delivery from ``first`` on that is gone, or holds fewer records than when it was last taken in."""
    now = {batch.delivered_on: batch.counts.read for batch in batches}
    lost = []
    for day, read in ((batch.delivered_on, batch.counts.read) for batch in known if batch.delivered_on >= first):
        if day not in now:
            lost.append(f"the delivery of {day} is gone; its {read} records are no longer used; if that is wrong, deliver it again")
        elif now[day] < read:
            lost.append(f"the delivery of {day} has {now[day]} records; it had {read}; ask its owner if that is right")
    return lost


def _lookup_files(lookup: Lookup, sources: Path) -> dict[str, FileFacts]:
    names = {path: printable(path.relative_to(sources)) for path in find_lookup_files(lookup, sources)}
    return {name: file_facts(path, name, None) for path, name in names.items()}


def _rules(profile: Profile, mapping: SourceMapping, lookups: Mapping[str, Mapping[str, FileFacts]]) -> str:
    """A hash of everything but the delivered files that decides what their records become."""
    settings = {**read_toml(mapping.path, "mapping"), "cut_off": None}  # a cut-off changes no record
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    digest.update(f"{mapping.contract.ddl()}\n{profile.settings_of('ingest')}\n{code_version('ingest')}\n".encode())
    for lookup in mapping.lookups:
        for name, facts in lookups[lookup.name].items():
            digest.update(f"{name}\0{facts.sha256}\n".encode())
    return digest.hexdigest()


def _first_stale(known: Sequence[Batch], files: Mapping[date, list[FileFacts]], rules: str) -> date | None:
    """The first day that is new, changed or gone; None when bronze is up to date."""
    taken_in = {batch.delivered_on: batch for batch in known}
    chains = delivery_fingerprints(files, rules, {day for day, batch in taken_in.items() if not batch.is_usable})
    stale = (day for day in {*chains, *taken_in} if day not in taken_in or chains.get(day) != taken_in[day].chain)
    return min(stale, default=None)


def _check_counts(mapping: SourceMapping, batches: list[Batch]) -> None:
    for batch in batches:
        counts = batch.counts
        if not counts.adds_up:
            raise CountMismatch(
                what=f"{counts.read} records were read, but {counts.kept} kept + {counts.combined} combined"
                f" + {counts.duplicates} duplicates + {counts.quarantined} quarantined + {counts.out_of_scope} out of scope"
                f" are {counts.accounted}",
                where=f"source {mapping.name}, delivery of {batch.delivered_on}",
                next_step="nothing of this day is used; run the same command again, and report it if the counts still differ",
            )


@dataclass(frozen=True)
class _BronzeWriter:
    """Writes the days of one source from ``first`` to ``as_of`` to bronze and quarantine."""

    lake: Lake
    profile: Profile
    mapping: SourceMapping
    sources: Path
    first: date
    as_of: date
    scratch: Scratch

    def write(self, landed: Landed, build_on: set[date]) -> dict[date, Counts]:
        """Replace the days in bronze, then in quarantine; return the counts of each day.

        Args:
            build_on: earlier days, whose versions the records are compared with.
        """
        usable = [day for day in sorted(landed.read) if day not in landed.problems]
        rounds = self._rounds({day: landed.read[day] for day in usable})
        records = LandedRecords(self.lake, self.profile, self.mapping, self.sources, landed, self.scratch)
        try:
            parts, every = self._read(records, usable, [days for ranges in rounds for days in ranges])
        except PySparkException as error:
            unmapped = records.unmapped_days(usable)
            if len(unmapped) in (0, len(usable)):
                raise records.failing_expression(usable, error) from error
            for day, why in unmapped.items():
                landed.give_up(self.mapping, day, why)
            return self.write(landed, build_on)
        duplicates: dict[date, int] = {}
        conflicts: list[DataFrame] = []
        for ranges in rounds:
            together = _valid(parts[ranges[0]] if len(ranges) == 1 else every)
            marks = self._marks(together, build_on)
            duplicates |= _by_day(marks.where(IS_DUPLICATE))
            if (found := marks.where(IS_CONFLICT).select(*RECORD)).head(1):
                conflicts.append(found)
            for begin, end in ranges:
                kept = self._kept(parts[begin, end], marks, _among(usable, begin, end), build_on)
                of_source = f"{SOURCE} = '{self.mapping.name}' AND {between(begin, end)}"
                self.lake.replace(kept, BRONZE[self.mapping.contract.name], of_source)
            build_on = build_on.union(*(_among(usable, *days) for days in ranges))
        in_scope = every.where(IN_SCOPE)
        quarantine = quarantine_of(self.mapping.name)
        # The rows that the gate quarantined earlier go too; it checks the new rows again.
        mapped_or_gated = f"{STAGE} <> '{Stage.READ.value}' AND {self._days()}"
        found = unreadable_as_quarantine(in_scope, RAW)
        if conflicts:
            contract = self.mapping.contract
            conflicting = in_scope.join(reduce(DataFrame.unionByName, conflicts), [str(column) for column in RECORD], "inner")
            found = found.unionByName(conflicts_as_quarantine(conflicting, contract.key, contract.columns, RAW))
        self.lake.replace(found, quarantine, mapped_or_gated)
        self._write_combined(every)
        self.lake.replace_arrow(landed.rejected, quarantine, f"{STAGE} = '{Stage.READ.value}' AND {self._days()}")
        return self._counts(landed, duplicates, _by_day(every.where(f"NOT {IN_SCOPE}")))

    def _write_combined(self, every: DataFrame) -> None:
        """Note which records went into which; only for a source that has such records, or had."""
        is_there = any(part[SOURCE] == self.mapping.name for part in self.lake.partitions(COMBINED))
        if self.mapping.combines or is_there:
            into = every.where(F.col(INTO_FILE).isNotNull()).select(*map(str, COMBINED.columns))
            self.lake.replace(into, COMBINED, f"{SOURCE} = '{self.mapping.name}' AND {self._days()}")

    def _rounds(self, read: Mapping[date, int]) -> list[list[DayRange]]:
        """What is compared at once, in ranges of days that are written at once; together they cover all days from ``first`` on.

        All days are compared at once, except snapshots that report absence: each is compared with the one before. Days that are
        gone or unusable now are in a range too, so that their rows are deleted.
        """
        if self.mapping.notices_absence:
            return [[days] for days in single_days(sorted(read), self.first, self.as_of)]
        return [day_ranges(read, self.first, self.as_of)]

    def _read(
        self, records: LandedRecords, usable: Sequence[date], ranges: Sequence[DayRange]
    ) -> tuple[dict[DayRange, DataFrame], DataFrame]:
        """The landed records of each range of days, and of all of them, mapped once."""
        parts, every = self.scratch.materialise_parts([records.mapped(_among(usable, *days)) for days in ranges])
        return dict(zip(ranges, parts, strict=True)), every

    def _earlier(self, build_on: Iterable[date]) -> DataFrame:
        bronze = self.lake.read(BRONZE[self.mapping.contract.name])
        days = sorted(build_on)
        return bronze.where(F.col(SOURCE) == self.mapping.name).where(F.col(DELIVERED_ON).isin(days) if days else F.lit(False))

    def _marks(self, rows: DataFrame, build_on: Iterable[date]) -> DataFrame:
        contract, key, materialise = self.mapping.contract, self.mapping.contract.key, self.scratch.materialise
        earlier, elsewhere = self._earlier(build_on), self._elsewhere()
        if build_on:
            earlier = earlier.where(_has_dates_of(rows, key))
        # A row that breaks a critical rule is quarantined by the gate; it must not take the sound row of its key along.
        comparable = None if self.mapping.same_key == "versions" else is_sound_sql(contract)
        return materialise(find_marks(rows, earlier, elsewhere, key, materialise, comparable))

    def _elsewhere(self) -> DataFrame | None:
        """The rows of bronze from other sources and from deliveries after the day; None when there are none."""
        table = BRONZE[self.mapping.contract.name]
        parts = self.lake.partitions(table)
        if not any(part[SOURCE] != self.mapping.name or part[DELIVERED_ON] > self.as_of.isoformat() for part in parts):
            return None
        return self.lake.read(table).where(f"{SOURCE} <> '{self.mapping.name}' OR {DELIVERED_ON} > '{self.as_of}'")

    def _kept(self, rows: DataFrame, marks: DataFrame, days: Sequence[date], build_on: Iterable[date]) -> DataFrame:
        columns = [str(column) for column in BRONZE[self.mapping.contract.name].columns]
        kept = add_marks(_valid(rows), marks).where(f"NOT {IS_DUPLICATE} AND NOT {IS_CONFLICT}").select(*columns)
        if not (self.mapping.notices_absence and days):
            return kept
        (day,) = days
        latest = keep_latest_kept(self._earlier(build_on), self.mapping.contract.key)
        # The record of a key that is in scope and unreadable is unknown, not absent.
        gone = absent_from(rows.where(IN_SCOPE), latest, self.mapping.contract.key)
        lineage = {
            SOURCE_FILE: F.lit(f"not in the snapshot of {day}"),
            SOURCE_ROW: F.lit(0).cast("bigint"),
            DELIVERED_ON: F.lit(day),
            KNOWN_AT: F.expr(instant_sql(self.profile.start_of(day))),
        }
        return kept.unionByName(gone.withColumns({str(name): value for name, value in lineage.items()}).select(*columns))

    def _counts(self, landed: Landed, duplicates: dict[date, int], out_of_scope: dict[date, int]) -> dict[date, Counts]:
        """Counts of the tables that the records were written to, so that a loss shows."""
        bronze = self.lake.read(BRONZE[self.mapping.contract.name]).where(F.col(SOURCE) == self.mapping.name)
        here = bronze.where(self._days())
        kept, absent = _by_day(here.where(f"NOT {IS_ABSENT}")), _by_day(here.where(f"{IS_ABSENT}"))
        quarantine = self.lake.read(quarantine_of(self.mapping.name)).where(self._days())
        quarantined = _by_day(quarantine.where(f"{STAGE} <> '{Stage.GATE.value}'"))
        combined = _by_day(self.lake.read(COMBINED).where(F.col(SOURCE) == self.mapping.name)) if self.mapping.combines else {}
        return {
            day: Counts(
                read=landed.read[day],
                kept=kept.get(day, 0),
                combined=combined.get(day, 0),
                duplicates=duplicates.get(day, 0),
                quarantined=quarantined.get(day, 0),
                out_of_scope=out_of_scope.get(day, 0),
                absent=absent.get(day, 0),
            )
            for day in landed.read
        }

    def _days(self) -> str:
        return between(self.first, self.as_of)


def _has_dates_of(rows: DataFrame, key: Sequence[Column]) -> SqlColumn:
    """Whether the dates of a row's key are between the first and the last of ``rows``: true wherever keys are equal.

    Files record the first and last value of their columns, so most need not be read: today's records are mostly of late months.
    """
    dates = [str(column) for column in key if column.type is Type.DATE]
    ends = [rows.agg(F.min(name), F.max(name)).collect()[0] for name in dates]
    within = [F.col(name).between(F.lit(first), F.lit(last)) for name, (first, last) in zip(dates, ends, strict=True)]
    return reduce(SqlColumn.__and__, within, F.lit(True))


def _among(days: Sequence[date], begin: date, end: date) -> list[date]:
    return [day for day in days if begin <= day <= end]


def _valid(rows: DataFrame) -> DataFrame:
    """The records in the mapping's scope that could be read in every column and did not go into another record."""
    return rows.where(IN_SCOPE).where(F.col(UNREADABLE_COLUMN).isNull() & F.col(INTO_FILE).isNull())


def _by_day(rows: DataFrame) -> dict[date, int]:
    return {row[0]: row[1] for row in rows.groupBy(DELIVERED_ON).count().collect()}
