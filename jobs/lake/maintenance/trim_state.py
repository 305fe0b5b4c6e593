"""State is written whole by the first day on which a month is settled. What was written before that is needed no more."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from expectations.contracts.contract import Contract
from expectations.contracts.lineage import AS_OF
from jobs.engine.lake import Lake, arrow_schema
from jobs.foundation.files import forget, read_json
from jobs.lake.manifests import note_path


def trim_state(lake: Lake, table: Contract, as_of: date) -> tuple[str, ...]:
    """Forget a table's state of settled months before the newest up to ``as_of``; give the days whose rows went.

    A past day that is asked for again is reckoned afresh. Notes go first, so that none speaks of rows that are gone; what no
    note names is of no use to anybody.
    """
    what = f"state/{table.name}"
    notes = _notes(lake.home, what)
    newest = max((note["settled"] for day, note in notes.items() if day <= as_of), default="")
    for day in [day for day, note in notes.items() if note["settled"] < newest]:
        forget(note_path(lake.home, what, day))
        del notes[day]
    needed = {part for note in notes.values() for part in note["parts"]}
    gone = tuple(sorted({part[AS_OF] for part in lake.partitions(table)} - needed))
    if gone:
        listed = ", ".join(f"'{day}'" for day in gone)
        lake.replace_arrow(arrow_schema(table).empty_table(), table, f"{AS_OF} IN ({listed})")
    return gone


def _notes(home: Path, what: str) -> dict[date, dict[str, Any]]:
    paths = sorted(note_path(home, what, date.min).parent.glob("????-??-??.json"))
    return {date.fromisoformat(path.stem): read_json(path) for path in paths}
