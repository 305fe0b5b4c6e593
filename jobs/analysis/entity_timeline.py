"""The records of one entity as events in time, each with its file and row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from expectations.contracts import complaint, inspection, registration, tax_filing
from expectations.contracts.contract import Contract
from expectations.contracts.registry import SILVER
from jobs.analysis.trace import Trace, values_in_words


@dataclass(frozen=True)
class _Event:
    """The day of an event, a short text, and whether it is adverse for the entity."""

    on: Any
    what: str
    is_adverse: bool


def timeline(trace: Trace) -> pd.DataFrame:
    """The events of a trace, oldest first. Every version known that day has a row, so a correction follows the corrected record.

    Returns:
        ``on`` (datetime64, NaT where the record has no date), ``lane`` (one of :data:`LANES`), ``what``, ``is_adverse``,
        ``known_at``, ``source_file, source_row``.
    """
    rows = []
    for row in trace.rows:
        lane, read = _READERS[row.contract]
        event = read(row.says)
        rows.append((pd.Timestamp(event.on), lane, event.what, event.is_adverse, row.known_at, row.source_file, row.source_row))
    names = ["on", "lane", "what", "is_adverse", "known_at", "source_file", "source_row"]
    frame = pd.DataFrame(rows, columns=names).astype({"on": "datetime64[ns]", "is_adverse": bool})
    return frame.sort_values(["on", "lane", "known_at", "source_file", "source_row"], kind="stable", ignore_index=True)


def _registration(says: Mapping[str, Any]) -> _Event:
    on = says.get(registration.CHANGED_ON, says.get(registration.ESTABLISHED_ON))
    change, status = says.get(registration.CHANGE_TYPE, "new"), says.get(registration.STATUS)
    return _Event(on, f"{str(change).replace('_', ' ')}, then {status}", is_adverse=status == "revoked")


def _filing(says: Mapping[str, Any]) -> _Event:
    due, filed = says.get(tax_filing.DUE_ON), says.get(tax_filing.FILED_ON)
    first, last = f"{says[tax_filing.PERIOD_START]:%Y-%m}", f"{says[tax_filing.PERIOD_END]:%Y-%m}"
    period = f"{says[tax_filing.TAX_TYPE]} for {first}" + (f" to {last}" if last != first else "")
    if filed is None:
        return _Event(due or says[tax_filing.PERIOD_END], f"{period}: not filed so far", is_adverse=True)
    late = (filed - due).days if due is not None else 0
    return _Event(filed, f"{period}: filed {late} days late" if late > 0 else f"{period}: filed in time", is_adverse=late > 0)


def _complaint(says: Mapping[str, Any]) -> _Event:
    outcome = says.get(complaint.OUTCOME, "outcome unknown")
    kind = str(says.get(complaint.CATEGORY, "complaint")).replace("_", " ")
    grade = f", grade {int(says[complaint.SEVERITY])}" if complaint.SEVERITY in says else ""
    return _Event(says[complaint.RECEIVED_ON], f"{kind}{grade}: {outcome}", is_adverse=outcome == "upheld")


def _inspection(says: Mapping[str, Any]) -> _Event:
    found = says.get(inspection.FOUND_VIOLATION)
    on = says.get(inspection.INSPECTED_ON, says.get(inspection.PLANNED_ON))
    words = (
        str(says[inspection.VISIT_STATUS]).replace("_", " ") if found is None else "violation found" if found else "nothing found"
    )
    why = str(says[inspection.SELECTED_BY]).replace("_", " ")
    return _Event(on, f"{why} visit: {words}", is_adverse=bool(found))


def _reader(table: Contract) -> Callable[[Mapping[str, Any]], _Event]:
    """The reader of a table that has none of its own: the day of the event, and the values of the row."""
    return lambda says: _Event(says.get(table.event_on or ""), values_in_words(says), is_adverse=False)


_READERS = {table.name: (table.name, _reader(table)) for table in SILVER.values()} | {
    "entity": ("registration", _registration),
    "filing": ("filing", _filing),
    "complaint": ("complaint", _complaint),
    "inspection": ("inspection", _inspection),
}
"""The lane and the reader of each silver table."""
LANES = tuple(lane for lane, _ in _READERS.values())
