"""Do the rows of bronze, quarantine and silver add up to what each source's book of batches says?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from expectations.contracts.contract import Contract, Zone
from expectations.contracts.lineage import DELIVERED_ON, IS_ABSENT, SOURCE
from expectations.contracts.quarantine import STAGE, Stage
from expectations.contracts.silver import BRONZE, OF
from jobs.engine.lake import Lake, table_name
from jobs.lake.batches import Batch, BatchBook
from jobs.lake.maintenance.findings import Finding, fail, ok, some, warn
from jobs.lake.maintenance.tables import select, tables_of
from jobs.lake.write_intents import unfinished_steps

Counted = Counter[tuple[str, str, date]]
"""Rows by where they are (``kept``, ``absent``, ``turned away``, ``set aside``, ``in use``), source and delivery day."""


def check_counts(lake: Lake) -> Iterator[Finding]:
    """One finding a source: that has a book, or rows."""
    counted = _count(lake)
    books = {path.stem for path in (lake.home / "manifests" / "batches").glob("*.json")}
    for source in sorted(books | {source for _, source, _ in counted}):
        yield _source(lake, source, counted)


def _source(lake: Lake, source: str, counted: Counted) -> Finding:
    steps = unfinished_steps(lake.home, source)
    if steps:
        found = f"the steps {', '.join(steps)} did not end, or were taken back"
        return warn(f"source {source}", "counts", found, "run the day again, which does them again")
    batches = BatchBook(lake.home, source).batches
    apart = [line for day in sorted(batches) for line in _apart(source, batches[day], counted)]
    known = {day for _, of, day in counted if of == source}
    apart += [f"{day} has rows and is in no book" for day in sorted(known - set(batches))]
    if apart:
        return fail(f"source {source}", "counts", some(apart), "run the day again; report it if the counts still differ")
    read = sum(batch.counts.read for batch in batches.values())
    return ok(f"source {source}", "counts", f"{len(batches)} deliveries, {read:,} records read, each of them accounted for")


def _apart(source: str, batch: Batch, counted: Counted) -> Iterator[str]:
    """How a delivery's rows differ from what its book says."""
    counts = batch.counts
    said = {
        "kept": counts.kept,
        "absent": counts.absent,
        "turned away": counts.quarantined,
        "set aside": batch.set_aside if batch.gated else None,
        "in use": _in_use(batch),
    }
    for where, number in said.items():
        found = counted[where, source, batch.delivered_on]
        if number is not None and found != number:
            yield f"{batch.delivered_on}: {found:,} rows are {where}, the book says {number:,}"
    if not counts.adds_up:
        yield f"{batch.delivered_on}: {counts.read:,} records read are not those kept, doubled and turned away"


def _in_use(batch: Batch) -> int | None:
    """How many rows silver should hold; None while the step has yet to be done."""
    if not batch.is_usable:
        return 0 if batch.conformed else None
    return batch.counts.kept - batch.set_aside if batch.is_in_use else None


def _count(lake: Lake) -> Counted:
    counted: Counted = Counter()
    sources = {table_name(contract) for contract in (*BRONZE.values(), *OF.values())}
    for contract in tables_of(lake):
        if contract.zone is Zone.QUARANTINE:
            for row in _by(lake, contract, STAGE, DELIVERED_ON):
                where = "set aside" if row[STAGE] == Stage.GATE.value else "turned away"
                counted[where, contract.name, row[DELIVERED_ON]] += row["n"]
        elif table_name(contract) in sources:
            here = "kept" if contract.zone is Zone.BRONZE else "in use"
            for row in _by(lake, contract, SOURCE, DELIVERED_ON, IS_ABSENT):
                where = here if not row[IS_ABSENT] else "absent" if contract.zone is Zone.BRONZE else "absent in silver"
                counted[where, row[SOURCE], row[DELIVERED_ON]] += row["n"]
    return counted


def _by(lake: Lake, contract: Contract, *columns: str) -> list[dict[str, Any]]:
    names = ", ".join(columns)
    found: list[dict[str, Any]] = select(lake, f"SELECT {names}, count(*) AS n FROM t GROUP BY {names}", t=contract).to_pylist()
    return found
