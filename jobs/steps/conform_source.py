"""Bring a source's sound rows from bronze to silver, from the first day whose verdict or rows changed."""

from __future__ import annotations

from datetime import date

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
    """Replace the days that are new, changed or no longer usable; give how many delivery days were written.

    A day that the gate has not judged yet stays out of silver.
    """
    book = BatchBook(lake.home, mapping.name)
    batches = book.until(as_of)
    stale = [batch.delivered_on for batch in batches if batch.conformed != _wanted(batch, profile)]
    gone = _days_no_longer_delivered(lake, mapping, batches, as_of)
    unfinished = WriteIntent(lake.home, mapping.name, "conform")
    first = min(filter(None, [*stale, *gone, unfinished.first(as_of)]), default=None)
    if first is None:
        return 0

    days = [batch.delivered_on for batch in batches if batch.delivered_on >= first and batch.is_usable and batch.gated]
    bronze = lake.read(BRONZE[mapping.contract.name])
    rows = bronze.where(F.col(SOURCE) == mapping.name).where(F.col(DELIVERED_ON).isin(days) if days else F.lit(False))
    silver = conform(
        sound_rows(rows, mapping.contract),
        mapping.contract,
        industries=hierarchy(profile.industry_scheme),
        regions=hierarchy(profile.region_scheme),
        id_scheme=profile.id_scheme,
    )
    contract = SILVER[mapping.contract.name]
    of_source = f"{SOURCE} = '{mapping.name}'"
    kept = {batch.delivered_on: batch.counts.kept for batch in batches if batch.delivered_on in days}
    before = lake.version_before(contract, of_source, unfinished.version_before)
    with unfinished.writing(first, as_of, version_before=before), lake.put_back_on_failure(contract, before):
        for begin, end in day_ranges(kept, first, as_of):
            lake.replace(silver.where(between(begin, end)), contract, f"{of_source} AND {between(begin, end)}")
        written = lake.read(contract).where(f"{of_source} AND {between(first, as_of)}").groupBy(DELIVERED_ON)
        facts = (
            F.min(KNOWN_AT).cast("string").alias("known_from"),
            F.max(KNOWN_AT).cast("string").alias("known_until"),
            F.count_if(~F.col(IS_ABSENT)).alias("rows"),
        )
        found = {row[DELIVERED_ON]: row.asDict() for row in written.agg(*facts).collect()}
        for batch in batches:
            if batch.delivered_on >= first:
                there = found.get(batch.delivered_on, {"known_from": "", "known_until": "", "rows": 0})
                if batch.delivered_on in days:
                    _check_counts(mapping, batch, there["rows"])
                batch.conformed = _wanted(batch, profile)
                batch.known_from, batch.known_until = there["known_from"], there["known_until"]
        book.save()
    return len(days)


def _check_counts(mapping: SourceMapping, batch: Batch, arrived: int) -> None:
    if arrived != batch.counts.kept - batch.set_aside:
        raise CountMismatch(
            what=f"{batch.counts.kept} rows were kept and {batch.set_aside} set aside by the gate, but {arrived} arrived in silver",
            where=f"source {mapping.name}, delivery of {batch.delivered_on}",
            next_step="silver was put back to what it held; give the same command again, and report it if the counts still differ",
        )


def hierarchy(scheme: str) -> Hierarchy | None:
    """The hierarchy of a scheme; None for a scheme that is a flat list of codes (an empty name)."""
    return load(scheme) if scheme else None


def _wanted(batch: Batch, profile: Profile) -> str:
    """What a day's silver rows rest on: its verdict, the codes they are put into, and the code that does it."""
    schemes = f"{profile.id_scheme},{profile.industry_scheme},{profile.region_scheme}"
    return f"{batch.verdict}:{schemes}:{code_version('conform')}"


def _days_no_longer_delivered(lake: Lake, mapping: SourceMapping, batches: list[Batch], as_of: date) -> list[date]:
    parts = lake.partitions(SILVER[mapping.contract.name])
    there = {date.fromisoformat(part[DELIVERED_ON]) for part in parts if part[SOURCE] == mapping.name}
    return sorted(day for day in there - {batch.delivered_on for batch in batches} if day <= as_of)
