"""Check a source's new delivery days: quarantine bad rows, and stop the days that must not be used."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts import silver
from expectations.contracts.lineage import DELIVERED_ON, ENTITY_ID, SOURCE
from expectations.contracts.quarantine import RULE_ID, STAGE, Stage, quarantine_of
from expectations.contracts.registry import BRONZE
from expectations.gate import CheckResult, gate_source
from jobs.engine.lake import Lake
from jobs.engine.scratch import Scratch
from jobs.foundation.code_version import code_version
from jobs.lake.batches import Batch, BatchBook, between
from jobs.lake.data_docs import write_data_docs
from jobs.lake.maintenance.quarantined import causes, records_of
from jobs.lake.tables import arrow_schema
from jobs.lake.write_intents import WriteIntent
from jobs.profile.mapping import SourceMapping
from jobs.profile.profile import Profile
from jobs.steps.ingest_source import ingest_source
from jobs.transforms.batch_metrics import FOUND, LABELLED, READ_COLUMNS, count_days, day_facts
from jobs.transforms.latest_known import keep_known

STEP = "gate"
WRONG_ENCODING = "wrong_encoding"
FEW = 200_000
"""Up to this many rows, only their own entities are read from the register; above it, the whole register."""


def gate_new_days(lake: Lake, profile: Profile, mapping: SourceMapping, sources: Path, as_of: date) -> list[Batch]:
    """Check every day that has no verdict under the current rules; return the batches delivered by ``as_of``.

    Later days must not build on a stopped day, and must build on one that is no longer stopped. Such days are ingested and checked
    again.
    """
    return _Gate(lake, profile, mapping, sources, as_of).run()


@dataclass(frozen=True)
class _Gate:
    """The deliveries of one source up to a day."""

    lake: Lake
    profile: Profile
    mapping: SourceMapping
    sources: Path
    as_of: date

    def run(self) -> list[Batch]:
        intent = WriteIntent(self.lake.home, self.mapping.name, STEP)
        while (first := self.first_unchecked(intent)) is not None:
            with intent.writing(first, self.as_of):
                checked = self.check(first)
                if first < checked[-1].delivered_on:
                    ingest_source(self.lake, self.profile, self.mapping, self.sources, self.as_of)
        if (begun := intent.first(self.as_of)) is not None:
            # The step died at a delivery that has been withdrawn: no day is left to check, and none of its rows are quarantined.
            with intent.writing(begun, self.as_of):
                table = quarantine_of(self.mapping.name)
                if self.lake.exists(table):
                    self.lake.replace_arrow(arrow_schema(table).empty_table(), table, self.in_quarantine(begun))
        return self.book().until(self.as_of)

    def book(self) -> BatchBook:
        return BatchBook(self.lake.home, self.mapping.name)

    def first_unchecked(self, intent: WriteIntent) -> date | None:
        unfinished = intent.first(self.as_of) or date.max
        batches = self.book().until(self.as_of)
        return min(
            (day.delivered_on for day in batches if day.delivered_on >= unfinished or day.gated != self.rules(day)), default=None
        )

    def rules(self, batch: Batch) -> str:
        """A hash of what a verdict depends on: the delivery, the contract's rules, the source's limits and this step's code."""
        contract, limits = self.mapping.contract, sorted(self.mapping.limits.items())
        rules = f"{batch.chain}\n{contract.row_rules}\n{contract.batch_rules}\n{limits}\n{code_version('gate')}"
        return hashlib.sha256(rules.encode()).hexdigest()

    def check(self, first: date) -> list[Batch]:
        """Check the days from ``first`` on; return them, oldest first."""
        lake, mapping, book = self.lake, self.mapping, self.book()
        batches = book.until(self.as_of)
        checked = [batch for batch in batches if batch.delivered_on >= first]
        bronze = lake.read(BRONZE[mapping.contract.name]).where(F.col(SOURCE) == mapping.name)
        quarantine, in_quarantine = quarantine_of(mapping.name), self.in_quarantine(first)
        with Scratch(lake.home, f"gate-{mapping.name}") as scratch:
            rows = scratch.materialise(bronze.where(between(first, self.as_of)))
            registered = self.registered()
            if registered is not None and sum(batch.counts.kept for batch in checked) <= FEW:
                registered = rows.select(ENTITY_ID).distinct().join(registered, str(ENTITY_ID), "inner")
            counts = count_days(rows, mapping.contract, registered).toPandas()
            reads, are_snapshots = self.reads(batches, first), mapping.delivery == "snapshot"
            facts = day_facts(counts, reads, mapping.every_days, are_snapshots=are_snapshots)
            facts = facts[facts[DELIVERED_ON].isin([batch.delivered_on for batch in checked])].reset_index(drop=True)
            outcome = gate_source(rows, facts, mapping.contract, mapping.limits)
            lake.replace(outcome.quarantined, quarantine, in_quarantine)
            set_aside = self._count_by_day(in_quarantine)
            write_data_docs(lake.home, mapping.name, self.as_of, (first, checked[-1].delivered_on), outcome.gx)
            labels = {row[DELIVERED_ON]: (int(row[LABELLED]), int(row[FOUND])) for row in counts.to_dict("records")}
            for batch in checked:
                batch.stopped = list(outcome.stopped_days.get(batch.delivered_on, ()))
                if batch.stopped:
                    batch.stopped += [cause.sentence for cause in causes(lake, mapping.name, records_of(batch.delivered_on))[:1]]
                batch.set_aside = set_aside.get(batch.delivered_on, 0)
                batch.labelled, batch.found = labels.get(batch.delivered_on, (0, 0))
                batch.checks = _checks_of(batch, outcome.checks, is_newest=batch is checked[-1])
                batch.gated = self.rules(batch)
            book.save()
        return checked

    def reads(self, batches: list[Batch], first: date) -> pd.DataFrame:
        """What is known of each batch besides its rows, for :func:`jobs.transforms.batch_metrics.day_facts`."""
        conflicts = self._count_by_day(f"{STAGE} = '{Stage.COMPARE.value}' AND {between(first, self.as_of)}")
        undecodable = self._count_by_day(f"{RULE_ID} = '{WRONG_ENCODING}' AND {between(first, self.as_of)}")
        rows = []
        for batch in batches:
            counts, day = batch.counts, batch.delivered_on
            known = (
                counts.out_of_scope,
                counts.absent,
                undecodable.get(day, 0),
                batch.labelled,
                batch.found,
                conflicts.get(day, 0),
            )
            rows.append((day, counts.read, counts.quarantined, *known))
        return pd.DataFrame(rows, columns=list(READ_COLUMNS))

    def _count_by_day(self, which: str) -> dict[date, int]:
        """The quarantined rows of each day that SQL selects."""
        rows = self.lake.read(quarantine_of(self.mapping.name)).where(which)
        return {row[0]: row[1] for row in rows.groupBy(DELIVERED_ON).count().collect()}

    def registered(self) -> DataFrame | None:
        """The entities registered by the end of the day; None when the lake has no register yet."""
        if not self.lake.exists(silver.ENTITY):
            return None
        versions = self.lake.read(silver.ENTITY)
        return versions.transform(keep_known, cutoff=self.profile.end_of(self.as_of), as_of=self.as_of).select(ENTITY_ID)

    def in_quarantine(self, first: date) -> str:
        """SQL that selects the rows that this step quarantined of the days from ``first`` on."""
        return f"{STAGE} = '{Stage.GATE.value}' AND {between(first, self.as_of)}"


def _checks_of(batch: Batch, checks: tuple[CheckResult, ...], *, is_newest: bool) -> list[dict[str, object]]:
    """A day's own checks; the newest day also has the checks over all rows that were checked together."""
    return [
        check.plain() for check in checks if check.delivered_on == batch.delivered_on or (check.delivered_on is None and is_newest)
    ]
