"""Measure processor time and memory of anomaly scoring: ``python -m benchmarks.anomaly.cost``."""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
import pandas as pd

from models.anomaly.ensemble import fit_anomaly
from models.foundation.inputs import Inputs

PIECE = 100_000
Made = TypeVar("Made")


def main() -> None:
    """Fit on 100,000 rows, score all rows in pieces as a stream does, and explain some of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.anomaly.cost", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=60)
    parser.add_argument("--explained", type=int, default=10_000)
    options = parser.parse_args()
    names = tuple(f"c{at}" for at in range(options.columns))
    model, fitting = _timed(lambda: fit_anomaly(_rows(0, names), Inputs(names, (0,) * len(names), ("basic",) * len(names)), seed=1))
    print(f"fit on {PIECE:,} rows: {fitting:.1f} CPU seconds")
    before, scoring, done = _peak_mib(), 0.0, 0
    for piece in range(-(-options.rows // PIECE)):
        frame = _rows(piece, names)
        _, seconds = _timed(partial(model.score, frame))
        scoring, done = scoring + seconds, done + len(frame)
    print(f"score of {done:,} rows x {options.columns} columns: {scoring:.1f} CPU seconds")
    print(f"peak memory: {_peak_mib():.0f} MiB, {_peak_mib() - before:.0f} MiB more than after the fit")
    _, explaining = _timed(lambda: model.contributions(_rows(0, names)[: options.explained]))
    print(f"contributions of {options.explained:,} rows: {explaining:.1f} CPU seconds")


def _rows(piece: int, names: tuple[str, ...]) -> pd.DataFrame:
    """Heavy-tailed rows with a tenth of the values missing."""
    random = np.random.default_rng(piece)
    values = random.standard_t(4, size=(PIECE, len(names)))
    values[random.random(values.shape) < 0.1] = np.nan
    return pd.DataFrame(values, columns=list(names))


def _timed(do: Callable[[], Made]) -> tuple[Made, float]:
    """The result of a call, and its CPU seconds."""
    began = time.process_time()
    made = do()
    return made, time.process_time() - began


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
