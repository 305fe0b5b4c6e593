"""Print and write the results: ``python -m benchmarks.planted --out DIR``. A world of 20,000 entities takes three minutes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from benchmarks.harness.worlds import LAST
from benchmarks.planted.bars import HEAD, line, summarise
from benchmarks.planted.each_world import RESULTS, read_options, simulated_worlds, write_result
from jobs.engine.lake import Lake
from jobs.profile.load_profile import load_profile
from jobs.run_day import run_day
from simulation.assessment.assess import assess_home

RESULT = RESULTS / "planted.json"


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


if __name__ == "__main__":
    main()
