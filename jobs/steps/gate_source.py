"""Judge a source's new delivery days: set bad rows aside, and stop the days that must not be used."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts import silver
from expectations.contracts.lineage import DELIVERED_ON, ENTITY_ID, SOURCE
from expectations.contracts.quarantine import STAGE, Stage, quarantine_of
from expectations.contracts.registry import BRONZE
from expectations.gate import CheckResult, gate_source
from jobs.engine.lake import Lake
from jobs.engine.scratch import Scratch
from jobs.foundation.code_version import code_version
from jobs.foundation.files import write_json
from jobs.lake.batches import Batch, BatchBook, between
from jobs.lake.tables import arrow_schema
from jobs.lake.write_intents import WriteIntent
from jobs.profile.mapping import SourceMapping
from jobs.profile.profile import Profile
from jobs.steps.ingest_source import ingest_source
from jobs.transforms.batch_metrics import READ_COLUMNS, count_days, day_facts
from jobs.transforms.latest_known import keep_known

STEP = "gate"
FEW = 200_000
"""Of so many rows the entities are looked up in the register one by one; for more, all that it has are brought together."""


def gate_new_days(lake: Lake, profile: Profile, mapping: SourceMapping, sources: Path, as_of: date) -> list[Batch]:
    """Judge every day that has no verdict under today's rules; give the batches known by ``as_of``.

    A day that is stopped must not be built on by the days after it, and one whose stop is lifted must: those are taken in and
    judged again.
    """
    unfinished = WriteIntent(lake.home, mapping.name, STEP)
    while (first := _first_unjudged(lake, mapping, as_of)) is not None:
        with unfinished.writing(first, as_of):
            judged = _judge(lake, profile, mapping, first, as_of)
            if first < judged[-1].delivered_on:
                ingest_source(lake, profile, mapping, sources, as_of)
    if (begun := unfinished.first(as_of)) is not None:
        # The delivery that a step died at was withdrawn: nothing is left to be judged, nor what was set aside of it.
        with unfinished.writing(begun, as_of):
            _set_nothing_aside(lake, mapping, begun, as_of)
    return BatchBook(lake.home, mapping.name).until(as_of)


def _set_nothing_aside(lake: Lake, mapping: SourceMapping, first: date, as_of: date) -> None:
    table = quarantine_of(mapping.name)
    if lake.exists(table):
        lake.replace_arrow(arrow_schema(table).empty_table(), table, f"{STAGE} = '{Stage.GATE.value}' AND {between(first, as_of)}")


def _first_unjudged(lake: Lake, mapping: SourceMapping, as_of: date) -> date | None:
    batches = BatchBook(lake.home, mapping.name).until(as_of)
    unfinished = WriteIntent(lake.home, mapping.name, STEP).first(as_of) or date.max
    unjudged = (day.delivered_on for day in batches if day.delivered_on >= unfinished or day.gated != _judged_by(day, mapping))
    return min(unjudged, default=None)


def _judged_by(batch: Batch, mapping: SourceMapping) -> str:
    """What a verdict rests on: the day's chain, the contract's rules, the source's limits and the gate's code."""
    contract = mapping.contract
    rules = f"{batch.chain}\n{contract.row_rules}\n{contract.batch_rules}\n{sorted(mapping.limits.items())}\n{code_version('gate')}"
    return hashlib.sha256(rules.encode()).hexdigest()


def _judge(lake: Lake, profile: Profile, mapping: SourceMapping, first: date, as_of: date) -> list[Batch]:
    """Judge the days from ``first`` on, and give them, oldest first."""
    book = BatchBook(lake.home, mapping.name)
    judged = [batch for batch in book.until(as_of) if batch.delivered_on >= first]
    bronze = lake.read(BRONZE[mapping.contract.name]).where(F.col(SOURCE) == mapping.name)
    days_sql = between(first, as_of)
    quarantine, where = quarantine_of(mapping.name), f"{STAGE} = '{Stage.GATE.value}' AND {days_sql}"
    with Scratch(lake.home, f"gate-{mapping.name}") as scratch:
        rows = scratch.materialise(bronze.where(days_sql))
        registered = _registered(lake, profile, as_of)
        if registered is not None and sum(batch.counts.kept for batch in judged) <= FEW:
            registered = rows.select(ENTITY_ID).distinct().join(registered, str(ENTITY_ID), "inner")
        counts = count_days(rows, mapping.contract, registered).toPandas()
        facts = day_facts(counts, _reads(book.until(as_of)))
        facts = facts[facts[DELIVERED_ON].isin([batch.delivered_on for batch in judged])].reset_index(drop=True)
        outcome = gate_source(rows, facts, mapping.contract, mapping.limits)
        lake.replace(outcome.quarantined, quarantine, where)
        set_aside = {row[0]: row[1] for row in lake.read(quarantine).where(where).groupBy(DELIVERED_ON).count().collect()}
        write_json(lake.home / "manifests" / "checks" / mapping.name / f"{first}_{judged[-1].delivered_on}.json", outcome.gx)
        for batch in judged:
            batch.stopped = list(outcome.stopped_days.get(batch.delivered_on, ()))
            batch.set_aside = set_aside.get(batch.delivered_on, 0)
            batch.checks = _checks_of(batch, outcome.checks, is_newest=batch is judged[-1])
            batch.gated = _judged_by(batch, mapping)
        book.save()
    return judged


def _registered(lake: Lake, profile: Profile, as_of: date) -> DataFrame | None:
    """The entities registered by the end of the day; None when the lake has no register yet."""
    if not lake.exists(silver.ENTITY):
        return None
    return lake.read(silver.ENTITY).transform(keep_known, cutoff=profile.end_of(as_of), as_of=as_of).select(ENTITY_ID)


def _reads(batches: list[Batch]) -> pd.DataFrame:
    # Ingest's ``read`` counts the records in scope, so none is left to subtract.
    rows = [(batch.delivered_on, batch.counts.read, batch.counts.quarantined, 0) for batch in batches]
    return pd.DataFrame(rows, columns=list(READ_COLUMNS))


def _checks_of(batch: Batch, checks: tuple[CheckResult, ...], *, is_newest: bool) -> list[dict[str, object]]:
    """A day's own checks; the newest day also carries those over all rows that were judged with it."""
    return [
        check.plain() for check in checks if check.delivered_on == batch.delivered_on or (check.delivered_on is None and is_newest)
    ]
