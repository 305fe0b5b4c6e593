"""Public sets with known anomalies, in two halves: one for choosing settings, one only for reporting.

Each set is an npz file with ``X`` (rows, columns) and ``y`` (1 is an anomaly). Sorted by name, sets at even positions (from 0) are
for choosing settings. The halves were fixed before any result was known.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from models.foundation.inputs import Floats, Inputs, Ints

MOST_ROWS = 20_000
SETTINGS, REPORTING = "settings", "reporting"


@dataclass(frozen=True)
class KnownAnomalies:
    """One set. ``half`` is its permitted use, ``stored_rows`` its number of rows before sampling."""

    name: str
    half: str
    X: Floats
    y: Ints
    stored_rows: int

    @property
    def frame(self) -> pd.DataFrame:
        """The values with columns ``c0``, ``c1``, …"""
        return pd.DataFrame(self.X, columns=[f"c{at}" for at in range(self.X.shape[1])])

    @property
    def inputs(self) -> Inputs:
        """Every column as an indicator without a direction."""
        k = self.X.shape[1]
        return Inputs(tuple(f"c{at}" for at in range(k)), (0,) * k, ("basic",) * k)


def halves(folder: Path) -> dict[str, str]:
    """The half of each set in the folder, by name."""
    names = sorted(path.stem for path in folder.glob("*.npz"))
    return {name: REPORTING if at % 2 else SETTINGS for at, name in enumerate(names)}


def read_set(folder: Path, name: str) -> KnownAnomalies:
    """Read a set, or a sample of 20,000 of its rows drawn with seed 0."""
    with np.load(folder / f"{name}.npz", allow_pickle=False) as stored:
        X, y = stored["X"].astype(np.float64), stored["y"].astype(np.int64)
    rows = len(X)
    if rows > MOST_ROWS:
        sample = np.sort(np.random.default_rng(0).choice(rows, MOST_ROWS, replace=False))
        X, y = X[sample], y[sample]
    return KnownAnomalies(name, halves(folder)[name], X, y, rows)
