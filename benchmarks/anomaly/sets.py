"""Public sets of known anomalies, and which of them settings may be chosen on.

Each is an npz of ``X`` (rows, columns) and ``y`` (1 is an anomaly). Of the sets in order of their names those at even positions
(the first is 0) are for choosing settings, the others for reporting alone; this was fixed before any result was seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from models.inputs import Floats, Inputs, Ints

MOST_ROWS = 20_000
SETTINGS, REPORTING = "settings", "reporting"


@dataclass(frozen=True)
class KnownAnomalies:
    """One set; ``half`` says what it may be used for, ``stored_rows`` how many there were before the cut to 20,000."""

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
        """Every column an indicator without a direction."""
        k = self.X.shape[1]
        return Inputs(tuple(f"c{at}" for at in range(k)), (0,) * k, ("basic",) * k)


def halves(folder: Path) -> dict[str, str]:
    """The half of each set in the folder, by name, in order of the names."""
    names = sorted(path.stem for path in folder.glob("*.npz"))
    return {name: REPORTING if at % 2 else SETTINGS for at, name in enumerate(names)}


def read_set(folder: Path, name: str) -> KnownAnomalies:
    """One set, or a sample of 20,000 of its rows, drawn with seed 0."""
    with np.load(folder / f"{name}.npz", allow_pickle=False) as stored:
        X, y = stored["X"].astype(np.float64), stored["y"].astype(np.int64)
    rows = len(X)
    if rows > MOST_ROWS:
        kept = np.sort(np.random.default_rng(0).choice(rows, MOST_ROWS, replace=False))
        X, y = X[kept], y[kept]
    return KnownAnomalies(name, halves(folder)[name], X, y, rows)
