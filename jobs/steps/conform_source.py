"""Write a source's valid rows from bronze to silver, from the first day whose verdict or rows changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.lineage import DELIVERED_ON, IS_ABSENT, KNOWN_AT, SOURCE
from expectations.contracts.registry import BRONZE, SILVER
from expectations.row_rules import sound_rows
from expectations.standards.hierarchies import Hierarchy, load
from jobs.engine.lake import Lake
from jobs.foundation.code_version import code_version
from jobs.foundation.errors import CountMismatch
from jobs.lake.batches import Batch, BatchBook, between, day_ranges
from jobs.lake.write_intents import WriteIntent
from jobs.profile.mapping import SourceMapping
from jobs.profile.profile import Profile
from jobs.transforms.conform import conform


def conform_source(lake: Lake, profile: Profile, mapping: SourceMapping, as_of: date) -> int:
    """Replace the days that are new, changed or no longer usable; return how many delivery days were written.

    A day that the gate has not checked yet stays out of silver.

    Raises:
        CountMismatch: when silver does not have the rows that ingest and gate counted.
    """
    return _Conform(lake, profile, mapping, as_of).run()


@dataclass(frozen=True)
class _Conform:
    """The deliveries of one source up to a day."""

    lake: Lake
    profile: Profile
    mapping: SourceMapping
    as_of: date

    def run(self) -> int:
        lake, mapping, as_of = self.lake, self.mapping, self.as_of
        book, intent = BatchBook(lake.home, mapping.name), WriteIntent(lake.home, mapping.name, "conform")
        batches = book.until(as_of)
        stale = [batch.delivered_on for batch in batches if batch.conformed != self.inputs(batch)]
        first = min(filter(None, [*stale, *self.days_no_longer_delivered(batches), intent.first(as_of)]), default=None)
        if first is None:
            return 0

        rows = {
            batch.delivered_on: batch.counts.kept
            for batch in batches
            if batch.delivered_on >= first and batch.is_usable and batch.gated
        }
        silver, table, of_source = self.conformed(list(rows)), SILVER[mapping.contract.name], f"{SOURCE} = '{mapping.name}'"
        before = lake.version_before(table, of_source, intent.version_before)
        with intent.writing(first, as_of, version_before=before), lake.put_back_on_failure(table, before):
            for begin, end in day_ranges(rows, first, as_of):
                lake.replace(silver.where(between(begin, end)), table, f"{of_source} AND {between(begin, end)}")
            self.record([batch for batch in batches if batch.delivered_on >= first], first, set(rows))
            book.save()
        return len(rows)

    def conformed(self, days: list[date]) -> DataFrame:
        """The rows of silver of some days."""
        contract = self.mapping.contract
        bronze = self.lake.read(BRONZE[contract.name]).where(F.col(SOURCE) == self.mapping.name)
        return conform(
            sound_rows(bronze.where(F.col(DELIVERED_ON).isin(days) if days else F.lit(False)), contract),
            contract,
            industries=_hierarchy(self.profile.industry_scheme),
            regions=_hierarchy(self.profile.region_scheme),
            id_scheme=self.profile.id_scheme,
        )

    def record(self, batches: list[Batch], first: date, days: set[date]) -> None:
        """Count the rows in silver of each batch from ``first`` on, and write the inputs of those rows to the batch."""
        where = f"{SOURCE} = '{self.mapping.name}' AND {between(first, self.as_of)}"
        facts = (
            F.min(KNOWN_AT).cast("string").alias("known_from"),
            F.max(KNOWN_AT).cast("string").alias("known_until"),
            F.count_if(~F.col(IS_ABSENT)).alias("rows"),
        )
        written = self.lake.read(SILVER[self.mapping.contract.name]).where(where).groupBy(DELIVERED_ON).agg(*facts)
        found = {row[DELIVERED_ON]: row.asDict() for row in written.collect()}
        for batch in batches:
            in_silver = found.get(batch.delivered_on, {"known_from": "", "known_until": "", "rows": 0})
            if batch.delivered_on in days:
                _check_counts(self.mapping, batch, in_silver["rows"])
            batch.conformed = self.inputs(batch)
            batch.known_from, batch.known_until = in_silver["known_from"], in_silver["known_until"]

    def inputs(self, batch: Batch) -> str:
        """The inputs of a day's silver rows: its verdict, the code lists of the profile, and the code of this step."""
        return f"{batch.verdict}:{self.profile.settings_of('conform')}:{code_version('conform')}"

    def days_no_longer_delivered(self, batches: list[Batch]) -> list[date]:
        """Days up to this one with rows in silver and no batch."""
        parts = self.lake.partitions(SILVER[self.mapping.contract.name])
        in_silver = {date.fromisoformat(part[DELIVERED_ON]) for part in parts if part[SOURCE] == self.mapping.name}
        return sorted(day for day in in_silver - {batch.delivered_on for batch in batches} if day <= self.as_of)


def _check_counts(mapping: SourceMapping, batch: Batch, rows: int) -> None:
    if rows != batch.counts.kept - batch.set_aside:
        raise CountMismatch(
            what=f"ingest kept {batch.counts.kept} rows and the gate quarantined {batch.set_aside}, but silver has {rows}",
            where=f"source {mapping.name}, delivery of {batch.delivered_on}",
            next_step="silver was put back as it was; run the same command again, and report it if the counts still differ",
        )


def _hierarchy(scheme: str) -> Hierarchy | None:
    """The hierarchy of a scheme; None for a scheme that is a flat list of codes (an empty name)."""
    return load(scheme) if scheme else None
