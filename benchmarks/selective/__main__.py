"""Print and write the results: ``python -m benchmarks.selective --out DIR``. A world takes some minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.each_world import RESULTS, simulated_worlds, world_options, write_result
from benchmarks.harness.worlds import LAST
from benchmarks.selective.compare import GROUPS, MAY_BE_LISTED, UNWEIGHTED, WEIGHTED, compare, is_calibrated
from jobs.engine.lake import Lake
from jobs.profile.load_profile import load_profile

RESULT = RESULTS / "selective.json"


def main(arguments: list[str] | None = None, *, result: Path = RESULT) -> None:
    """Generate worlds with seeds 1, 2, … and evaluate the probabilities of the last day of each."""
    options = world_options("python -m benchmarks.selective", __doc__, worlds=10).parse_args(arguments)
    profile, worlds = load_profile(options.profile), {}
    print(HEAD, flush=True)
    for world in simulated_worlds(options):
        worlds[world.seed] = compare(Lake(world.home), profile, world.folder, LAST)
        print(*(line(str(world.seed), name, worlds[world.seed]) for name in (WEIGHTED, UNWEIGHTED)), sep="\n", flush=True)
    facts = {"entities": options.entities, "months": options.months, "as_of": str(LAST)}
    summary = {name: summarise([one[name] for one in worlds.values()]) for name in (WEIGHTED, UNWEIGHTED)}
    write_result(result, facts, summary, worlds)


HEAD = (
    "| world | labels | champion | slope | found ÷ expected within capacity | of all | ROC-AUC | first two within 0.9 to 1.1 |\n"
    "|---|---|---|---:|---:|---:|---:|---|"
)


def line(world: str, name: str, figures: dict[str, Any]) -> str:
    """A table row for one model of a world."""
    one = figures[name][MAY_BE_LISTED]
    cells = [f"{one[key]:.3f}" for key in ("slope", "observed_to_expected", "observed_to_expected_of_all", "roc_auc")]
    return f"| {' | '.join([world, name, figures[name]['champion'], *cells, 'yes' if is_calibrated(one) else 'no'])} |"


def summarise(worlds: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean, minimum and maximum of each figure over worlds, and the number of worlds in the target range."""
    figures: dict[str, Any] = {}
    for who in GROUPS:
        every = {key: [world[who][key] for world in worlds] for key in worlds[0][who]}
        spans = {key: {"mean": round(float(np.mean(v)), 4), "least": min(v), "most": max(v)} for key, v in every.items()}
        figures[who] = {**spans, "right_in": sum(is_calibrated(world[who]) for world in worlds)}
    return figures


if __name__ == "__main__":
    main()
