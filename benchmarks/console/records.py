"""Create silver records of synthetic entities: registrations, returns, complaints and visits."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd

from expectations.contracts import silver
from expectations.contracts.contract import Contract
from expectations.contracts.lineage import ENTITY_ID

WITH_HISTORY = 0.03
"""Share of the other entities that have more records than their registration."""
CHANGED = 0.005
"""Share of entities with new records on a day, as in the other benchmarks."""
RETURNS, COMPLAINTS, VISITS = 24, 3, 2
"""Records per entity with a history, over the last two years."""


def first_records(
    rng: np.random.Generator, register: pd.DataFrame, has_history: np.ndarray, day: date
) -> list[tuple[Contract, pd.DataFrame]]:
    """The records of the first day: all registrations, and the history of the marked entities and of some others."""
    chosen = register.loc[has_history | (rng.random(len(register)) < WITH_HISTORY), ENTITY_ID].to_numpy()
    return [
        (silver.ENTITY, _registrations(register, "设立登记", day)),
        (silver.FILING, _filings(chosen, RETURNS, day)),
        (silver.COMPLAINT, _complaints(chosen, COMPLAINTS, day, first=0)),
        (silver.INSPECTION, _visits(chosen, VISITS, day)),
    ]


def new_records(rng: np.random.Generator, register: pd.DataFrame, day: date) -> list[tuple[Contract, pd.DataFrame]]:
    """The new records of a day: a changed registration and one record of each kind, for some entities."""
    changed = register.loc[rng.random(len(register)) < CHANGED]
    chosen = changed[ENTITY_ID].to_numpy()
    return [
        (silver.ENTITY, _registrations(changed, "住所变更", day)),
        (silver.FILING, _filings(chosen, 1, day)),
        (silver.COMPLAINT, _complaints(chosen, 1, day, first=len(register) * COMPLAINTS)),
        (silver.INSPECTION, _visits(chosen, 1, day)),
    ]


def _lineage(source: str, day: date, rows: int) -> dict[str, Any]:
    known_at = datetime(day.year, day.month, day.day, 1, tzinfo=UTC)
    return {
        "source": source,
        "source_file": f"{source}/{day}.csv",
        "source_row": np.arange(1, rows + 1),
        "delivered_on": day,
        "known_at": known_at,
        "is_absent": False,
    }


def _registrations(register: pd.DataFrame, change: str, day: date) -> pd.DataFrame:
    return register.assign(change_type=change, changed_on=day, **_lineage("registration", day, len(register)))


def _months(day: date, back: np.ndarray) -> np.ndarray:
    """The day minus ``back`` months of 30 days."""
    return (np.datetime64(day) - 30 * back).astype("datetime64[D]").astype(object)


def _filings(chosen: np.ndarray, each: int, day: date) -> pd.DataFrame:
    n = len(chosen) * each
    back = np.tile(np.arange(each), len(chosen))
    return pd.DataFrame(
        {
            ENTITY_ID: np.repeat(chosen, each),
            "tax_type": "vat",
            "period_start": _months(day, back + 2),
            "period_end": _months(day, back + 1),
            "due_on": _months(day, back),
            "filed_on": _months(day, back),
            "arrears_minor": 0,
            **_lineage("tax", day, n),
        }
    )


def _complaints(chosen: np.ndarray, each: int, day: date, first: int) -> pd.DataFrame:
    n = len(chosen) * each
    received = _months(day, np.tile(np.arange(each) * 5, len(chosen)))
    values = {"category": "quality", "severity": 2, "outcome": "upheld", "received_on": received, "resolved_on": received}
    numbers = pd.Series(np.arange(first, first + n)).astype(str)
    lineage = _lineage("complaint", day, n)
    return pd.DataFrame({"complaint_id": "C" + numbers, ENTITY_ID: np.repeat(chosen, each), **values, **lineage})


def _visits(chosen: np.ndarray, each: int, day: date) -> pd.DataFrame:
    n = len(chosen) * each
    on = _months(day, np.tile(np.arange(each) * 9 + 1, len(chosen)))
    values = {
        "selected_by": "random", "visit_status": "inspected", "items_checked": 20, "breaches": 1, "severity": 1,
        "found_violation": True,
    }  # fmt: skip
    names = np.repeat(chosen, each) + pd.Series(on).astype(str)
    lineage = _lineage("inspection", day, n)
    return pd.DataFrame(
        {"inspection_id": names, ENTITY_ID: np.repeat(chosen, each), "inspected_on": on, "planned_on": on, **values, **lineage}
    )
