"""Print the table and write it down: ``python -m benchmarks.selective --out DIR``; some minutes a world."""

from __future__ import annotations

import argparse
import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.selective.compare import UNWEIGHTED, WEIGHTED, compare, is_right
from jobs.runtime.lake import Lake
from jobs.runtime.settings import load_profile
from simulation.generate import generate_world

RESULT = Path(__file__).resolve().parents[1] / "results" / "selective.json"
LAST = date(2026, 6, 30)


def main(words: list[str] | None = None) -> None:
    """Invent worlds of seeds 1, 2, … and judge the probabilities of each one's last day."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.selective", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="a folder for worlds and homes; each goes when it was judged")
    parser.add_argument("--worlds", type=int, default=10)
    parser.add_argument("--entities", type=int, default=20_000)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--profile", default="cn")
    asked = parser.parse_args(words)
    profile, found = load_profile(asked.profile), {}
    print(HEAD, flush=True)
    for seed in range(1, asked.worlds + 1):
        folder = asked.out / f"seed{seed}"
        shutil.rmtree(folder, ignore_errors=True)
        generate_world(entities=asked.entities, months=asked.months, seed=seed, out=folder / "world", as_of=LAST)
        found[seed] = compare(Lake(folder / "home"), profile, folder / "world", LAST)
        shutil.rmtree(folder)
        print(*(line(str(seed), name, found[seed]) for name in (WEIGHTED, UNWEIGHTED)), sep="\n", flush=True)
    summary = {name: summarise([one[name] for one in found.values()]) for name in (WEIGHTED, UNWEIGHTED)}
    print(json.dumps(summary, indent=1))
    RESULT.parent.mkdir(exist_ok=True)
    facts = {"entities": asked.entities, "months": asked.months, "as_of": str(LAST)}
    RESULT.write_text(json.dumps({**facts, "summary": summary, "worlds": found}, indent=1) + "\n", encoding="utf-8")


HEAD = (
    "| world | labels | champion | slope | observed ÷ expected within capacity | of all | ROC-AUC | first two within 0.9 to 1.1 |\n"
    "|---|---|---|---:|---:|---:|---:|---|"
)
WHO = "all"


def line(world: str, name: str, figures: dict[str, Any]) -> str:
    """A world's model as a row of the table."""
    one = figures[name][WHO]
    cells = [f"{one[key]:.3f}" for key in ("slope", "observed_to_expected", "observed_to_expected_of_all", "roc_auc")]
    return f"| {' | '.join([world, name, figures[name]['champion'], *cells, 'yes' if is_right(one) else 'no'])} |"


def summarise(worlds: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean of each figure over worlds, the least and the most, and in how many worlds both are right."""
    figures: dict[str, Any] = {}
    for who in (WHO, "not yet found"):
        every = {key: [world[who][key] for world in worlds] for key in worlds[0][who]}
        spans = {key: {"mean": round(float(np.mean(v)), 4), "least": min(v), "most": max(v)} for key, v in every.items()}
        figures[who] = {**spans, "right_in": sum(is_right(world[who]) for world in worlds)}
    return figures


if __name__ == "__main__":
    main()
