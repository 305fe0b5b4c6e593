"""Print and write the results: ``python -m benchmarks.polish --data DIR``. This takes some minutes."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sklearn

from benchmarks.polish.compare import FOLDS, compare, summarise
from models.risk.boosting import load_lightgbm

RESULT = Path(__file__).resolve().parents[1] / "results" / "polish.json"
SEEDS = (0, 1, 2, 3, 4)
FILE, OUTCOME = "5year.parquet", "class"


def main(arguments: list[str] | None = None) -> None:
    """Run five times five folds on the firms in ``--data``, and write the figures to benchmarks/results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.polish", description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help=f"folder with {FILE}: financial ratios, and {OUTCOME}, 1 = bankrupt"
    )
    options = parser.parse_args(arguments)
    file = options.data / FILE
    if not file.is_file():
        sys.exit(f"{FILE} is missing in {options.data}: give the folder of the firms with --data")
    firms = pd.read_parquet(file)
    folds = compare(firms.drop(columns=OUTCOME), firms[OUTCOME].to_numpy(dtype=float), SEEDS)
    summary = summarise(folds)
    print(HEAD, *(line(name, figures) for name, figures in summary.items()), sep="\n")
    facts = {
        "firms": len(firms), "bankrupt": int(firms[OUTCOME].sum()), "seeds": SEEDS, "folds": FOLDS, "versions": VERSIONS,
        "chosen": dict(sorted(Counter(fold["chosen"] for fold in folds).items())),
    }  # fmt: skip
    print(f"champions: {facts['chosen']}")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({**facts, "summary": summary, "by_fold": folds}, indent=1) + "\n", encoding="utf-8")


LIGHTGBM = load_lightgbm()
VERSIONS = {"numpy": np.__version__, "scikit-learn": sklearn.__version__, "lightgbm": LIGHTGBM.__version__ if LIGHTGBM else None}
HEAD = "| | ROC-AUC | against plain boosting | 95 % interval |\n|---|---:|---:|---|"


def line(name: str, figures: dict[str, Any]) -> str:
    """A table row for one candidate."""
    return f"| {name} | {figures['auc']:.4f} | {figures['difference']:+.4f} | {figures['low']:+.4f} to {figures['high']:+.4f} |"


if __name__ == "__main__":
    main()
