"""Who is violating on a day, by the truth."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def violating_on(truth: pa.Table, day: date) -> np.ndarray:
    """Whether each entity of the truth is violating at the end of the day: it began, was not yet found, and has not closed."""
    began = on_or_before(truth["began_on"], day)
    return truth["is_violator"].to_numpy() & began & ~on_or_before(truth["found_on"], day) & ~on_or_before(truth["closed_on"], day)


def on_or_before(days: pa.ChunkedArray, day: date) -> np.ndarray:
    """Whether each day is on or before a day; null is not."""
    found: np.ndarray = pc.fill_null(pc.less_equal(days, pa.scalar(day, pa.date32())), False).to_numpy()
    return found
