"""Print and write the results: ``python -m benchmarks.anomaly --data DIR``. This takes some minutes."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import sklearn

from benchmarks.anomaly.compare import AUC, FOREST, FOREST_TREES, OURS, PRECISION, compare, gain, summarise
from benchmarks.anomaly.sets import MOST_ROWS, REPORTING, SETTINGS, halves, read_set

RESULT = Path(__file__).resolve().parents[1] / "results" / "anomaly.json"
SEEDS = (0, 1, 2, 3, 4)


def main(arguments: list[str] | None = None) -> None:
    """Measure the sets in ``--data``. Results are written to benchmarks/results, unless ``--half`` selects one half."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.anomaly", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of npz files with X and y")
    parser.add_argument("--half", choices=(SETTINGS, REPORTING), help="measure only this half and write nothing")
    options = parser.parse_args(arguments)
    chosen = [name for name, half in halves(options.data).items() if options.half in (None, half)]
    if not chosen:
        sys.exit(f"there are no npz files in {options.data}: give the folder of the sets with --data")
    measured = []
    print(HEAD, flush=True)
    for name in chosen:
        measured.append(compare(read_set(options.data, name), SEEDS))
        print(line(measured[-1]), flush=True)
    summary = {half: summarise([one for one in measured if one["half"] == half]) for half in (SETTINGS, REPORTING)}
    summary["all"] = summarise(measured)
    print("", *(f"{half}: {facts}" for half, facts in summary.items()), sep="\n")
    if options.half is None:
        RESULT.parent.mkdir(exist_ok=True)
        facts = {"seeds": SEEDS, "most_rows": MOST_ROWS, "forest_trees": FOREST_TREES, "versions": VERSIONS}
        RESULT.write_text(json.dumps({**facts, "summary": summary, "sets": measured}, indent=1) + "\n", encoding="utf-8")


VERSIONS = {"numpy": np.__version__, "scikit-learn": sklearn.__version__}
HEAD = (
    "| set | half | rows | columns | anomalies | ROC-AUC | forest's | gain | average precision | forest's | gain |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)


def line(one: dict[str, Any]) -> str:
    """A table row for one set."""
    cells = [one["set"], one["half"], f"{one['rows']:,}", str(one["columns"]), f"{one['anomalies']:,}"]
    for figure in (AUC, PRECISION):
        cells += [f"{np.mean(one[by][figure]):.4f}" for by in (OURS, FOREST)] + [f"{gain(one, figure):+.4f}"]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
