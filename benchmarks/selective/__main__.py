"""Print the table and write it down: ``python -m benchmarks.selective --out DIR``; some minutes a world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.worlds import LAST
from benchmarks.planted.each_world import RESULTS, each_world, read_words, write_down
from benchmarks.selective.compare import MAY_BE_LISTED, UNWEIGHTED, WEIGHTED, WHO, compare, is_right
from jobs.engine.lake import Lake
from jobs.profile.load_profile import load_profile

RESULT = RESULTS / "selective.json"


def main(words: list[str] | None = None, *, result: Path = RESULT) -> None:
    """Invent worlds of seeds 1, 2, … and judge the probabilities of each one's last day."""
    asked = read_words("python -m benchmarks.selective", __doc__, words, worlds=10)
    profile, found = load_profile(asked.profile), {}
    print(HEAD, flush=True)
    for world in each_world(asked):
        found[world.seed] = compare(Lake(world.home), profile, world.folder, LAST)
        print(*(line(str(world.seed), name, found[world.seed]) for name in (WEIGHTED, UNWEIGHTED)), sep="\n", flush=True)
    facts = {"entities": asked.entities, "months": asked.months, "as_of": str(LAST)}
    summary = {name: summarise([one[name] for one in found.values()]) for name in (WEIGHTED, UNWEIGHTED)}
    write_down(result, facts, summary, found)


HEAD = (
    "| world | labels | champion | slope | observed ÷ expected within capacity | of all | ROC-AUC | first two within 0.9 to 1.1 |\n"
    "|---|---|---|---:|---:|---:|---:|---|"
)


def line(world: str, name: str, figures: dict[str, Any]) -> str:
    """A world's model as a row of the table."""
    one = figures[name][MAY_BE_LISTED]
    cells = [f"{one[key]:.3f}" for key in ("slope", "observed_to_expected", "observed_to_expected_of_all", "roc_auc")]
    return f"| {' | '.join([world, name, figures[name]['champion'], *cells, 'yes' if is_right(one) else 'no'])} |"


def summarise(worlds: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean of each figure over worlds, the least and the most, and in how many worlds both are right."""
    figures: dict[str, Any] = {}
    for who in WHO:
        every = {key: [world[who][key] for world in worlds] for key in worlds[0][who]}
        spans = {key: {"mean": round(float(np.mean(v)), 4), "least": min(v), "most": max(v)} for key, v in every.items()}
        figures[who] = {**spans, "right_in": sum(is_right(world[who]) for world in worlds)}
    return figures


if __name__ == "__main__":
    main()
