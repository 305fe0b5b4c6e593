"""Print and write the results: ``python -m benchmarks.planted --out DIR``. A world of 20,000 entities takes three minutes.

Two requirements are checked on all worlds: enough violators are found, and no single indicator identifies them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.worlds import LAST
from benchmarks.planted.each_world import RESULTS, read_options, simulated_worlds, write_result
from jobs.engine.lake import Lake
from jobs.profile.load_profile import load_profile
from jobs.run_day import run_day
from simulation.assessment.assess import assess_home

RESULT = RESULTS / "planted.json"
MINIMUM_FOUND = 0.60
"""Required share of the violators not yet found in the top 5 % by score, as the mean over worlds."""
MAXIMUM_SINGLE_AUC = 0.85
"""Highest allowed ROC-AUC of a single indicator in any world; above it the task would be too easy."""
SHARES = ("model", "best_indicator_by_share", "random_drawn")
HEAD = "| seed | violators | model | best indicator | random draw | best indicator's ROC-AUC |\n|---|---:|---:|---:|---:|---:|"


def main(arguments: list[str] | None = None, *, result: Path = RESULT) -> None:
    """Generate worlds with seeds 1, 2, …, run the last day of each, and compare its scores with the truth."""
    options = read_options("python -m benchmarks.planted", __doc__, arguments, worlds=5)
    profile, worlds = load_profile(options.profile), {}
    print(HEAD, flush=True)
    for world in simulated_worlds(options):
        run_day(Lake(world.home), profile, world.folder / "sources", LAST)
        assessment = assess_home(
            home=world.home, truth_folder=world.folder / "truth", profile_name=options.profile, as_of=LAST, seed=world.seed
        )
        worlds[world.seed] = {key: value for key, value in asdict(assessment).items() if key != "indicators"}
        print(line(world.seed, worlds[world.seed]), flush=True)
    facts = {"entities": options.entities, "months": options.months, "as_of": str(LAST), "profile": options.profile}
    write_result(result, facts, summarise(list(worlds.values())), worlds)


def summarise(worlds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Means and ranges over worlds, and whether the two requirements hold.

    Args:
        worlds: at least one assessment (:class:`simulation.assessment.assess.Assessment`) as a dictionary.
    """
    shares = {name: [float(world[name]["share_in_top"]) for world in worlds] for name in SHARES}
    best = max(float(world["best_indicator_by_auc"]["roc_auc"]) for world in worlds)
    summary: dict[str, Any] = {
        name: {"mean": float(np.mean(values)), "least": min(values), "most": max(values)} for name, values in shares.items()
    }
    return summary | {
        "best_single_roc_auc": best,
        "enough_found": summary["model"]["mean"] >= MINIMUM_FOUND,
        "none_given_away": best <= MAXIMUM_SINGLE_AUC,
    }


def line(seed: int, world: Mapping[str, Any]) -> str:
    """A table row: shares of the violators in the top 5 %, and the ROC-AUC of the best single indicator."""
    shares = [f"{world[name]['share_in_top']:.1%}" for name in SHARES]
    cells = [str(seed), str(world["violators"]), *shares, f"{world['best_indicator_by_auc']['roc_auc']:.3f}"]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
