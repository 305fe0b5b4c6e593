"""Assign risk classes to a day by fixed bounds of credit points, so that tests have entities of every class."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from expectations.contracts.scoring import RISK_LIST, SCORES
from jobs.close_day import close_day
from jobs.engine.lake import Lake
from jobs.profile.load_profile import load_profile
from models.risk.credit import CLASSES

LOWEST = (0, 300, 500, 700)
"""The lowest credit points of each class."""


def assign_classes(home: Path, profile_folder: str, as_of: date) -> None:
    """Set the classes of a day's scores and list from the credit points, and close the day again."""
    profile, lake, where = load_profile(profile_folder), Lake(home), f"as_of = '{as_of}'"
    for table in (SCORES, RISK_LIST):
        rows = lake.arrow(table, where=where)
        classes = np.array(CLASSES)[np.searchsorted(LOWEST, rows["credit_points"].to_numpy(), side="right") - 1]
        at = rows.column_names.index("risk_class")
        lake.replace_arrow(rows.set_column(at, "risk_class", pa.array(classes.tolist(), pa.string())), table, where)
    close_day(lake, profile, as_of)
