"""The measurement on bankruptcies: what is added up, and that the decision tells what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.polish import __main__ as program
from benchmarks.polish.compare import CHAMPION, PLAIN, compare, summarise
from models.candidates import CANDIDATES

ROOT = Path(__file__).parents[2]


def firms(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    ratios = pd.DataFrame(random.normal(size=(rows, 3)), columns=["a", "b", "c"])
    return ratios.assign(**{program.OUTCOME: (random.random(rows) < 1 / (1 + np.exp(2 - 2 * ratios["a"]))).astype(int)})


def test_everybody_is_judged_on_every_fold():
    table = firms(400, seed=1)
    (fold, *others) = compare(table.drop(columns="class"), table["class"].to_numpy(dtype=float), seeds=(0,))
    assert len(others) == 4
    assert set(fold["aucs"]) == {PLAIN, CHAMPION, *CANDIDATES}
    assert fold["aucs"][CHAMPION] == fold["aucs"][fold["chosen"]]
    assert min(fold["aucs"].values()) > 0.7


def test_difference_is_the_mean_over_folds_and_its_interval_wider_than_of_independent_ones():
    random = np.random.default_rng(2)
    gaps = random.normal(0.01, 0.004, 25)
    summary = summarise([{"aucs": {PLAIN: 0.9, "scorecard": 0.9 + gap}} for gap in gaps])
    assert summary[PLAIN] == {"auc": 0.9, "difference": 0.0, "low": 0.0, "high": 0.0}
    assert summary["scorecard"]["difference"] == pytest.approx(gaps.mean(), abs=1e-4)
    independent = 2.06 * gaps.std(ddof=1) / 5
    assert summary["scorecard"]["high"] - summary["scorecard"]["difference"] > 2 * independent


def test_a_folder_without_firms_is_explained(tmp_path: Path):
    with pytest.raises(SystemExit, match="--data"):
        program.main(["--data", str(tmp_path)])


def test_the_decision_tells_the_figures_that_were_measured():
    facts = json.loads((ROOT / "benchmarks" / "results" / "polish.json").read_text(encoding="utf-8"))
    (decision,) = (ROOT / "docs" / "adr").glob("0016-*.md")
    table = decision.read_text(encoding="utf-8")
    missing = [name for name, figures in facts["summary"].items() if program.line(name, figures) not in table]
    assert missing == [], "run `python -m benchmarks.polish` and put its table into the decision"
