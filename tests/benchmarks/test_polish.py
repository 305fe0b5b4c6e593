"""The benchmark on bankruptcies: folds and summary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.polish import __main__ as program
from benchmarks.polish.compare import CHAMPION, PLAIN, compare, summarise
from models.risk.candidates import CANDIDATES


def firms(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    ratios = pd.DataFrame(random.normal(size=(rows, 3)), columns=["a", "b", "c"])
    return ratios.assign(**{program.OUTCOME: (random.random(rows) < 1 / (1 + np.exp(2 - 2 * ratios["a"]))).astype(int)})


def test_every_candidate_is_scored_on_every_fold():
    table = firms(400, seed=1)
    (fold, *others) = compare(table.drop(columns="class"), table["class"].to_numpy(dtype=float), seeds=(0,))
    assert len(others) == 4
    assert set(fold["aucs"]) == {PLAIN, CHAMPION, *CANDIDATES}
    assert fold["aucs"][CHAMPION] == fold["aucs"][fold["chosen"]]
    assert min(fold["aucs"].values()) > 0.7


def test_the_interval_is_wider_than_that_of_independent_folds():
    random = np.random.default_rng(2)
    gaps = random.normal(0.01, 0.004, 25)
    summary = summarise([{"aucs": {PLAIN: 0.9, "scorecard": 0.9 + gap}} for gap in gaps])
    assert summary[PLAIN] == {"auc": 0.9, "difference": 0.0, "low": 0.0, "high": 0.0}
    assert summary["scorecard"]["difference"] == pytest.approx(gaps.mean(), abs=1e-4)
    independent = 2.06 * gaps.std(ddof=1) / 5
    assert summary["scorecard"]["high"] - summary["scorecard"]["difference"] > 2 * independent


def test_a_folder_without_firms_is_an_error(tmp_path: Path):
    with pytest.raises(SystemExit, match="--data"):
        program.main(["--data", str(tmp_path)])
