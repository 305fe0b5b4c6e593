"""Generate a simulated world: raw files as agencies deliver them, and the truth in a separate folder."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.foundation.errors import ConfigError
from simulation.assessment.truth import SCHEMA, truth_table
from simulation.sources import complaints, inspections, registrations
from simulation.sources.faults import add_faults, faulty_records
from simulation.sources.inspections import simulate_history
from simulation.sources.tax_filings import make_returns, returns_table
from simulation.sources.writers import ParquetFiles, TextFiles
from simulation.world.behaviour import USUAL, Behaviour
from simulation.world.clock import Clock, open_clock
from simulation.world.entities import make_entities

CHUNK = 50_000
"""Entities generated at once; this bounds the memory."""
MOST_ENTITIES = 20_000_000
YEARS = (2018, 2050)
"""Allowed years of the last day: after the industry standard came into force, before the table of dates ends."""
STREAMS = ("entities", "history", "changes", "returns", "complaints", "visits", "faults", "reach")
"""Random number streams of a chunk. The position seeds the stream, so the order must not change."""


class Output:
    """The open files of a world, and the counts of planted faults by source."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        sources = folder / "sources"
        self.registration = stack.enter_context(
            TextFiles(sources / "registration", "registration.csv", "gb18030", registrations.HEADER)
        )
        self.complaint = stack.enter_context(TextFiles(sources / "complaint", "complaints.jsonl", "utf-8"))
        self.inspection = stack.enter_context(TextFiles(sources / "inspection", "inspections.csv", "utf-8", inspections.HEADER))
        self.tax = stack.enter_context(ParquetFiles(sources / "tax", "returns.parquet"))
        (folder / "truth").mkdir()
        self.truth = stack.enter_context(pq.ParquetWriter(folder / "truth" / "entities.parquet", SCHEMA, compression="zstd"))
        self.faults: dict[str, Counter[str]] = {name: Counter() for name in ("registration", "tax", "complaint", "inspection")}


def generate_world(
    *,
    entities: int,
    months: int,
    seed: int,
    out: Path,
    as_of: date,
    behaviour: Behaviour = USUAL,
    advance: Callable[[int], None] | None = None,
) -> None:
    """Write ``out/sources`` and ``out/truth``. The same seed gives the same bytes.

    Args:
        entities: number of market entities over the whole window.
        months: whole months of history; the last is the month of ``as_of``, the world's last day.
        seed: seed of all random numbers.
        out: an empty or new folder.
        as_of: the last day.
        behaviour: the rates at which businesses violate, correct, relapse and can be met.
        advance: called after each chunk with the number of entities done.

    Raises:
        ConfigError: a number is out of range or the folder is in use.
    """
    _check(entities, months, as_of, out)
    clock = open_clock(as_of, months)
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        output = Output(out, stack)
        next_number = {"complaint": 1, "visit": 1}
        for chunk, first in enumerate(range(0, entities, CHUNK)):
            count = min(CHUNK, entities - first)
            _generate_chunk(output, clock, seed, chunk, first, count, behaviour, next_number)
            if advance is not None:
                advance(first + count)
    world = {"entities": entities, "months": months, "seed": seed, "as_of": as_of.isoformat(), "behaviour": asdict(behaviour)}
    _write_json(out / "truth" / "world.json", world)
    _write_json(out / "truth" / "dirt.json", {source: dict(sorted(counts.items())) for source, counts in output.faults.items()})


def _generate_chunk(
    output: Output, clock: Clock, seed: int, chunk: int, first: int, count: int, behaviour: Behaviour, next_number: dict[str, int]
) -> None:
    """Simulate one chunk of entities and write its records, source by source."""
    rng = {
        stream: np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(chunk, number)))
        for number, stream in enumerate(STREAMS)
    }
    entities, roles = make_entities(rng["entities"], clock, first, count, seed, behaviour.violators)
    history = simulate_history(rng["history"], rng["reach"], clock, entities, roles, behaviour)
    roles = replace(roles, began=history.conduct.first_began)
    output.truth.write_table(truth_table(clock, entities, roles, history))
    output.faults["registration"].update(
        pilot_code=int(entities.is_pilot.sum()),
        unknown_industry=int((~entities.has_industry).sum()),
        unknown_region=int((~entities.has_region).sum()),
    )

    capital = registrations.make_capital(rng["changes"], entities, roles)
    versions = registrations.make_versions(rng["changes"], clock, entities, roles, history.conduct)
    delivered = clock.delivered(versions.day)
    order = np.argsort(delivered, kind="stable")
    text = registrations.lines(entities, capital, versions).take(pa.array(order))
    _write_text(output, "registration", rng["faults"], delivered[order], text)

    received = complaints.make_complaints(rng["complaints"], clock, entities, roles, history)
    records = complaints.lines(clock, entities, received, next_number["complaint"])
    next_number["complaint"] += len(received)
    entered = received[received.entered <= clock.last]
    output.faults["complaint"].update(without_code=int((entered.named > 0).sum()), late=int(entered.is_late.sum()))
    _write_text(output, "complaint", rng["faults"], records.delivered, records.text)

    visits = inspections.lines(rng["visits"], clock, entities, history.visits, next_number["visit"])
    next_number["visit"] += len(history.visits)
    output.faults["inspection"].update(corrected=visits.corrected, late=visits.late)
    _write_text(output, "inspection", rng["faults"], visits.delivered, visits.text)

    returns = make_returns(rng["returns"], clock, entities, roles, history)
    output.faults["tax"].update(corrected=int(returns.is_correction.sum()), late=int(returns.is_delayed.sum()))
    for delivery, begin, end in _runs(returns.delivered.to_numpy()):
        table = returns_table(entities, returns.iloc[begin:end])
        output.tax.write(delivery, add_faults(rng["faults"], table, "xse", "sbrq", output.faults["tax"]))


def _write_text(output: Output, source: str, rng: np.random.Generator, delivered: np.ndarray, text: pa.Array) -> None:
    files: TextFiles = getattr(output, source)
    for delivery, begin, end in _runs(delivered):
        lines = text[begin:end]
        files.write(delivery, lines, faulty_records(rng, source, lines, files.encoding, output.faults[source]))


def _runs(sorted_values: np.ndarray) -> list[tuple[int, int, int]]:
    """Each distinct value with the begin and end of its rows."""
    values, begins = np.unique(sorted_values, return_index=True)
    ends = [*begins[1:], len(sorted_values)][: len(values)]
    return [(int(value), int(begin), int(end)) for value, begin, end in zip(values, begins, ends, strict=True)]


def _check(entities: int, months: int, as_of: date, out: Path) -> None:
    if not YEARS[0] <= as_of.year <= YEARS[1]:
        next_step = f"give a year from {YEARS[0]} to {YEARS[1]}"
        raise ConfigError(what=f"--as-of {as_of} is out of range", where="command line", next_step=next_step)
    if not 1 <= entities <= MOST_ENTITIES:
        raise ConfigError(
            what=f"--entities {entities} is out of range", where="command line", next_step=f"give 1 to {MOST_ENTITIES}"
        )
    if not 3 <= months <= 120:
        raise ConfigError(what=f"--months {months} is out of range", where="command line", next_step="give 3 to 120")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(what="the output folder is in use", where=str(out), next_step="give an empty or new folder with --out")


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
