"""The writing half of ingest: landed records become bronze and quarantine rows, and are counted where they arrived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial, reduce
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import Column as SqlColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.contract import Column, Type
from expectations.contracts.lineage import DELIVERED_ON, IS_ABSENT, KNOWN_AT, SOURCE, SOURCE_FILE, SOURCE_ROW
from expectations.contracts.quarantine import STAGE, Stage, quarantine_of
from expectations.contracts.silver import BRONZE
from jobs.engine.lake import Lake
from jobs.engine.scratch import Scratch
from jobs.lake.batches import Counts
from jobs.lake.delivery_days import DayRange, between, day_ranges, single_days
from jobs.profile.mapping import SourceMapping
from jobs.profile.profile import Profile
from jobs.sources.landed_records import read_landed
from jobs.sources.landing import Landed
from jobs.sources.raw_records import RAW
from jobs.sources.unmappable import unmappable
from jobs.transforms.latest_known import instant_sql
from jobs.transforms.mapped import IN_SCOPE, UNREADABLE_COLUMN, unreadable_as_quarantine
from jobs.transforms.versions import IS_DUPLICATE, absent_from, add_marks, find_marks, keep_latest_kept


@dataclass(frozen=True)
class Intake:
    """One source's days from ``first`` to ``as_of``, about to be written."""

    lake: Lake
    profile: Profile
    mapping: SourceMapping
    sources: Path
    first: date
    as_of: date
    scratch: Scratch

    def commit(self, landed: Landed, build_on: set[date]) -> dict[date, Counts]:
        """Replace the days in bronze, then in quarantine; give the counts of each day.

        Args:
            landed: what was read.
            build_on: earlier days with whose versions the records are compared.
        """
        usable = [day for day in sorted(landed.read) if day not in landed.problems]
        steps = self._steps({day: landed.read[day] for day in usable})
        parts, every = self._read(landed, usable, [days for step in steps for days in step])
        duplicates: dict[date, int] = {}
        for step in steps:
            together = _sound(parts[step[0]] if len(step) == 1 else every)
            marks = self._marks(together, build_on)
            duplicates |= _by_day(marks.where(IS_DUPLICATE))
            for begin, end in step:
                kept = self._kept(_sound(parts[begin, end]), marks, _among(usable, begin, end), build_on)
                of_source = f"{SOURCE} = '{self.mapping.name}' AND {between(begin, end)}"
                self.lake.replace(kept, BRONZE[self.mapping.contract.name], of_source)
            build_on = build_on.union(*(_among(usable, *days) for days in step))
        records = every.where(IN_SCOPE)
        quarantine = quarantine_of(self.mapping.name)
        # What the gate set aside of the rows that were there before goes too; it judges these anew.
        mapped_or_judged = f"{STAGE} <> '{Stage.READ.value}' AND {self._days()}"
        self.lake.replace(unreadable_as_quarantine(records, RAW), quarantine, mapped_or_judged)
        self.lake.replace_arrow(landed.rejected, quarantine, f"{STAGE} = '{Stage.READ.value}' AND {self._days()}")
        return self._counts(landed, duplicates, _by_day(every.where(f"NOT {IN_SCOPE}")))

    def _steps(self, read: Mapping[date, int]) -> list[list[DayRange]]:
        """What is compared at once, in ranges of days that are written at once; together they are all days from ``first`` on.

        All days are compared at once, but snapshots that notice absence one by one, each held against the last. Days that are now
        gone or unusable are in a range too, so that what was there of them is cleared.
        """
        if self.mapping.notices_absence:
            return [[days] for days in single_days(sorted(read), self.first, self.as_of)]
        return [day_ranges(read, self.first, self.as_of)]

    def _read(
        self, landed: Landed, usable: Sequence[date], ranges: Sequence[DayRange]
    ) -> tuple[dict[DayRange, DataFrame], DataFrame]:
        """The landed records of each range of days, and of all of them, mapped once."""
        of_days = partial(read_landed, self.lake, self.profile, self.mapping, self.sources, landed, scratch=self.scratch)
        try:
            parts, every = self.scratch.materialise_parts([of_days(_among(usable, *days)) for days in ranges])
        except PySparkException as error:
            given = (self.lake, self.profile, self.mapping, self.sources, landed, usable, self.scratch)
            raise unmappable(*given, error) from error
        return dict(zip(ranges, parts, strict=True)), every

    def _earlier(self, build_on: Iterable[date]) -> DataFrame:
        bronze = self.lake.read(BRONZE[self.mapping.contract.name])
        days = sorted(build_on)
        return bronze.where(F.col(SOURCE) == self.mapping.name).where(F.col(DELIVERED_ON).isin(days) if days else F.lit(False))

    def _marks(self, rows: DataFrame, build_on: Iterable[date]) -> DataFrame:
        key, materialise = self.mapping.contract.key, self.scratch.materialise
        earlier, elsewhere = self._earlier(build_on), self._elsewhere()
        if build_on:
            earlier = earlier.where(_dates_within(rows, key))
        return materialise(find_marks(rows, earlier, elsewhere, key, materialise))

    def _elsewhere(self) -> DataFrame | None:
        """What stays in bronze of other sources and of deliveries after the day; None when there is none of it."""
        table = BRONZE[self.mapping.contract.name]
        stays = f"{SOURCE} <> '{self.mapping.name}' OR {DELIVERED_ON} > '{self.as_of}'"
        parts = self.lake.partitions(table)
        if not any(part[SOURCE] != self.mapping.name or part[DELIVERED_ON] > self.as_of.isoformat() for part in parts):
            return None
        return self.lake.read(table).where(stays)

    def _kept(self, rows: DataFrame, marks: DataFrame, days: Sequence[date], build_on: Iterable[date]) -> DataFrame:
        columns = [str(column) for column in BRONZE[self.mapping.contract.name].columns]
        kept = add_marks(rows, marks).where(f"NOT {IS_DUPLICATE}").select(*columns)
        if not (self.mapping.notices_absence and days):
            return kept
        (day,) = days
        latest = keep_latest_kept(self._earlier(build_on), self.mapping.contract.key)
        gone = absent_from(rows, latest, self.mapping.contract.key)
        lineage = {
            SOURCE_FILE: F.lit(f"not in the snapshot of {day}"),
            SOURCE_ROW: F.lit(0).cast("bigint"),
            DELIVERED_ON: F.lit(day),
            KNOWN_AT: F.expr(instant_sql(self.profile.start_of(day))),
        }
        return kept.unionByName(gone.withColumns({str(name): value for name, value in lineage.items()}).select(*columns))

    def _counts(self, landed: Landed, duplicates: dict[date, int], out_of_scope: dict[date, int]) -> dict[date, Counts]:
        """Counts taken where the records arrived, not where they were sent from, so that a loss shows."""
        bronze = self.lake.read(BRONZE[self.mapping.contract.name]).where(F.col(SOURCE) == self.mapping.name)
        here = bronze.where(self._days())
        kept, absent = _by_day(here.where(f"NOT {IS_ABSENT}")), _by_day(here.where(f"{IS_ABSENT}"))
        quarantine = self.lake.read(quarantine_of(self.mapping.name)).where(self._days())
        turned_away = _by_day(quarantine.where(f"{STAGE} <> '{Stage.GATE.value}'"))
        return {
            day: Counts(
                read=landed.read[day] - out_of_scope.get(day, 0),
                kept=kept.get(day, 0),
                duplicates=duplicates.get(day, 0),
                quarantined=turned_away.get(day, 0),
                out_of_scope=out_of_scope.get(day, 0),
                absent=absent.get(day, 0),
            )
            for day in landed.read
        }

    def _days(self) -> str:
        return between(self.first, self.as_of)


def _dates_within(rows: DataFrame, key: Sequence[Column]) -> SqlColumn:
    """That the dates of a row's key are between the first and the last of those of ``rows``, as they are where keys are equal.

    Files tell the first and last value of their columns, so most need not be read: what comes today is mostly of late months.
    """
    dates = [str(column) for column in key if column.type is Type.DATE]
    ends = [rows.agg(F.min(name), F.max(name)).collect()[0] for name in dates]
    between = [F.col(name).between(F.lit(first), F.lit(last)) for name, (first, last) in zip(dates, ends, strict=True)]
    return reduce(SqlColumn.__and__, between, F.lit(True))


def _among(days: Sequence[date], begin: date, end: date) -> list[date]:
    return [day for day in days if begin <= day <= end]


def _sound(rows: DataFrame) -> DataFrame:
    """The records that are of the source, and of which every column could be read."""
    return rows.where(IN_SCOPE).where(F.col(UNREADABLE_COLUMN).isNull())


def _by_day(rows: DataFrame) -> dict[date, int]:
    return {row[0]: row[1] for row in rows.groupBy(DELIVERED_ON).count().collect()}
