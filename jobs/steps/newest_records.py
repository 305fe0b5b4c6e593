"""On which day an entity's newest record of a source is, told by its features."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from expectations.contracts.indicators import Indicator, catalogue
from jobs.transforms.tax_sums import settled_month

Days = npt.NDArray[np.datetime64]
NONE = np.datetime64("NaT", "D")


def newest_by_source(features: pd.DataFrame, as_of: date) -> dict[str, Days]:
    """The day of each row's newest record of each source that an indicator tells the age of; NaT where it has none.

    A return counts on the last day of its month.

    Args:
        features: rows of ``gold.features`` of the day.
        as_of: the day.
    """
    found: dict[str, Days] = {}
    for indicator in catalogue():
        if indicator.age_of:
            age = features[indicator.column].to_numpy(dtype=np.float64, na_value=np.nan)
            days = _months_back(age, as_of) if indicator.unit == "months" else _days_back(age, as_of)
            found[indicator.age_of] = np.fmax(found.get(indicator.age_of, np.full(len(features), NONE)), days)
    return found


def newest_of(indicator: Indicator, newest: dict[str, Days], at: int) -> date | None:
    """The newest of the records that an indicator of a row rests on; None where others' records tell it, or none is dated."""
    days = [newest[source][at] for source in indicator.sources if source in newest] if indicator.own else []
    known = [day for day in days if not np.isnat(day)]
    return max(known).astype(object) if known else None


def _days_back(age: npt.NDArray[np.float64], as_of: date) -> Days:
    known = ~np.isnan(age)
    days: Days = np.datetime64(as_of, "D") - np.where(known, age, 0).astype("timedelta64[D]")
    return np.where(known, days, NONE)


def _months_back(age: npt.NDArray[np.float64], as_of: date) -> Days:
    known = ~np.isnan(age)
    after = np.datetime64(settled_month(as_of), "M") + 1 - np.where(known, age, 0).astype("timedelta64[M]")
    return np.where(known, after.astype("datetime64[D]") - 1, NONE)
