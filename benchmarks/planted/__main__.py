"""Print the table and write it down: ``python -m benchmarks.planted --out DIR``; three minutes a world of 20,000."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from benchmarks.harness.worlds import LAST
from benchmarks.planted.bars import HEAD, line, summarise
from benchmarks.planted.each_world import RESULTS, each_world, read_words, write_down
from jobs.engine.lake import Lake
from jobs.profile.load_profile import load_profile
from jobs.run_day import run_day
from simulation.assessment.assess import assess_home

RESULT = RESULTS / "planted.json"


def main(words: list[str] | None = None, *, result: Path = RESULT) -> None:
    """Invent worlds of seeds 1, 2, …, run each one's last day, and hold its scores against the truth."""
    asked = read_words("python -m benchmarks.planted", __doc__, words, worlds=5)
    profile, worlds = load_profile(asked.profile), {}
    print(HEAD, flush=True)
    for world in each_world(asked):
        run_day(Lake(world.home), profile, world.folder / "sources", LAST)
        found = assess_home(
            home=world.home, truth_folder=world.folder / "truth", profile_name=asked.profile, as_of=LAST, seed=world.seed
        )
        worlds[world.seed] = {key: value for key, value in asdict(found).items() if key != "indicators"}
        print(line(world.seed, worlds[world.seed]), flush=True)
    facts = {"entities": asked.entities, "months": asked.months, "as_of": str(LAST), "profile": asked.profile}
    write_down(result, facts, summarise(list(worlds.values())), worlds)


if __name__ == "__main__":
    main()
