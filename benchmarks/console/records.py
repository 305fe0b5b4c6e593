"""What is recorded of made-up entities: registrations, returns, complaints and visits, as silver holds them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd

from expectations.contracts import silver
from expectations.contracts.contract import Contract
from expectations.contracts.lineage import ENTITY_ID

TOLD = 0.03
"""Share of the entities that nobody looks at of whom more than the register is known."""
NEWS = 0.005
"""Share of entities of whom a day brings something new, as in the other benchmarks."""
RETURNS, COMPLAINTS, VISITS = 24, 3, 2
"""Of each of those: the last two years' returns, complaints and visits."""


def first_records(
    rng: np.random.Generator, register: pd.DataFrame, is_looked_at: np.ndarray, day: date
) -> list[tuple[Contract, pd.DataFrame]]:
    """All that is known on the first day: everybody's registration, and the history of those looked at and of some others."""
    told = register.loc[is_looked_at | (rng.random(len(register)) < TOLD), ENTITY_ID].to_numpy()
    return [
        (silver.ENTITY, _registrations(register, "设立登记", day)),
        (silver.FILING, _filings(told, RETURNS, day)),
        (silver.COMPLAINT, _complaints(told, COMPLAINTS, day, first=0)),
        (silver.INSPECTION, _visits(told, VISITS, day)),
    ]


def news_of(rng: np.random.Generator, register: pd.DataFrame, day: date) -> list[tuple[Contract, pd.DataFrame]]:
    """What the day's deliveries bring: changes in the register, and one record of each kind, of some entities."""
    some = register.loc[rng.random(len(register)) < NEWS]
    told = some[ENTITY_ID].to_numpy()
    return [
        (silver.ENTITY, _registrations(some, "住所变更", day)),
        (silver.FILING, _filings(told, 1, day)),
        (silver.COMPLAINT, _complaints(told, 1, day, first=len(register) * COMPLAINTS)),
        (silver.INSPECTION, _visits(told, 1, day)),
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
    """The day, and as many months of 30 days before it as asked."""
    return (np.datetime64(day) - 30 * back).astype("datetime64[D]").astype(object)


def _filings(told: np.ndarray, each: int, day: date) -> pd.DataFrame:
    n = len(told) * each
    back = np.tile(np.arange(each), len(told))
    return pd.DataFrame(
        {
            ENTITY_ID: np.repeat(told, each),
            "tax_type": "vat",
            "period_start": _months(day, back + 2),
            "period_end": _months(day, back + 1),
            "due_on": _months(day, back),
            "filed_on": _months(day, back),
            "arrears_minor": 0,
            **_lineage("tax", day, n),
        }
    )


def _complaints(told: np.ndarray, each: int, day: date, first: int) -> pd.DataFrame:
    n = len(told) * each
    received = _months(day, np.tile(np.arange(each) * 5, len(told)))
    said = {"category": "quality", "severity": 2, "outcome": "upheld", "received_on": received, "resolved_on": received}
    numbers = pd.Series(np.arange(first, first + n)).astype(str)
    return pd.DataFrame({"complaint_id": "C" + numbers, ENTITY_ID: np.repeat(told, each), **said, **_lineage("complaint", day, n)})


def _visits(told: np.ndarray, each: int, day: date) -> pd.DataFrame:
    n = len(told) * each
    on = _months(day, np.tile(np.arange(each) * 9 + 1, len(told)))
    said = {
        "selected_by": "random", "visit_status": "inspected", "items_checked": 20, "breaches": 1, "severity": 1,
        "found_violation": True,
    }  # fmt: skip
    names = np.repeat(told, each) + pd.Series(on).astype(str)
    lineage = _lineage("inspection", day, n)
    return pd.DataFrame(
        {"inspection_id": names, ENTITY_ID: np.repeat(told, each), "inspected_on": on, "planned_on": on, **said, **lineage}
    )
