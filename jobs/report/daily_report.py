"""The content of a day's report, read from the lake and the manifests into plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.contract import Contract, Type
from expectations.contracts.lineage import AS_OF
from expectations.contracts.scoring import ANOMALY, MARGIN, MODEL_ID, PROBABILITY, REASONS, RISK_CLASS, RISK_LIST, SCORES
from jobs.foundation.errors import InputMissing
from jobs.lake.manifests import finished_days, lake_of_finished_day
from jobs.lake.source_results import Source, read_run, read_sources
from jobs.lake.tables import LakeTables, arrow_schema
from jobs.profile.profile import CLASSES, Profile
from jobs.texts.model_card import Section, stored_sections
from jobs.texts.numbers import number
from jobs.texts.reasons import Reason

BINS = 36
_OBJECTIVES = {"margin": MARGIN, "probability": PROBABILITY, "anomaly": ANOMALY}


@dataclass(frozen=True)
class Listed:
    """A row of the list with its reasons, the strongest first. Each other field is a column of ``gold.risk_list``."""

    list_rank: int
    capacity_region: str
    region_rank: int
    entity_id: str
    name: str
    industry_code: str
    region_code: str
    address: str
    risk_class: str
    credit_points: int
    probability: float | None
    probability_low: float | None
    probability_high: float | None
    objective: float
    held_class: str
    held_source: str
    better_class: str
    better_changes: str
    reasons: tuple[Reason, ...]


_COLUMNS = tuple(field.name for field in fields(Listed) if field.name != "reasons")


@dataclass(frozen=True)
class ClassCount:
    """The entities of a class, and how many of them are listed."""

    letter: str
    entities: int
    listed: int


@dataclass(frozen=True)
class Histogram:
    """Counts of scores between ``edges``, of all entities and of the listed. ``line`` is the lowest listed score."""

    edges: tuple[float, ...]
    every: tuple[int, ...]
    listed: tuple[int, ...]
    line: float | None


@dataclass(frozen=True)
class Context:
    """A day's report. ``classes`` begins with the best; ``scored`` counts the entities whose score is still stored."""

    as_of: date
    profile: Profile
    run: dict[str, Any]
    model_id: str
    entities: int
    scored: int
    classes: tuple[ClassCount, ...]
    scores: Histogram | None
    listed: tuple[Listed, ...]
    sources: tuple[Source, ...]
    model_card: tuple[Section, ...]

    @property
    def regions(self) -> tuple[tuple[str, tuple[Listed, ...]], ...]:
        """Return the listed of each capacity region, by region code, then rank in the region."""
        groups: dict[str, list[Listed]] = {}
        for row in self.listed:
            groups.setdefault(row.capacity_region, []).append(row)
        return tuple((region, tuple(sorted(rows, key=lambda row: row.region_rank))) for region, rows in sorted(groups.items()))

    @property
    def ranking_rule(self) -> dict[str, str] | None:
        """Return how many visits, and violations among them, were too few to train a model; None if a model ranks the list."""
        model = self.run.get("model") or {}
        if model.get("kind") != "rule":
            return None
        return {name: number(int(model.get(name) or 0)) for name in ("visits", "found")}

    @property
    def late_sources(self) -> tuple[Source, ...]:
        """Return the sources whose older data is in use."""
        return tuple(source for source in self.sources if not source.is_current)

    def count_listed(self, key: Callable[[Listed], str]) -> list[tuple[str, int]]:
        """Count the listed by ``key``, the largest count first, equal counts by key."""
        return largest_first(Counter(key(row) for row in self.listed))

    def count_indicators(self) -> list[tuple[str, int]]:
        """Count the listed that have each indicator among their reasons, the largest count first."""
        return largest_first(Counter(name for row in self.listed for name in {reason.indicator for reason in row.reasons}))


def largest_first(counts: Counter[str]) -> list[tuple[str, int]]:
    """Return counts with the largest first, equal ones by name."""
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def gather(home: Path, profile: Profile, as_of: date) -> Context:
    """Read a day's list, reasons, scores, run and sources.

    Raises:
        InputMissing: if the day has no list. The message names the days that have one.
        ConfigError: if a manifest cannot be read.
    """
    run = read_run(home, as_of)
    if run is None:
        raise no_list(home, as_of)
    listed = _read_listed(home, as_of)
    scores = read_day(home, SCORES, as_of, RISK_CLASS, _objective(profile))
    return Context(
        as_of=as_of,
        profile=profile,
        run=run,
        model_id=str(run.get(MODEL_ID) or ""),
        entities=int(run.get("entities") or scores.num_rows),
        scored=scores.num_rows,
        classes=_count_classes(scores, listed),
        scores=_histogram(scores[str(_objective(profile))], listed),
        listed=listed,
        sources=read_sources(home, as_of, dict(run.get("sources") or {})),
        model_card=_read_model_card(home, str(run.get(MODEL_ID) or "")),
    )


def no_list(home: Path, as_of: date) -> InputMissing:
    """Return the error for a day without a list."""
    days = [str(day) for day in finished_days(home)]
    shown = ", ".join(days[-10:]) or "none yet"
    return InputMissing(
        what=f"there is no list for {as_of.isoformat()}",
        where=str(home),
        next_step=f"make it with `steelyard run --as-of {as_of.isoformat()}`, or name a day that has one: {shown}"
        + (f" (the last 10 of {len(days)})" if len(days) > 10 else ""),
    )


def read_day(home: Path, contract: Contract, as_of: date, *columns: str) -> pa.Table:
    """Read a table's rows of a day, with the contract's types; all columns if none are named.

    Raises:
        InputMissing: if the table was never written.
    """
    names = [str(column) for column in columns or contract.columns]
    table = lake_of_finished_day(LakeTables(home), as_of).arrow(contract, columns=names, where=f"{AS_OF} = '{as_of.isoformat()}'")
    schema = arrow_schema(contract)
    return table.cast(pa.schema([schema.field(name) for name in names]))


def _read_listed(home: Path, as_of: date) -> tuple[Listed, ...]:
    """Read the list by rank, with its reasons."""
    reasons: dict[str, list[Reason]] = {}
    for row in read_day(home, REASONS, as_of).sort_by("reason_rank").to_pylist():
        reasons.setdefault(row["entity_id"], []).append(Reason.of(row))
    rows = read_day(home, RISK_LIST, as_of, *_COLUMNS).sort_by("list_rank").to_pylist()
    return tuple(Listed(**_without_null_texts(row), reasons=tuple(reasons.get(row["entity_id"], ()))) for row in rows)


def _without_null_texts(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the list in which missing texts are empty; a missing number stays None."""
    return {name: "" if value is None and RISK_LIST.column(name).type is Type.STRING else value for name, value in row.items()}


def _read_model_card(home: Path, model_id: str) -> tuple[Section, ...]:
    from jobs.lake.model_store import ModelStore  # loads the learning libraries

    try:
        return stored_sections(ModelStore(home).card(model_id), "en") if model_id else ()
    except FileNotFoundError:
        return ()


def _objective(profile: Profile) -> str:
    return _OBJECTIVES.get(profile.objective.kind, MARGIN)


def _count_classes(scores: pa.Table, listed: tuple[Listed, ...]) -> tuple[ClassCount, ...]:
    """The counts of the classes, the best first."""
    counted = pc.value_counts(scores[str(RISK_CLASS)].cast(pa.string())).to_pylist()
    entities = {pair["values"]: pair["counts"] for pair in counted}
    of_list = Counter(row.risk_class for row in listed)
    return tuple(ClassCount(letter, entities.get(letter, 0), of_list.get(letter, 0)) for letter in CLASSES)


def _histogram(column: pa.ChunkedArray, listed: tuple[Listed, ...]) -> Histogram | None:
    """Equal bins over the scores of all entities; None if there are no scores."""
    every = column.to_numpy(zero_copy_only=False).astype(float)
    every = every[np.isfinite(every)]
    if every.size == 0:
        return None
    chosen = np.array([row.objective for row in listed], dtype=float)
    chosen = chosen[np.isfinite(chosen)]
    low, high = float(every.min()), float(every.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, BINS + 1)
    return Histogram(
        edges=tuple(edges.tolist()),
        every=tuple(np.histogram(every, edges)[0].tolist()),
        listed=tuple(np.histogram(chosen, edges)[0].tolist()),
        line=float(chosen.min()) if chosen.size else None,
    )
