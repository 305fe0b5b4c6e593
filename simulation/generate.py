"""Generate an invented world: raw files as agencies hand them over, and the truth apart."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from jobs.foundation.errors import ConfigError
from simulation.sources import complaints, inspections, registrations
from simulation.sources.faults import spoilt_records, with_faults
from simulation.sources.inspections import live
from simulation.sources.tax_filings import make_returns, table_of
from simulation.sources.writers import ParquetFiles, TextFiles
from simulation.truth import TruthFile, truth_of
from simulation.world.clock import Clock, open_clock
from simulation.world.entities import make_entities

CHUNK = 50_000
"""Entities worked on at once: what bounds memory."""
MOST_ENTITIES = 20_000_000
YEARS = (2018, 2050)
"""Of the last day: after the industry classes in use came into force, before the table of dates ends."""
SUBJECTS = ("entities", "life", "changes", "returns", "complaints", "visits", "dirt")


class Output:
    """The open files of a world and the counts of planted faults."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        sources = folder / "sources"
        self.registration = stack.enter_context(
            TextFiles(sources / "registration", "registration.csv", "gb18030", registrations.HEADER)
        )
        self.complaint = stack.enter_context(TextFiles(sources / "complaint", "complaints.jsonl", "utf-8"))
        self.inspection = stack.enter_context(TextFiles(sources / "inspection", "inspections.csv", "utf-8", inspections.HEADER))
        self.tax = stack.enter_context(ParquetFiles(sources / "tax", "returns.parquet"))
        self.truth = TruthFile(folder / "truth")
        stack.callback(self.truth.close)
        self.dirt: dict[str, Counter[str]] = {name: Counter() for name in ("registration", "tax", "complaint", "inspection")}


def generate_world(
    *, entities: int, months: int, seed: int, out: Path, as_of: date, advance: Callable[[int], None] | None = None
) -> None:
    """Write ``out/sources`` and ``out/truth``.

    Args:
        entities: how many market entities there are over the whole window.
        months: whole months of history; the last is the month of ``as_of``.
        seed: the same seed gives the same bytes.
        out: a folder that is empty or not there yet.
        as_of: the world's last day.
        advance: told after each chunk how many entities are done.

    Raises:
        ConfigError: when a number is out of range or the folder is in use.
    """
    _check(entities, months, as_of, out)
    clock = open_clock(as_of, months)
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        output = Output(out, stack)
        numbered = {"complaint": 1, "visit": 1}
        for chunk, first in enumerate(range(0, entities, CHUNK)):
            count = min(CHUNK, entities - first)
            _generate_chunk(output, clock, seed, chunk, first, count, numbered)
            if advance is not None:
                advance(first + count)
    world = {"entities": entities, "months": months, "seed": seed, "as_of": as_of.isoformat()}
    _write_json(out / "truth" / "world.json", world)
    _write_json(out / "truth" / "dirt.json", {source: dict(sorted(counts.items())) for source, counts in output.dirt.items()})


def _generate_chunk(output: Output, clock: Clock, seed: int, chunk: int, first: int, count: int, numbered: dict[str, int]) -> None:
    """One chunk's life and its records, source by source."""
    rng = {
        subject: np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(chunk, number)))
        for number, subject in enumerate(SUBJECTS)
    }
    people, roles = make_entities(rng["entities"], clock, first, count, seed)
    history = live(rng["life"], clock, people, roles)
    output.truth.write(truth_of(clock, people, roles, history))
    output.dirt["registration"].update(
        pilot_code=int(people.is_pilot.sum()),
        unknown_industry=int((~people.has_industry).sum()),
        unknown_region=int((~people.has_region).sum()),
    )

    capital = registrations.make_capital(rng["changes"], people, roles)
    versions = registrations.make_versions(rng["changes"], clock, people, roles, history.found)
    delivered = clock.delivered(versions.day)
    order = np.argsort(delivered, kind="stable")
    text = registrations.lines(people, capital, versions).take(pa.array(order))
    _write_text(output, "registration", rng["dirt"], delivered[order], text)

    told = complaints.make_complaints(rng["complaints"], clock, people, roles, history)
    lines = complaints.lines(clock, people, told, numbered["complaint"])
    numbered["complaint"] += len(told.entity)
    output.dirt["complaint"].update(without_code=int((told.named > 0).sum()), late=int(told.is_late.sum()))
    _write_text(output, "complaint", rng["dirt"], lines.delivered, lines.text)

    seen = inspections.lines(rng["visits"], clock, people, history.visits, numbered["visit"])
    numbered["visit"] += len(history.visits.entity)
    output.dirt["inspection"].update(corrected=seen.corrected, late=seen.late)
    _write_text(output, "inspection", rng["dirt"], seen.delivered, seen.text)

    returns = make_returns(rng["returns"], clock, people, roles, history)
    output.dirt["tax"].update(corrected=int(returns.is_correction.sum()), late=int(returns.is_delayed.sum()))
    for delivery, begin, end in _runs(returns.delivered):
        table = table_of(people, returns.take(slice(begin, end)))
        output.tax.write(delivery, with_faults(rng["dirt"], table, "xse", "sbrq", output.dirt["tax"]))


def _write_text(output: Output, source: str, rng: np.random.Generator, delivered: np.ndarray, text: pa.Array) -> None:
    files: TextFiles = getattr(output, source)
    for delivery, begin, end in _runs(delivered):
        lines = text[begin:end]
        files.write(delivery, lines, spoilt_records(rng, source, lines, files.encoding, output.dirt[source]))


def _runs(sorted_values: np.ndarray) -> list[tuple[int, int, int]]:
    """Each value with the bounds of its run."""
    values, begins = np.unique(sorted_values, return_index=True)
    ends = [*begins[1:], len(sorted_values)][: len(values)]
    return [(int(value), int(begin), int(end)) for value, begin, end in zip(values, begins, ends, strict=True)]


def _check(entities: int, months: int, as_of: date, out: Path) -> None:
    if not YEARS[0] <= as_of.year <= YEARS[1]:
        then = f"give a year of {YEARS[0]} to {YEARS[1]}"
        raise ConfigError(what=f"--as-of {as_of} is out of range", where="command line", next_step=then)
    if not 1 <= entities <= MOST_ENTITIES:
        raise ConfigError(
            what=f"--entities {entities} is out of range", where="command line", next_step=f"give 1 to {MOST_ENTITIES}"
        )
    if not 3 <= months <= 120:
        raise ConfigError(what=f"--months {months} is out of range", where="command line", next_step="give 3 to 120")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(
            what="the folder for the world is in use", where=str(out), next_step="name an empty or a new folder by --out"
        )


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
